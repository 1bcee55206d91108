"""What a random audit proves of a batch: exact tests on finite, nested zones, in an order fixed beforehand."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
SPENDING = (0.6, 0.2, 0.2)  # of the allowed chance of a wrong word, look by look
SLACK = 0.02  # of a zone may be judged by hand between audit and decision, and the target still holds for the rest
PAYS = 2  # a zone holds this many times the audit's verdicts, or judging it by hand is as good
ZONES = 4
SURE_START = 0.99  # chance that enough of the sample falls into the strictest zone


@dataclass(frozen=True)
class Zone:
    """The `n` most certain candidates of a side; it passes where at most `wrong_max` of them are wrong."""

    n: int
    wrong_max: int


@dataclass(frozen=True)
class Look:
    """A planned moment at which the audit is read: after `size` verdicts, at level `alpha`, zones strictest first."""

    size: int
    alpha: float
    zones: tuple[Zone, ...]


def p_value(zone: Zone, looked: int, wrong: int) -> float:
    """P(at most `wrong` wrong ones in a random `looked` of the zone) if it held just more wrong ones than it may.

    The hypergeometric tail: exact for sampling without replacement from a finite zone (Fisher's exact test of one
    share; Bickel 1992 for audits).
    """
    from scipy.stats import hypergeom

    too_many = zone.wrong_max + 1
    return float(hypergeom.cdf(wrong, zone.n, too_many, looked)) if too_many <= zone.n else 0.0


def most_wrong(zone: Zone, looked: int, alpha: float) -> int:
    """The most wrong ones among `looked` with which the zone passes at level alpha; −1: not even with none."""
    from scipy.stats import hypergeom

    too_many = zone.wrong_max + 1
    if too_many > zone.n:
        return looked
    wrong = np.arange(min(looked, looked * too_many // zone.n + 1) + 1)  # as many as are to be expected never pass
    return int((hypergeom.cdf(wrong, zone.n, too_many, looked) <= alpha).sum()) - 1


def passed(look: Look, places: NDArray[np.int64], is_wrong: NDArray[np.bool_]) -> Zone | None:
    """The widest zone that passes, None where not even the strictest does.

    places (k,) int64: where the look's sample stands among the candidates, 0 = most certain; is_wrong (k,) bool.
    Strictest first, ending at the first that fails: so the chance that any passes wrongly is alpha at most, without a
    correction for their number (fixed-sequence testing: Maurer, Hothorn & Lehmacher 1995; for thresholds of a
    classifier: Angelopoulos, Bates, Candès, Jordan & Lei 2021, "Learn then Test").
    """
    widest = None
    for zone in look.zones:
        is_inside = places < zone.n
        if p_value(zone, int(is_inside.sum()), int((is_wrong & is_inside).sum())) > look.alpha:
            break
        widest = zone
    return widest


def looks_of(n: int, audit: int, target: float, alpha: float) -> tuple[Look, ...]:
    """The looks at a widest zone of `n` candidates, each after `audit` further verdicts; none where none could pass.

    A zone's null hypothesis is about what the head would decide alone: of the n − size that no person has seen, at
    least `target` are right even if the sample held no wrong one. Sizes, levels and zones depend on nothing that the
    audit shows, so going on after a look costs no more than what was set aside for it (Bonferroni over the looks, as
    in alpha spending: Lan & DeMets 1983).
    """
    sizes = [number * audit for number in range(1, len(SPENDING) + 1)]
    looks = [
        Look(size, alpha * share, _zones(n, size, target, alpha * share))
        for size, share in zip(sizes, SPENDING, strict=True)
    ]
    return tuple(itertools.takewhile(lambda look: look.zones, looks))


def zone_of(n: int, size: int, target: float) -> Zone:
    """The zone of the n most certain, of which all but `size`, and some slack, would be decided by the head."""
    return Zone(n, math.floor((1 - target) * max(0, (1 - SLACK) * n - size) + 1e-9))


def smallest_audit(n: int, target: float, alpha: float) -> int | None:
    """The fewest verdicts that can prove the target on a zone of n items, if none of them is wrong; None: none can."""
    sizes = range(1, n // PAYS + 1)
    found = _first(sizes, lambda size: p_value(zone_of(n, size, target), size, 0) <= alpha * SPENDING[0])
    return None if found is None else sizes[found]


def _zones(n: int, size: int, target: float, alpha: float) -> tuple[Zone, ...]:
    """ZONES of them, evenly spaced from the strictest that the sample can speak for to the widest.

    The strictest bears half of the wrong ones that the widest bears, or one in it would end the sequence.
    """
    borne = most_wrong(zone_of(n, size, target), size, alpha)
    if n < PAYS * size or borne < 0:
        return ()
    wrong = (borne + 1) // 2
    widths = np.unique(np.linspace(PAYS * size, n, 40).astype(int)).tolist()
    first = _first(widths, lambda width: _is_spoken_for(width, n, size, target, alpha, wrong))
    start = n if first is None else widths[first]
    return tuple(zone_of(width, size, target) for width in np.unique(np.linspace(start, n, ZONES).astype(int)).tolist())


def _is_spoken_for(width: int, n: int, size: int, target: float, alpha: float, wrong: int) -> bool:
    """Whether, almost surely, enough of a sample falls into a narrower zone for it to pass with so many wrong ones."""
    from scipy.stats import hypergeom

    fewest = int(hypergeom.ppf(1 - SURE_START, n, width, size))
    return p_value(zone_of(width, size, target), fewest, wrong) <= alpha


def _first(values: Sequence[int], holds: Callable[[int], bool]) -> int | None:
    """Where the first value stands for which it holds, by halving: it holds for all later ones as well."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(values[middle]) else (middle + 1, high)
    return low if low < len(values) else None
