"""The queue: which rows come next by a plan, and why each of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.learning.goals import GOALS, Goal, strategy_of
from winnow.learning.labels import BULK, BULK_CHECKED, GIVEN, SINGLE, Labels
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import WAYS, top_rows
from winnow.learning.teach import teach_order

WELL_FACTOR = 5  # random looks are so many times rarer while an order finds more than it misses
REPEAT_AFTER = 50  # labels that were given after one, before it may come back
BULK_SHARE = 0.05  # of the labels given many at a time, how many are shown again one by one
BULK_EVERY = 10  # verdicts; how often one of these is shown while some are due


@dataclass(frozen=True)
class Belief:
    """What is believed of the pool's rows when a queue is made.

    probability (n,) float32 by the head, None before there is one; expected (n,) float32 by the detector's scores,
    None in a pool without them; checked_probability (m,) float32 of the labels, each predicted without itself; cover
    (c,) int64 the order before there is a head, shown by way start_way; priority (n,) and lot (n,) float32 are fixed
    random numbers: ties go by the one, random looks by the other, so that nothing shown tells what the lot draws.
    """

    probability: NDArray[np.float32] | None
    expected: NDArray[np.float32] | None
    checked_probability: NDArray[np.float32] | None
    cover: NDArray[np.int64]
    start_way: str
    is_start_chosen: bool
    priority: NDArray[np.float32]
    lot: NDArray[np.float32]


@dataclass(frozen=True)
class Queue:
    """rows (q,) int64, best first; ways (q,) uint8 into WAYS; chance (q,) float32, with which each was chosen.

    n_open counts the rows that may be shown.
    """

    rows: NDArray[np.int64]
    ways: NDArray[np.uint8]
    chance: NDArray[np.float32]
    n_open: int


def queue_of(
    belief: Belief,
    space: FeatureSpace,
    labels: Labels,
    plan: str,
    is_open: NDArray[np.bool_],
    k: int,
    *,
    repeat_share: float = 0.0,
) -> Queue:
    """The next k rows by a plan; is_open (n,) bool are those that may be shown. Raises UnknownStrategy."""
    goal = GOALS.get(plan)
    if goal and goal.checks_labels:
        rows = _doubted(belief, labels, k)
        return Queue(rows, _ways("disagreement", len(rows)), np.ones(len(rows), np.float32), len(rows))
    open_rows = np.flatnonzero(is_open)
    rows, ways = _order(belief, space, labels, plan, is_open, open_rows, k)
    is_random = strategy_of(plan).is_random
    chance = np.full(len(rows), 1 / max(1, len(open_rows)) if is_random else 1, np.float32)
    if goal and len(rows):
        rows, ways, chance = _mixed(rows, ways, chance, goal, belief, labels, open_rows, repeat_share)
    return Queue(rows[:k], ways[:k], chance[:k], len(open_rows))


def open_rows_of(
    space: FeatureSpace, labels: Labels, is_hidden: NDArray[np.bool_] | None, *, with_set_aside: bool = False
) -> NDArray[np.bool_]:
    """(n,) bool: rows that may be shown."""
    is_open = space.is_usable.copy()
    if is_hidden is not None:
        is_open &= ~is_hidden
    for rows in (labels.rows, labels.skipped, labels.unreadable, labels.auto):
        is_open[rows] = False
    if not with_set_aside:
        is_open[labels.set_aside] = False
    return is_open


def _order(
    belief: Belief,
    space: FeatureSpace,
    labels: Labels,
    plan: str,
    is_open: NDArray[np.bool_],
    open_rows: NDArray[np.int64],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The k best open rows by the plan's own order, before anything is mixed in."""
    strategy = strategy_of(plan)
    if strategy.is_random:
        rows = top_rows(belief.lot, belief.lot, open_rows, k)
        return rows, _ways("random", len(rows))
    has_head = belief.probability is not None
    believed = belief.expected if belief.probability is None else belief.probability
    if not has_head and (believed is None or belief.is_start_chosen):
        return _covering(belief, is_open, k)
    assert believed is not None
    if has_head and plan == "teach":
        rows = teach_order(space, believed, is_open, labels, belief.priority, k)
        return rows, _ways("entropy", len(rows))
    rows = top_rows(strategy.score(believed, belief.priority), belief.priority, open_rows, k)
    by_score = not has_head and strategy.name == "max_probability"
    return rows, _ways("score" if by_score else strategy.name, len(rows))


