"""The server's side of the process that holds an encoder: started when first asked, and again after a crash."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from winnow.errors import EncoderError, WinnowError

_PROJECT_ROOT = Path(__file__).parents[2]
_PROGRAM = (sys.executable, "-m", "winnow.corrections.encoding")
_TAIL = 2000  # bytes of what a process said last


class EncoderCrashed(WinnowError):
    """The process ended before it answered; asking again starts another one."""

    code = "encoder_crashed"


class EncoderProcess:
    """Answers one caller at a time; `close` may come from another thread and ends a request that is under way."""

    def __init__(self, program: Sequence[str] = _PROGRAM) -> None:
        self._program = list(program)
        self._asking, self._starting = threading.Lock(), threading.Lock()
        self._is_closed = False
        self._process: subprocess.Popen[str] | None = None
        self._said: IO[bytes] | None = None

    def compute(self, refs: Path, out: Path, like: Path) -> dict[str, Any]:
        """Brings the matrix `out` of `refs` up to date, made as the matrix `like`; what `encoding.answer` answers.

        Raises EncoderError with the reason where that cannot be, EncoderCrashed where the process ended.
        """
        request = {"refs": str(refs), "out": str(out), "like": str(like)}
        with self._asking:
            answer = self._ask(self._started(), json.dumps(request))
        if "problem" in answer:
            raise EncoderError(answer["problem"])
        return answer

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def close(self) -> None:
        with self._starting:
            self._is_closed = True
            if self._process:
                self._process.kill()  # what it was computing is gone on with at the next start
        with self._asking:
            self._let_go()

    def _ask(self, process: "subprocess.Popen[str]", request: str) -> dict[str, Any]:
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line.endswith("\n"):
            raise EncoderCrashed(self._how_it_ended(process))
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> "subprocess.Popen[str]":
        with self._starting:
            if self._is_closed:
                raise EncoderCrashed("The server is being closed.")
            if self._process is None or self._process.poll() is not None:
                self._let_go()
                self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
                self._process = self._start(self._said)
            return self._process

    def _let_go(self) -> None:
        """Close the files of a process that has ended, or is about to."""
        if self._process is None:
            return
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._said):
            with contextlib.suppress(BrokenPipeError):  # a request that it did not read
                if file:
                    file.close()
        self._process = None

    def _start(self, said: IO[bytes]) -> "subprocess.Popen[str]":
        paths = os.pathsep.join(filter(None, [str(_PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
        # One thread: keys and images come before features.
        environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": paths}
        return subprocess.Popen(
            self._program,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the server, which closes this one
        )

    def _how_it_ended(self, process: "subprocess.Popen[str]") -> str:
        code = process.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        hint = " (the system ends the largest process first when memory runs out)" if code == -signal.SIGKILL else ""
        return f"The process that computes features {how}{hint}. {self._last_words()}".rstrip()

    def _last_words(self) -> str:
        assert self._said
        self._said.seek(max(self._said.seek(0, os.SEEK_END) - _TAIL, 0))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""
