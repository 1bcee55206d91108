"""How a process that died without a word is told of, for people."""

import shutil
import signal
import time
from pathlib import Path
from typing import Any

_FULL_BELOW_BYTES = 1_000_000
OUT_OF_MEMORY = "Choose a smaller batch or a smaller image size, or close other programs."


def ending(exit_code: int | None, log_tail: str, folder: Path, *, was_told_to_stop: bool) -> dict[str, Any]:
    """The last state of a job whose process has gone: what the exit code (None: unknown) and its log say."""
    state: dict[str, Any] = {"ended_at": time.time(), "text": ""}
    if was_told_to_stop and exit_code != 0:
        return state | {"state": "stopped", "error": None}
    if exit_code == 0:
        return state | {"state": "completed", "error": None}
    said = f" Its last words: {log_tail}" if log_tail else ""
    return state | {"state": "failed", "error": _cause(exit_code, folder) + said}


def _cause(exit_code: int | None, folder: Path) -> str:
    if shutil.disk_usage(folder).free < _FULL_BELOW_BYTES:
        return f"The disk of {folder} is full. Make room, then start it again."
    if exit_code is None:
        return (
            "The process ended without a word while no server watched it: it was killed, or the machine was switched "
            f"off. If it was out of memory: {OUT_OF_MEMORY[0].lower()}{OUT_OF_MEMORY[1:]}"
        )
    if exit_code == -signal.SIGKILL:
        return f"The process was killed (signal 9), most likely because memory ran out. {OUT_OF_MEMORY}"
    if exit_code < 0:
        return f"The process was ended by signal {-exit_code} ({signal.Signals(-exit_code).name})."
    return f"The command ended with exit code {exit_code}."
