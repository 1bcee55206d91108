"""Servers under test: started on a pool, watched, called, and stopped."""

import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Served:
    """A running server, when it first answered health and first answered its queue, in seconds after its start."""

    process: subprocess.Popen[bytes]
    url: str
    health_s: float
    queue_s: float

    def memory_mb(self) -> tuple[float, float]:
        """Resident memory in all, and without the pages of the feature matrix, in MB (10^6 bytes)."""
        smaps = Path(f"/proc/{self.process.pid}/smaps").read_text()
        total = matrix = 0
        is_matrix = False
        for line in smaps.splitlines():
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                is_matrix = line.endswith("features.npy")
            elif line.startswith("Rss:"):
                kilobytes = int(line.split()[1])
                total += kilobytes
                matrix += kilobytes * is_matrix
        return total * 1024 / 1e6, (total - matrix) * 1024 / 1e6

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def serve_winnow(folder: Path, *, refs: str = "refs.txt") -> Served:
    env = {**os.environ, "WINNOW_REFS": str(folder / refs), "WINNOW_STRATEGY": "max_probability"}
    env["WINNOW_ANNOTATOR"] = "ana"
    return _serve([sys.executable, "-m", "uvicorn", "app:app"], ROOT, env, "/healthz", "/api/queue?n=1")


def serve_peer(folder: Path, checkout: Path, python: str) -> Served:
    """The single-file tool of 2025, run on the same pool; it reads its files from the working directory."""
    here = folder / "instance_references_EXAMPLE.txt"
    here.unlink(missing_ok=True)
    here.symlink_to("refs.txt")
    (folder / "annotations.csv").unlink(missing_ok=True)
    return _serve([python, "-m", "uvicorn", "--app-dir", str(checkout), "app:app"], folder, dict(os.environ), "/", "/")


def _serve(command: list[str], folder: Path, env: dict[str, str], health: str, queue: str) -> Served:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "--port", str(port), "--log-level", "warning"], cwd=folder, env=env, **quiet)
    url = f"http://127.0.0.1:{port}"
    health_s = _wait_for(process, url + health, started)
    return Served(process, url, health_s, _wait_for(process, url + queue, started))


def _wait_for(process: subprocess.Popen[bytes], url: str, started: float, timeout_s: float = 90) -> float:
    while time.perf_counter() - started < timeout_s:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode} before {url} answered")
        try:
            if httpx2.get(url, timeout=60).status_code == 200:
                return time.perf_counter() - started
        except httpx2.TransportError:
            pass
        time.sleep(0.005)
    raise TimeoutError(f"{url} did not answer within {timeout_s} s")
