"""Whatever a client sends, within the schema or not, the server answers without a fault of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from small_pool import BENCHMARKS, draw_pool

sys.path.insert(0, str(BENCHMARKS))
from crash import Server


@pytest.mark.slow
def test_no_request_makes_the_server_fail(tmp_path: Path) -> None:
    draw_pool(tmp_path, n=200)
    server = Server(tmp_path)
    server.start()
    try:
        server.insist("GET", "/api/queue?n=1")
        command = ["schemathesis.cli", "run", f"http://127.0.0.1:{server.port}/openapi.json"]
        options = ["--checks=not_a_server_error", "--max-examples=40", "--generation-deterministic", "--workers=2"]
        options.append("--request-timeout=60")  # the first mask waits for its segmenter to be loaded
        done = subprocess.run([sys.executable, "-m", *command, *options], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
        assert server.insist("GET", "/healthz") == (200, {"status": "ok", "ready": True})
    finally:
        server.kill()
