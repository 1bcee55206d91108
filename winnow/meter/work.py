"""What the meter's thread does: verdicts in, a reading out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from winnow.board import UNJUDGED
from winnow.errors import UnknownItem
from winnow.learning.head_check import HeadCheck, check_head
from winnow.learning.looks import Look, Looks
from winnow.learning.recall import CONFIDENCE, Kind, RecallBound
from winnow.meter.population import Population
from winnow.session import Session
from winnow.verdicts.log import Verdict

RANKED_WAYS = frozenset({"max_probability", "score"})
NOT_RANKED = (
    "No item was judged in the order of the ranking: choose the goal Find all, or the strategy Most likely positive "
    "first. Uncertain, unusual or look-alike items say nothing of what is left."
)
NOT_DRAWN = "No item was drawn at random yet: the goals Find all and Audit draw some."
CONTRADICTED = (
    "Random looks found what the ranking had passed over, oftener than chance explains: what its looks had shown up to "
    "there counts no more, until it finds one again."
)


@dataclass(frozen=True)
class Refused:
    """A method that says nothing, and why."""

    method: Kind
    why: str


@dataclass(frozen=True)
class PrevalenceEstimate:
    """Shares of the population, and how many random looks they come from."""

    estimate: float
    low: float
    high: float
    looks: int


@dataclass(frozen=True)
class Reading:
    """What the meter says of the moment after event `seq`; all counts are of what the filter shows.

    With `confidence` there are at most so many positives, and at least the share `bound` of them is found; None where
    no method speaks, or nothing is found yet.
    """

    population: int
    found: int
    looked: int
    open: int
    set_aside: int
    auto: int
    at_most: int | None
    bound: float | None
    bound_method: Kind | None
    bound_random: float | None
    confidence: float
    target: float
    is_reached: bool
    looks_to_target: int | None
    refused: tuple[Refused, ...]
    prevalence: PrevalenceEstimate | None
    head: HeadCheck | None
    seq: int


def kind_of(verdict: Verdict) -> Kind | None:
    """What kind of a look an item's first verdict was, if it was shown for that by the queue; else None."""
    if verdict.rank is None or not verdict.selection_probability or verdict.label is None:
        return None
    if verdict.strategy == "random":
        return "random"
    is_ranked_grid = verdict.strategy == "grid" and verdict.goal == "find_all"
    return "ranked" if verdict.strategy in RANKED_WAYS or is_ranked_grid else None


