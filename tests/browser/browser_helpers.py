"""A real server on a pool that can be learnt, and a page that is looked at and pressed as a person would."""

import csv
import io
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
READY_S = 240.0
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def draw_pool(folder: Path, n: int = 40, *, broken: tuple[int, ...] = ()) -> Path:
    """n tiles with a number on each, every fourth red (positive); every second is a crop with a claimed class.

    The files of `broken` are cut off, as a failed download leaves them. Answers the refs.
    """
    rng = np.random.default_rng(0)
    lines, features = ["path,x1,y1,x2,y2,class,score"], []
    (folder / "tiles").mkdir()
    for i in range(n):
        colour = (190, 60, 50) if i % 4 == 0 else (50, 70, 180)
        tile = np.clip(np.array(colour) + rng.normal(0, 20, (90, 120, 3)), 0, 255).astype(np.uint8)
        image = Image.fromarray(tile)
        ImageDraw.Draw(image).text((8, 8), str(i), fill="white")
        path = folder / "tiles" / f"{i:03d}.png"
        image.save(path)
        if i in broken:
            path.write_bytes(path.read_bytes()[:200])
        lines.append(f"tiles/{i:03d}.png," + ("30,20,80,70,car,0.83" if i % 2 else ",,,,,"))
        features.append(np.concatenate([tile.mean((0, 1)) / 255, rng.normal(0, 0.05, 5)]))
    (folder / "refs.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "features.npy", np.array(features, dtype=np.float32))
    return folder / "refs.csv"


def is_red(index: int) -> int:
    return int(index % 4 == 0)


def wait_until(holds: Callable[[], Any], what: str, timeout_s: float = 60.0) -> Any:
    """Poll until `holds()` answers something true, and answer that."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if result := holds():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout_s} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Forked:
    """A server that the nursery forked; as subprocess.Popen has it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives. Its parent, the nursery, has it reaped at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 1
        return None

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, timeout: float = 60.0) -> None:
        wait_until(lambda: self.poll() is not None, f"process {self.pid} has ended", timeout)


@cache
def nursery() -> subprocess.Popen[str]:
    """The process that servers are forked from: it ends with this one."""
    command = [sys.executable, str(Path(__file__).with_name("server_nursery.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def fork_server(wanted: dict[str, Any]) -> Forked:
    told, answered = nursery().stdin, nursery().stdout
    assert told is not None
    assert answered is not None
    print(json.dumps(wanted), file=told, flush=True)
    return Forked(int(answered.readline()))


class Server:
    """`uvicorn app:app` as a process of its own, on one port for its whole life and for the ones after it."""

    def __init__(self, refs: Path, **settings: str) -> None:
        self.folder = refs.parent
        self.url = f"http://127.0.0.1:{free_port()}"
        self._environment = {**os.environ, "WINNOW_REFS": str(refs), "WINNOW_ANNOTATOR": "ana", **settings}
        self._log = self.folder / "server.log"

    def start(self, *, is_ready: bool = True) -> "Server":
        port = int(self.url.rsplit(":", 1)[1])
        self._process = fork_server({"port": port, "environment": self._environment, "log": str(self._log)})
        if is_ready:
            wait_until(lambda: self._is_ready(), "the server is ready; it printed " + self.printed(), READY_S)
        return self

    def printed(self) -> str:
        return self._log.read_text()[-4000:] if self._log.exists() else "nothing"

    def kill(self) -> None:
        """The power goes."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def answers(self) -> bool:
        """Whether it is there, with a pool or without."""
        try:
            return bool(self.get("/healthz"))
        except OSError:
            return False

    def judge(self, item_id: str, label: int | None, key: str) -> None:
        self.send("POST", "/api/verdicts", {"item_id": item_id, "label": label, "key": key})

    def learn(self, n: int) -> None:
        """Judge the first n of the queue by their true colour and wait for the head."""
        for i, item in enumerate(self.get(f"/api/queue?n={n}")["items"]):
            self.judge(item["id"], is_red(item["index"]), f"learn-{i}")
        wait_until(lambda: self.get("/api/queue?n=1")["model"]["state"] == "ready", "the head is ready")

    def progress(self) -> dict[str, int]:
        return self.get("/api/queue?n=1")["progress"]

    def labels(self) -> dict[str, int | None]:
        """The current label of every judged item, by item id; null = skip."""
        return {row["item"]["id"]: row["verdict"]["label"] for row in self.get("/api/review?limit=500")["rows"]}

    def exported(self) -> dict[str, int]:
        with urllib.request.urlopen(self.url + "/export/annotations.csv", timeout=10) as answer:
            rows = csv.DictReader(io.StringIO(answer.read().decode()))
            return {row["id"]: int(row["label"]) for row in rows}

    def events(self) -> list[str]:
        """The kinds of all events in the log, oldest first, read from the file itself."""
        with sqlite3.connect(f"file:{self.folder / 'winnow.db'}?mode=ro", uri=True) as database:
            return [kind for (kind,) in database.execute("select kind from verdicts order by seq")]

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"The server ended:\n{self.printed()}")
        try:
            return bool(self.get("/healthz")["ready"])
        except (OSError, urllib.error.URLError):
            return False


def find_chromium() -> str | None:
    """A Chromium on PATH; None means Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Person:
    """Looks at a page and presses its keys."""

    def __init__(self, page: Any, server: Server) -> None:
        self.page, self.server = page, server
        self.frame = page.locator("#frame")

    def open(self, path: str = "/") -> "Person":
        self.page.goto(self.server.url + path)
        return self

    def open_label_page(self) -> "Person":
        self.open("/")
        wait_until(self.item, "an item is on screen")
        return self

    def item(self) -> str:
        """The id of the item on screen, empty when there is none."""
        return self.frame.get_attribute("data-item") or ""

    def press(self, key: str) -> str:
        """Press a key once an item is on screen; answers that item's id."""
        shown = wait_until(self.item, "an item is on screen")
        self.page.keyboard.press(key)
        return str(shown)

    def wait_for_images(self, n: int = 6) -> None:
        """Until the page has fetched that many images ahead, so that it can go on without the server."""
        fetched = "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/media/')).length"
        wait_until(lambda: self.page.evaluate(fetched) >= n, f"{n} images are fetched")

    def swipe(self, dx: int, dy: int) -> None:
        """With one finger, from the middle of the frame."""
        box = self.frame.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch = self.page.context.new_cdp_session(self.page)
        for kind, share in [("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0), ("touchEnd", None)]:
            points = [] if share is None else [{"x": x + share * dx, "y": y + share * dy}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def watch_presses(self) -> None:
        """From now on, note for each key what was on screen when it went down."""
        self.page.evaluate(
            """() => {
              const seen = [];
              const frame = document.getElementById("frame");
              addEventListener("keydown", (event) => seen.push([event.key, frame.dataset.item]), { capture: true });
              addEventListener("read-presses", () => (document.body.dataset.presses = JSON.stringify(seen)));
            }"""
        )

    def presses(self) -> list[tuple[str, str]]:
        self.page.evaluate("dispatchEvent(new Event('read-presses'))")
        return [tuple(pair) for pair in json.loads(self.page.locator("body").get_attribute("data-presses"))]
