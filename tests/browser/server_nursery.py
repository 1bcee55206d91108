"""Forks servers that have all of the app imported: hundreds of tests need one each, and importing takes seconds.

Reads a line of JSON for each server, {"port", "environment", "log"}, and answers its process id.
"""

import json
import os
import signal
import sys
from typing import Any

import uvicorn

import winnow.web.app  # noqa: F401  what takes the time


def serve(wanted: dict[str, Any]) -> None:
    """What `uvicorn app:app` does, in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    uvicorn.run("app:app", port=wanted["port"])


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            serve(json.loads(line))
            sys.exit()
        print(pid, flush=True)
