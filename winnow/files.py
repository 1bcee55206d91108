"""Files that are whole or not there, also after a power cut."""

import os
from pathlib import Path

from winnow.errors import WinnowError


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file and to the disk, then rename over it; raises WinnowError, with the old file untouched."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(content)
        sync(unfinished)  # else a power cut may leave the new name with nothing in it
        os.replace(unfinished, path)
        sync(path.parent)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise WinnowError(f"{path} cannot be written: {error}. Check the folder and the disk's space.") from error


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk; raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
