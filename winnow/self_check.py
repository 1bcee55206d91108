"""How far people agree with themselves and with each other, and verdicts that were given too quickly to be trusted."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from winnow.learning.head_check import exact_interval
from winnow.session import Session
from winnow.verdicts.ledger import BULK_WAYS
from winnow.verdicts.log import Verdict
from winnow.verdicts.second_looks import NO_LOOK, second_looks

HASTY_MS = 400  # nobody sees an image, decides and presses much faster, but for a run of images that are all alike
HASTY_SHARE = 0.5  # of the person's own median
UNTIMED = -1
USUAL = 20  # timed verdicts of a person, before anything is known of the usual

Kind = Literal["own", "bulk", "between"]


class SecondLook(NamedTuple):
    """A label given without knowing the one before: by whom, on whose or which label, and whether it was the same."""

    annotator: str
    kind: Kind
    is_agreed: bool

    @classmethod
    def of(cls, before: Verdict, now: Verdict) -> "SecondLook":
        kind: Kind = "own" if now.annotator == before.annotator else "between"
        return cls(now.annotator, "bulk" if before.strategy in BULK_WAYS else kind, now.label == before.label)


@dataclass(frozen=True)
class Agreement:
    """Of `repeats` second looks `agreed` said the same; the interval (low, high) bounds their share with 95 %."""

    repeats: int
    agreed: int
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, looks: Counter[bool]) -> "Agreement":
        n = looks.total()
        return cls(n, looks[True], exact_interval(looks[True], n) if n else None)


class SelfCheck:
    """Follows the verdicts of a session from now on; calls may come from any thread, and take in what is new first."""

    def __init__(self, session: Session) -> None:
        n = session.pool.n_rows
        self.session = session
        self._lock = threading.Lock()
        self._touched: set[str] = set()  # items whose verdicts are to be read again
        self._looks: dict[str, tuple[SecondLook, ...]] = {}  # of the items that were looked at twice
        self._counts: Counter[SecondLook] = Counter()
        self._disagreed: dict[int, int] = {}  # row -> what was said before the newest verdict, which is another
        self._elapsed_ms = np.full(n, UNTIMED, np.int32)  # of the current verdict
        self._annotator = np.zeros(n, np.int16)  # of the same, into _annotators
        self._annotators: list[str] = []
        session.tell_events(self._notice)
        with session.reading() as ledger:
            histories = list(ledger.histories())
        # Copied one by one without the lock: what changes meanwhile is touched, and read again.
        self._take((history[0].item_id, history) for history in map(tuple, histories) if history)

    def agreement(self, kind: Kind, annotator: str | None = None) -> Agreement:
        """Of second looks of a kind, by one person or by all."""
        with self._lock:
            self._catch_up()
            of_kind: Counter[bool] = Counter()
            for look, count in self._counts.items():
                if look.kind == kind and annotator in (None, look.annotator):
                    of_kind[look.is_agreed] += count
        return Agreement.of(of_kind)

    def disagreed(self) -> dict[int, int]:
        """Row -> the label before, of items whose newest verdict is a second look that said something else."""
        with self._lock:
            self._catch_up()
            return dict(self._disagreed)

    def hasty_below_ms(self, annotator: str) -> float | None:
        """The time under which this person's verdicts are hasty; None while too few are timed."""
        with self._lock:
            self._catch_up()
            limits = self._limits()
        limit = limits[self._annotators.index(annotator)] if annotator in self._annotators else 0.0
        return float(limit) or None

    def hasty_rows(self, annotator: str | None = None) -> NDArray[np.int64]:
        """(k,) rows whose verdict, of one person or of all, came hastily, and that a head without it doubts."""
        with self._lock:
            self._catch_up()
            limits, elapsed_ms, annotators = self._limits(), self._elapsed_ms.copy(), self._annotator.copy()
        if not len(limits):
            return np.empty(0, np.int64)
        rows = np.flatnonzero((elapsed_ms >= 0) & (elapsed_ms < limits[annotators]))
        if annotator is not None:
            rows = rows[np.array([self._annotators[code] == annotator for code in annotators[rows]], bool)]
        labels, _ = self.session.standing()
        doubt = np.abs(labels[rows] - checked_probability(self.session)[rows])
        hasty: NDArray[np.int64] = rows[(labels[rows] >= 0) & (doubt > 0.5)]
        return hasty

    def _notice(self, verdicts: list[Verdict]) -> None:
        self._touched.update(verdict.item_id for verdict in verdicts if verdict.kind == "verdict")

    def _catch_up(self) -> None:
        with self.session.reading() as ledger:  # which also holds still who notices
            touched, self._touched = self._touched, set()
            histories = [(item_id, ledger.history(item_id)) for item_id in touched]
        self._take(histories)

    def _take(self, histories: Iterable[tuple[str, Sequence[Verdict]]]) -> None:
        """Make these the items' live verdicts, oldest first."""
        known = list(histories)
        rows = self.session.pool.rows_of(np.array([int(item_id, 16) for item_id, _ in known], np.uint64))
        for row, (item_id, history) in zip(rows.tolist(), known, strict=True):
            if row >= 0:  # else it is of another round's pool
                self._take_one(row, item_id, history)

    def _take_one(self, row: int, item_id: str, history: Sequence[Verdict]) -> None:
        self._counts.subtract(self._looks.pop(item_id, ()))
        self._disagreed.pop(row, None)
        looks = tuple(SecondLook.of(before, now) for before, now in second_looks(history))
        if looks:
            self._looks[item_id] = looks
            self._counts.update(looks)
        for before, now in second_looks(history[-2:]):
            if before.label is not None and before.label != now.label:
                self._disagreed[row] = before.label
        current = history[-1] if history else None
        self._elapsed_ms[row] = UNTIMED if current is None else _time_of(current)
        if current is not None:
            self._annotator[row] = self._code_of(current.annotator)

    def _code_of(self, annotator: str) -> int:
        if annotator not in self._annotators:
            self._annotators.append(annotator)
        return self._annotators.index(annotator)

    def _limits(self) -> NDArray[np.float64]:
        """(p,) the times in milliseconds under which each person's verdicts are hasty, 0 while too few are timed."""
        is_timed = self._elapsed_ms >= 0
        elapsed_ms, annotators = self._elapsed_ms[is_timed], self._annotator[is_timed]
        usual = [elapsed_ms[annotators == code] for code in range(len(self._annotators))]
        return np.array([min(HASTY_MS, HASTY_SHARE * np.median(one)) if len(one) >= USUAL else 0 for one in usual])


def _time_of(verdict: Verdict) -> int:
    """Milliseconds spent on this item, UNTIMED where they are not known or were spent on many."""
    is_of_one = verdict.label is not None and verdict.strategy not in BULK_WAYS | NO_LOOK | {"review"}
    return verdict.elapsed_ms if is_of_one and verdict.elapsed_ms is not None else UNTIMED


def checked_probability(session: Session) -> NDArray[np.float32]:
    """(n,) P(label = 1) by a head that has not seen the row's own label; NaN where there is none."""
    learnt = session.learner.learnt
    snapshot = learnt.snapshot
    checked = np.full(session.pool.n_rows, np.nan, dtype=np.float32)
    if snapshot.probability is not None:
        checked[:] = snapshot.probability
        checked[learnt.labelled_rows] = np.nan if snapshot.checked_probability is None else snapshot.checked_probability
    return checked
