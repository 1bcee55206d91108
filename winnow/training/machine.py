"""How much memory is free on this machine, without loading torch for it."""

import shutil
import subprocess

from winnow.training.suggestions import Machine

TIMEOUT_S = 5.0


def look_at_machine() -> Machine:
    """The memory that a training could take now."""
    import psutil

    return Machine(int(psutil.virtual_memory().available), _gpu_free())


def _gpu_free() -> int | None:
    """Bytes free on the first CUDA GPU; None where the driver's tool finds none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    first = answer.split("\n")[0].strip()
    return int(first) * 2**20 if first.isdecimal() else None
