"""Triage of the pool that is shown, worked out once in the background: a million boxes take a while."""

import logging
import threading
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from winnow.errors import NotReady, WinnowError
from winnow.filters import JUDGED_BEFORE, Filter
from winnow.pool import Pool
from winnow.proposals.triage import Triage, triage_of

log = logging.getLogger(__name__)


@dataclass
class _Work:
    """One pool's triage under way; `triage` or `problem` is there once it has ended."""

    pool: Pool
    began_at: float = field(default_factory=time.monotonic)
    triage: Triage | None = None
    problem: str | None = None
    is_told: bool = False  # of the problem; whoever asks again wants it tried again


class TriageWork:
    """Starts on the first ask for a pool, and is kept until another pool is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work: _Work | None = None

    def look(self, pool: Pool) -> tuple[Triage | None, str | None, float]:
        """The triage once it is there, what went wrong if it did, and the seconds since it began."""
        with self._lock:
            work = self._work
            if work is None or work.pool is not pool or work.is_told:
                work = self._work = _Work(pool)
                threading.Thread(target=_run, args=(work,), name="triage", daemon=True).start()
            work.is_told = work.problem is not None
        return work.triage, work.problem, time.monotonic() - work.began_at

    def members_for(self, chosen: Filter, pool: Pool) -> dict[str, NDArray[np.bool_]]:
        """(n,) bool a group, as far as a filter asks for them; raises NotReady while they are worked out."""
        if not set(chosen.set_aside) - {JUDGED_BEFORE}:
            return {}
        triage, problem, _ = self.look(pool)
        if triage is None:
            raise NotReady(problem or "The groups are still being worked out; nothing was changed. Try again soon.")
        return triage.members


def _run(work: _Work) -> None:
    try:
        work.triage = triage_of(work.pool)
    except WinnowError as error:
        work.problem = str(error)
    except Exception as error:
        log.exception("The proposals could not be sorted into groups.")
        work.problem = f"The proposals could not be sorted into groups: {type(error).__name__}: {error}"
