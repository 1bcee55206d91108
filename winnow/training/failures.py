"""Whatever goes wrong in a training, told with its cause."""

from collections.abc import Iterator
from contextlib import contextmanager

from winnow.errors import TrainingError, WinnowError
from winnow.jobs.reporter import Stopped

_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


@contextmanager
def told(batch: int, imgsz: int) -> Iterator[None]:
    """Turns every error of torch, ultralytics and the disk into a TrainingError; ours and Stopped pass through."""
    try:
        yield
    except (WinnowError, Stopped):
        raise
    except Exception as error:  # ultralytics raises anything, and its cause is what people need
        raise TrainingError(_cause(error, batch, imgsz)) from error


def _cause(error: Exception, batch: int, imgsz: int) -> str:
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _OUT_OF_MEMORY):
        smaller = f"--batch {batch // 2}" if batch > 1 else f"--imgsz {max(32, imgsz // 64 * 32)}"
        return f"Memory ran out at batch {batch}, image size {imgsz}. Try {smaller}. ({said})"
    if isinstance(error, OSError):
        return f"A file could not be read or written: {error}. Check the disk's space and the folder's permissions."
    return f"The training broke off: {type(error).__name__}: {said}"
