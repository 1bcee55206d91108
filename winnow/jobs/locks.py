"""Locks that the system takes back from a process however it dies (flock: Linux and macOS)."""

import fcntl
import os
from pathlib import Path


class Lock:
    """A held lock; it stays held while any process has its descriptor, so a child can be given it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "Lock | None":
        """The lock on this file, or None while another process holds it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    @classmethod
    def inherited(cls, descriptor: int) -> "Lock":
        """The lock that the parent process took and handed down; programs started from here do not get it."""
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def release(self) -> None:
        os.close(self.descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock; a shared try, so that two who look do not see each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
