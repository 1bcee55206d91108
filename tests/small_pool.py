"""A small pool that can be learnt, and a client with the calls that tests make most."""

import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


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

    def wait_until(self, holds: Any, timeout_s: float = 60.0) -> Any:
        """Poll until `holds(self)` answers something true, and answer that."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if result := holds(self):
                return result
            time.sleep(0.01)  # what is waited for may be of the lowest priority
        raise AssertionError(f"not within {timeout_s} s; the queue is now {self.get('/api/queue').text[:500]}")

    def ended_job(self, number: int) -> dict[str, Any]:
        """A job as it is once its process has ended; a process of its own may take its time to start."""
        return self.wait_until(
            lambda client: (job := client.get(f"/api/jobs/{number}").json())["ended_at"] and job, timeout_s=180
        )

    def items_of(self, path: str) -> list[dict[str, Any]]:
        """The open items of one image, in refs order."""
        items = [item for item in self.queue(100)["items"] if item["path"] == path]
        return sorted(items, key=lambda item: item["index"])

    def learn(self, n: int) -> None:
        """Judge the first n of the queue by their true colour, one by one, and wait for the head."""
        for _ in range(n):
            item = self.queue(1)["items"][0]
            self.judge(item["id"], is_red(item["index"]))
        self.wait_until(lambda client: client.queue(1)["model"]["state"] not in ("fitting",))
