"""A small pool that can be learnt: red tiles are positive, blue ones negative; its app with everything real."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from winnow.settings import Settings
from winnow.web.app import create_app

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SHARED = Path(os.environ.get("WINNOW_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"real data is not at {SHARED} (set WINNOW_SHARED)")
    return SHARED


def draw_pool(folder: Path, n: int = 40) -> Path:
    """n tiles, every fourth red, with mean colours as features; every second one judged by a box. Answers the refs."""
    rng = np.random.default_rng(0)
    lines, features = [], []
    for i in range(n):
        colour = (200, 40, 40) if i % 4 == 0 else (40, 40, 200)
        tile = np.clip(np.array(colour) + rng.normal(0, 30, (32, 48, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(tile).save(folder / f"{i}.png")
        lines.append(f"{i}.png" if i % 2 else f"{i}.png 4 6 40 28")
        features.append(np.concatenate([tile.mean((0, 1)) / 255, rng.normal(0, 0.1, 5)]))
    (folder / "refs.txt").write_text("\n".join(lines) + "\n")
    np.save(folder / "features.npy", np.array(features, dtype=np.float32))
    return folder / "refs.txt"


def is_red(index: int) -> int:
    return int(index % 4 == 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_pool(tmp_path), annotator="ana")


class Client(TestClient):
    """A browser's stand-in with the calls that tests make most."""

    def queue(self, n: int = 8) -> dict[str, Any]:
        return self.get("/api/queue", params={"n": n}).json()

    def judge(self, item_id: str, label: int | None, **more: Any) -> dict[str, Any]:
        body = {"item_id": item_id, "label": label, "key": str(uuid.uuid4()), **more}
        response = self.post("/api/verdicts", json=body)
        assert response.status_code in (200, 201), response.text
        return response.json()

    def undo(self) -> dict[str, Any]:
        response = self.post("/api/undo", json={})
        assert response.status_code == 200, response.text
        return response.json()

    def wait_until(self, holds: Any, timeout_s: float = 20.0) -> Any:
        """Poll until `holds(self)` answers something true, and answer that."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if result := holds(self):
                return result
        raise AssertionError(f"not within {timeout_s} s; the queue is now {self.get('/api/queue').text[:500]}")

    def learn(self, n: int) -> None:
        """Judge the first n of the queue by their true colour, one by one, and wait for the head."""
        for _ in range(n):
            item = self.queue(1)["items"][0]
            self.judge(item["id"], is_red(item["index"]))
        self.wait_until(lambda client: client.queue(1)["model"]["state"] not in ("fitting",))


@pytest.fixture
def open_client() -> Iterator[Any]:
    """Opens clients on settings, waits until they are ready, closes them at the end."""
    opened: list[Client] = []

    def open_(settings: Settings, *, is_ready: bool = True) -> Client:
        client = Client(create_app(settings), base_url="http://localhost")
        client.__enter__()
        opened.append(client)
        if is_ready:
            client.wait_until(lambda client: client.get("/healthz").json()["ready"])
        return client

    yield open_
    for client in reversed(opened):
        client.__exit__(None, None, None)


@pytest.fixture
def client(settings: Settings, open_client: Any) -> Client:
    return open_client(settings)