class Work:
    """The looks at a session's population. Not thread-safe."""

    def __init__(self, session: Session, population: Population) -> None:
        self._session = session
        self._population = population
        self._seq = 0
        self._read_anew()

    def follow(self, touched: Callable[[], set[str]]) -> None:
        """Take in the verdicts on the touched items, asked for while nothing is recorded, and what is shown by now."""
        with self._session.reading() as ledger:
            self._seq = ledger.last_seq
            histories = [(item_id, ledger.history(item_id)) for item_id in touched()]
            seen = self._population.seen()
        for item_id, history in histories:
            self._put(item_id, history, seen.label_of_row)
        if self._population.follow(seen, self._looks):
            self._read_anew()

    def reading(self, target: float) -> Reading:
        standing, extra = self._population.standing, self._population.extra
        bound, found = self._looks.bound()
        n_open = int((standing.is_open & ~extra).sum())
        state = _State(bound, found, n_open, self._extra_found(), int((standing.is_open & extra).sum()))
        refused = _refused(bound)
        method = next((kind for kind in _METHODS if kind not in {one.method for one in refused}), None)
        at_most = state.at_most(method)
        share = state.share(method)
        looked = int((standing.is_base & (standing.label_of_row >= 0)).sum())
        return Reading(
            population=looked + n_open + state.extra_open,
            found=state.all_found,
            looked=looked,
            open=n_open + state.extra_open,
            set_aside=standing.set_aside,
            auto=standing.auto,
            at_most=at_most,
            bound=share,
            bound_method=method,
            bound_random=state.share("random") if bound.n_looks["random"] else None,
            confidence=CONFIDENCE,
            target=target,
            is_reached=share is not None and share >= target,
            looks_to_target=state.looks_to(target, method),
            refused=refused,
            prevalence=state.prevalence(looked + n_open + state.extra_open),
            head=check_head([(look.probability, look.is_positive is True) for look in self._looks.drawn()]),
            seq=self._seq,
        )

    def _extra_found(self) -> int:
        return int((self._population.standing.label_of_row[self._population.extra] == 1).sum())

    def _read_anew(self) -> None:
        with self._session.reading() as ledger:
            self._seq = ledger.last_seq
            histories = [tuple(history) for history in ledger.histories()]
        self._looks = Looks(self._population.n)
        label_of_row = self._population.standing.label_of_row
        for history in histories:
            self._put(history[0].item_id, history, label_of_row)
        self._population.note_all(self._looks)

    def _put(self, item_id: str, history: Sequence[Verdict], label_of_row: np.ndarray) -> None:
        try:
            row = self._session.pool.row_of(item_id)
        except UnknownItem:  # of another pool, or drawn by hand
            return
        is_told = bool(history) and label_of_row[row] != UNJUDGED and self._population.is_core(row)
        self._looks.put(row, self._look(row, history) if is_told else None)

    def _look(self, row: int, history: Sequence[Verdict]) -> Look:
        first, label = history[0], history[-1].label
        kind = kind_of(first)
        if kind is not None and not self._population.counts(first, row):
            kind = None
        n_open = round(1 / first.selection_probability) if kind == "random" and first.selection_probability else None
        return Look(first.seq, row, kind, None if label is None else label == 1, n_open, first.probability)


_METHODS: tuple[Kind, ...] = ("ranked", "random")


@dataclass(frozen=True)
class _State:
    """Bounds on the core of the population, and what is known of the items that came back into it later."""

    bound: RecallBound
    found: int
    n_open: int
    extra_found: int
    extra_open: int

    @property
    def all_found(self) -> int:
        return self.found + self.extra_found

    def at_most(self, method: Kind | None) -> int | None:
        """Positives there are at most; where nothing is open, as many as were found, whatever the method."""
        if method is None:
            return self.all_found if self.n_open + self.extra_open == 0 else None
        by = self.bound.ranked if method == "ranked" else self.bound.random
        return by.at_most(found=self.found, n_open=self.n_open) + self.extra_found + self.extra_open

    def share(self, method: Kind | None) -> float | None:
        at_most = self.at_most(method)
        return self.all_found / at_most if at_most and self.all_found else None

    def looks_to(self, target: float, method: Kind | None) -> int | None:
        """After how many more looks without a hit the target is reached; None where they cannot lead there."""
        most = int(self.all_found / target + 1e-9) - self.extra_found - self.extra_open
        if method is None or not self.all_found or most < self.found:
            return None
        by = self.bound.ranked if method == "ranked" else self.bound.random
        return by.misses_until(most, found=self.found, n_open=self.n_open)

    def prevalence(self, n: int) -> PrevalenceEstimate | None:
        looks = self.bound.prevalence.n_looks
        if not looks or not n:
            return None
        estimate, low, high = self.bound.prevalence.interval(found=self.found, n_open=self.n_open)
        known, possible = self.extra_found, self.extra_found + self.extra_open
        return PrevalenceEstimate((estimate + known) / n, (low + known) / n, (high + possible) / n, looks)


def _refused(bound: RecallBound) -> tuple[Refused, ...]:
    refused = []
    if not bound.n_looks["ranked"]:
        refused.append(Refused("ranked", NOT_RANKED))
    elif bound.is_contradicted:
        refused.append(Refused("ranked", CONTRADICTED))
    if not bound.n_looks["random"]:
        refused.append(Refused("random", NOT_DRAWN))
    return tuple(refused)
