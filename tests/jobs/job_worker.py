"""What the tests of jobs run in place of `python -m winnow`: one small behaviour a name."""

import os
import resource
import signal
import sys
import time
from pathlib import Path

from winnow.errors import TrainingError, WinnowError
from winnow.jobs.reporter import JobReporter, long_work


def finish(report: JobReporter) -> None:
    report.progress(2, 2, "counted")
    report.event("epoch", epoch=1, loss=0.5)
    report.event("epoch", epoch=2, loss=0.25)
    report.result(version=7)


def refuse(report: JobReporter) -> None:
    raise TrainingError("No box was accepted. Accept one.")


def break_down(report: JobReporter) -> None:
    raise ZeroDivisionError("a fault of ours")


def run_out(report: JobReporter) -> None:
    raise MemoryError


def wait(report: JobReporter) -> None:
    report.event("waiting")
    while True:
        report.check_stop()
        time.sleep(0.02)


def ignore_the_wish(report: JobReporter) -> None:
    report.event("waiting")
    time.sleep(60)


def ignore_the_signal_too(report: JobReporter) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ignore_the_wish(report)


def be_killed(report: JobReporter) -> None:
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk(report: JobReporter) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    for i in range(10_000):
        report.event("epoch", epoch=i)


def main() -> int:
    name, *rest = sys.argv[1:]
    try:
        if name == "bare":
            return int(rest[0])
        with long_work(Path(rest[0]) if rest else Path(), "test", name) as report:
            globals()[name](report)
    except WinnowError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
