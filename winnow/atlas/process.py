"""The server's side of the program that makes an atlas."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

_PROJECT_ROOT = Path(__file__).parents[2]
_TAIL = 2000  # bytes of what a process said last
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # keys and images come first


class BuildProcess:
    """Runs the program once; `on_message` is called by a thread of its own, the last time with how it ended.

    That is {"ended": None} for a good end, or {"ended": text for people}; nothing comes after `close`.
    """

    def __init__(self, folder: Path, matrix: Path, on_message: Callable[[dict[str, Any]], None]) -> None:
        self._on_message = on_message
        self._is_closed = False
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = self._start(folder, matrix)
        self._thread = threading.Thread(target=self._listen, name="atlas", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """End the process; what it had finished is kept."""
        self._is_closed = True
        self._process.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _start(self, folder: Path, matrix: Path) -> "subprocess.Popen[str]":
        paths = os.pathsep.join(filter(None, [str(_PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": paths}
        return subprocess.Popen(
            [sys.executable, "-m", "winnow.atlas.build", str(folder), str(matrix)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the server, which closes this one
        )

    def _listen(self) -> None:
        assert self._process.stdout
        assert self._process.stdin
        for line in self._process.stdout:
            if line.endswith("\n") and not self._is_closed:
                self._on_message(json.loads(line))
        code = self._process.wait()
        ended = self._how_it_ended(code) if code else None
        self._process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._said.close()
        if not self._is_closed:
            self._on_message({"ended": ended})

    def _how_it_ended(self, code: int) -> str:
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        hint = " (the system ends the largest process first when memory runs out)" if code == -signal.SIGKILL else ""
        return f"The process that maps the pool {how}{hint}. {self._last_words()}".rstrip()

    def _last_words(self) -> str:
        self._said.seek(max(self._said.seek(0, os.SEEK_END) - _TAIL, 0))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""
