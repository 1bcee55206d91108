"""Files that are whole or not there."""

import os
from pathlib import Path

from winnow.errors import WinnowError


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file, then rename over it; raises WinnowError, with the old file untouched."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise WinnowError(f"{path} cannot be written: {error}. Check the folder and the disk's space.") from error
