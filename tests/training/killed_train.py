"""`python -m winnow train` that dies, or runs into a full disk, at a named point. For test_train_command.py."""

import os
import resource
import signal
import sys
from typing import Any

import winnow.training.evaluation
import winnow.training.trainer
import winnow.training.workspace
from winnow.__main__ import main
from winnow.jobs.reporter import JobReporter


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_the_first_epoch() -> None:
    told = JobReporter.progress

    def progress(self: JobReporter, done: int, total: int, text: str = "") -> None:
        if text.startswith("Epoch"):
            die()
        told(self, done, total, text)

    JobReporter.progress = progress  # type: ignore[method-assign]


def die_while_measuring() -> None:
    winnow.training.trainer.measure = die  # type: ignore[attr-defined]


def die_before_the_version_appears() -> None:
    rename = os.rename

    def dying(source: Any, target: Any) -> None:
        if "models" in str(target):
            die()
        rename(source, target)

    winnow.training.workspace.os.rename = dying  # type: ignore[attr-defined]


def fill_the_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # the weights are larger


if __name__ == "__main__":
    globals()[sys.argv.pop(1)]()
    sys.exit(main(sys.argv[1:]))
