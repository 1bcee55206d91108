"""Nothing lost: label over HTTP as fast as it goes while the server is killed with SIGKILL again and again.

    python benchmarks/crash.py --kills 200

The client does what the page does: one press at a time, each with its own key, sent again until it is answered. In the
end every acknowledged press must be in the log once, in order, and taking everything back must walk the same way.
Exit status 1 when anything is missing, doubled or out of order.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
READY_TIMEOUT_S = 60


@dataclass
class Server:
    """`uvicorn app:app` on a pool in `folder`, started and killed at will."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        names = {"REFS": "refs.txt", "FEATURES": "features.npy"}
        env = {**os.environ, **{f"WINNOW_{name}": str(self.folder / file) for name, file in names.items()}}
        env["WINNOW_DATABASE"] = f"sqlite:///{self.folder}/winnow.db"
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(self.port), "--log-level", "warning"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def insist(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Call again until there is an answer that is not "try later"."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                status, answer = self.call(method, path, body)
            except (OSError, ValueError, http.client.HTTPException):  # refused, reset or broken off
                time.sleep(0.01)
                continue
            if status < 500:
                return status, answer
        raise TimeoutError(f"{method} {path} was not answered within {READY_TIMEOUT_S} s")


@dataclass
class Presses:
    """What the labelling thread did: acknowledged presses in order, and the verdicts that should stand."""

    acknowledged: list[str] = field(default_factory=list)
    live: list[tuple[str, int | None]] = field(default_factory=list)
    is_done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


def make_pool(folder: Path, n: int) -> None:
    rng = np.random.default_rng(0)
    (folder / "refs.txt").write_text("".join(f"{i}.png\n" for i in range(n)))
    np.save(folder / "features.npy", rng.standard_normal((n, 16)).astype(np.float32))


def press_keys(server: Server, presses: Presses, rng: random.Random) -> None:
    try:
        while not presses.is_done.is_set():
            press_one(server, presses, rng)
    except Exception as error:  # told to the main thread, which stops the run
        presses.error = error
        presses.is_done.set()


def press_one(server: Server, presses: Presses, rng: random.Random) -> None:
    key = str(uuid.uuid4())
    if presses.live and rng.random() < 0.15:
        status, answer = server.insist("POST", "/api/undo", {"key": key})
        item_id, label = presses.live.pop()
        assert (status, answer["verdict"]["item_id"], answer["verdict"]["label"]) == (200, item_id, label), answer
    else:
        _, queue = server.insist("GET", "/api/queue?n=4")
        item_id, label = rng.choice(queue["items"])["id"], rng.choice([0, 0, 1, None])
        status, answer = server.insist("POST", "/api/verdicts", {"item_id": item_id, "label": label, "key": key})
        assert status in (200, 201), answer
        presses.live.append((item_id, label))
    presses.acknowledged.append(key)


def faults(folder: Path, server: Server, presses: Presses) -> list[str]:
    """Everything that is not as it was acknowledged."""
    with sqlite3.connect(f"file:{folder}/winnow.db?mode=ro", uri=True) as connection:
        logged = [key for (key,) in connection.execute("SELECT key FROM verdicts ORDER BY seq")]
    found = []
    if logged != presses.acknowledged:
        lost, extra = set(presses.acknowledged) - set(logged), set(logged) - set(presses.acknowledged)
        found.append(f"log and acknowledgements differ: {len(lost)} lost, {len(extra)} extra, or another order")
    for item_id, label in reversed(presses.live):
        status, answer = server.insist("POST", "/api/undo", {"key": str(uuid.uuid4())})
        if (status, answer["verdict"]["item_id"], answer["verdict"]["label"]) != (200, item_id, label):
            found.append(f"undo answered {answer['verdict']}, not item {item_id} with label {label}")
            break
    if not found and server.insist("POST", "/api/undo", {"key": "last"})[0] != 409:
        found.append("there was more to take back than was acknowledged")
    return found


def run(kills: int, *, seed: int = 0, folder: Path, n_items: int = 20_000) -> tuple[int, list[str]]:
    """Kill the server `kills` times; answers the presses acknowledged and the faults found."""
    rng = random.Random(seed)
    make_pool(folder, n_items)
    server, presses = Server(folder), Presses()
    server.start()
    worker = threading.Thread(target=press_keys, args=(server, presses, random.Random(seed + 1)))
    worker.start()
    for number in range(kills):
        server.insist("GET", "/api/queue?n=1")
        presses.is_done.wait(rng.uniform(0, 0.6))
        server.kill()
        server.start()
        if (number + 1) % 20 == 0:
            print(f"{number + 1} kills, {len(presses.acknowledged)} presses acknowledged", flush=True)
    server.insist("GET", "/api/queue?n=1")
    presses.is_done.set()
    worker.join()
    try:
        if presses.error is not None:
            raise presses.error
        return len(presses.acknowledged), faults(folder, server, presses)
    finally:
        server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        acknowledged, found = run(options.kills, seed=options.seed, folder=Path(folder))
    print(f"{options.kills} kills, {acknowledged} presses acknowledged, {len(found)} faults", *found, sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