def _covering(belief: Belief, is_open: NDArray[np.bool_], k: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    cover = belief.cover[is_open[belief.cover]][:k]
    is_rest = is_open.copy()
    is_rest[cover] = False
    rest = top_rows(belief.priority, belief.priority, np.flatnonzero(is_rest), k - len(cover))
    ways = np.concatenate([_ways(belief.start_way, len(cover)), _ways("cover", len(rest))])
    return np.concatenate([cover, rest]), ways


def _doubted(belief: Belief, labels: Labels, k: int) -> NDArray[np.int64]:
    """Labelled rows that nobody has looked at twice, those first that a head without their label doubts most."""
    if belief.checked_probability is None:
        return np.empty(0, np.int64)
    positions = labels.positions_of(SINGLE, BULK, GIVEN)
    doubt = np.abs(labels.values[positions] - belief.checked_probability[positions])
    positions, doubt = positions[np.isfinite(doubt)], doubt[np.isfinite(doubt)]
    return labels.rows[positions[np.argsort(-doubt, kind="stable")[:k]]]


def _mixed(
    rows: NDArray[np.int64],
    ways: NDArray[np.uint8],
    chance: NDArray[np.float32],
    goal: Goal,
    belief: Belief,
    labels: Labels,
    open_rows: NDArray[np.int64],
    repeat_share: float,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float32]]:
    """The order with the goal's random looks and repeats in their places: the n-th verdict of a pool has its own."""
    k, first = len(rows), labels.n_said + 1
    draws: Iterator[int] = iter(())
    random_every = _random_every(goal, labels)
    if random_every:
        n_draws = -(-k // random_every) + 1
        draws = iter(top_rows(belief.lot, belief.lot, open_rows, n_draws).tolist())
    repeats = _Repeats(labels, belief.lot, repeat_share if goal.has_repeats else 0.0)
    own = iter(zip(rows.tolist(), ways.tolist(), chance.tolist(), strict=True))
    random_way, repeat_way = WAYS.index("random"), WAYS.index("repeat")
    mixed: dict[int, tuple[int, float]] = {}  # row -> way, chance; in the order of the queue
    for number in range(first, first + k):
        repeat = repeats.at(number)
        if repeat is not None:
            mixed[repeat] = repeat_way, 1.0
            continue
        if random_every and number % random_every == 0:
            draw = next((row for row in draws if row not in mixed), None)
            if draw is not None:
                mixed[draw] = random_way, 1 / len(open_rows)
                continue
        taken = next((one for one in own if one[0] not in mixed), None)
        if taken is not None:
            mixed[taken[0]] = taken[1], taken[2]
    new_ways, new_chance = zip(*mixed.values(), strict=True)
    return np.array(list(mixed), np.int64), np.array(new_ways, np.uint8), np.array(new_chance, np.float32)


def _random_every(goal: Goal, labels: Labels) -> int | None:
    """After how many verdicts a random look comes: fewer do while most of the newest labels are positive.

    There a random look costs a find, and the bound on what is left waits for misses anyway. Past labels alone decide,
    so each draw stays a fair one; docs/recall.md.
    """
    every = goal.random_every
    if every and 2 * int(labels.values[-every:].sum()) > every:
        return every * WELL_FACTOR
    return every


class _Repeats:
    """Which labelled row comes back as the n-th verdict, if any."""

    def __init__(self, labels: Labels, lot: NDArray[np.float32], share: float) -> None:
        self._every = round(1 / share) if share > 0 else 0
        self._single: list[int] = []
        self._bulk: list[int] = []
        if not self._every:
            return
        older = max(0, len(labels.rows) - REPEAT_AFTER)
        single, bulk = labels.positions_of(SINGLE), labels.positions_of(BULK)
        n_checked = len(labels.positions_of(BULK_CHECKED))
        n_due = int(np.ceil(BULK_SHARE * (len(bulk) + n_checked))) - n_checked
        self._single = _by_lot(labels.rows[single[single < older]], lot, 32)
        self._bulk = _by_lot(labels.rows[bulk], lot, max(0, n_due))

    def at(self, number: int) -> int | None:
        if self._bulk and number % BULK_EVERY == BULK_EVERY // 2:
            return self._bulk.pop()
        if self._single and number % self._every == self._every // 2:
            return self._single.pop()
        return None


def _by_lot(rows: NDArray[np.int64], lot: NDArray[np.float32], k: int) -> list[int]:
    """Up to k of the rows, the first by lot last."""
    return top_rows(lot, lot, rows, k)[::-1].tolist() if k else []


def _ways(name: str, k: int) -> NDArray[np.uint8]:
    return np.full(k, WAYS.index(name), np.uint8)
