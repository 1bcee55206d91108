"""Threads that give way: key presses and images come before learning."""

import os
import sys
import threading

NICENESS = 10  # about a tenth of the share of a thread that answers a key


def give_way() -> None:
    """Lower the priority of the calling thread, where the system knows priorities of threads."""
    if sys.platform == "linux":  # elsewhere niceness is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
