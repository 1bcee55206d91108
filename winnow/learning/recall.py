"""How many positives there can be at most, from looks that were drawn with a known chance or ranked; docs/recall.md.

A null says that the population has R positives or more. A look drawn at random from what is open then hits with
probability p >= (R - found) / open, so a bet that pays (1 - q) / (1 - p) for a miss and q / p for a hit, with q <= p
set before the look, cannot be expected to win: the money is a non-negative supermartingale, and it ever grows
twentyfold with a probability of at most 1/20 (Ville, 1939; Waudby-Smith & Ramdas, 2020), whenever one looks at it.
"""

import copy
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
EXACT_UP_TO = 2000  # totals that are each tested; above, one in RATIO is, which makes the bound looser, never wrong
RATIO = 1.005
PATIENCE = 0.6  # hits that a null expected in a row of misses, before anything is bet on more misses
RESERVE = 0.05  # the less, the more is bet after that
CONTRADICTION = 0.05  # how improbable, where the ranking is as good as chance, that only random looks hit
CERTAIN = 1e-12  # bets are made on probabilities up to one less this

Kind = Literal["random", "ranked"]


class UpperBound:
    """A bound on the positives of a population of n that holds at all moments at once, with probability `confidence`.

    It holds where every look hits at least as probably as one drawn at random from what is open. What is judged but is
    no look is told by `found` and `n_open` of the next look alone.

    Args:
        follows_estimate: half of the money is bet on the prevalence so far, which pays where hits go on coming; the
            looks must all be random.
    """

    def __init__(self, n: int, *, confidence: float = CONFIDENCE, follows_estimate: bool = False) -> None:
        self._totals = _totals(n)
        self._need = -math.log(1 - confidence)
        self._dry = np.zeros(len(self._totals))  # hits that each null expected since the last one
        self._money = np.zeros((1 + follows_estimate, len(self._totals)))  # logarithms; a row a way of betting
        self._is_rejected = np.zeros(len(self._totals), dtype=bool)
        self._estimate = Estimate(n) if follows_estimate else None

    def take(self, is_positive: bool, *, found: int, n_open: int) -> None:
        """Take in a look: found positives were known before it, n_open items were open, it among them."""
        p = np.clip((self._totals - found) / n_open, 0, 1 - CERTAIN)
        first = int(np.searchsorted(self._dry, PATIENCE, "right"))  # smaller totals expected too few hits to bet on
        self._money[0, first:] += _log_payout(p[first:], _dry_quote(p[first:], self._dry[first:]), is_positive)
        if self._estimate is not None:
            self._money[1] += _log_payout(p, np.minimum(p, self._estimate.next_chance(found, n_open)), is_positive)
            self._estimate.take(is_positive, found=found, n_open=n_open)
        self._dry = np.zeros_like(p) if is_positive else self._dry + p
        self._is_rejected |= np.logaddexp.reduce(self._money, axis=0) - math.log(len(self._money)) >= self._need

    def at_most(self, *, found: int, n_open: int) -> int:
        """The bound, when found positives are known and n_open items are open: found <= bound <= found + n_open."""
        standing = np.flatnonzero(~self._is_rejected)
        first_rejected = standing[-1] + 1 if len(standing) else 0
        bound = int(self._totals[first_rejected]) - 1 if first_rejected < len(self._totals) else found + n_open
        return max(found, min(bound, found + n_open))

    def misses_until(self, total: int, *, found: int, n_open: int) -> int:
        """After how many more looks without a hit the bound is at most `total` (found <= total)."""
        if self.at_most(found=found, n_open=n_open) <= total:
            return 0
        last = n_open - (total - found)  # then so few are open that there cannot be more
        at = min(int(np.searchsorted(self._totals, total + 1)), len(self._totals) - 1)
        done = np.unique(np.linspace(0, last, min(last, 4096) + 1).astype(np.int64))  # looks, in steps for large pools
        p = np.clip((self._totals[at] - found) / (n_open - done[:-1]), 0, 1 - CERTAIN)
        steps = np.diff(done)
        dry = self._dry[at] + np.concatenate([[0], np.cumsum(p * steps)[:-1]])
        q = _dry_quote(p, dry)
        money = self._money[0, at] + np.cumsum(_log_payout(p, q, is_positive=False) * steps)
        enough = np.flatnonzero(money >= self._need + math.log(len(self._money)))
        return int(done[enough[0] + 1]) if len(enough) else last

    def start_over(self) -> None:
        """Throw away all evidence there is, which leaves the bound as careful as it was."""
        self._money = np.minimum(self._money, 0)
        self._is_rejected[:] = False

    def copy(self) -> "UpperBound":
        return copy.deepcopy(self)


class Estimate:
    """The mean of unbiased estimates of a population's positives, one by each random look."""

    def __init__(self, n: int) -> None:
        self.n, self.n_looks, self._sum = n, 0, 0.0

    @property
    def total(self) -> float | None:
        return self._sum / self.n_looks if self.n_looks else None

    def next_chance(self, found: int, n_open: int) -> float:
        """What the next look's chance of a hit seems to be; strictly between 0 and 1."""
        rest = (self._sum + self.n / 2) / (self.n_looks + 1) - found  # as if one look had been half a hit
        least = 0.5 / (self.n_looks + 1)
        return min(max(rest / n_open, least), 1 - least)

    def take(self, is_positive: bool, *, found: int, n_open: int) -> None:
        """As UpperBound.take."""
        self._sum += found + n_open * is_positive
        self.n_looks += 1


class Prevalence:
    """How many positives a population of n has, from looks drawn at random from what was open.

    The interval holds at all moments at once with probability `confidence`: bets as above for totals that are too high,
    and the other way for those that are too low, on the next look's chance by the looks before it.
    """

    def __init__(self, n: int, *, confidence: float = CONFIDENCE) -> None:
        self._estimate = Estimate(n)
        self._totals = _totals(n)
        self._need = -math.log((1 - confidence) / 2)
        self._money = np.zeros((2, len(self._totals)))  # logarithms; against this total or more, this total or fewer
        self._is_rejected = np.zeros((2, len(self._totals)), dtype=bool)

    def take(self, is_positive: bool, *, found: int, n_open: int) -> None:
        """As UpperBound.take."""
        p = np.clip((self._totals - found) / n_open, CERTAIN, 1 - CERTAIN)
        q = self._estimate.next_chance(found, n_open)
        self._money[0] += _log_payout(p, np.minimum(p, q), is_positive)
        self._money[1] += _log_payout(p, np.maximum(p, q), is_positive)
        self._is_rejected |= self._money >= self._need
        self._estimate.take(is_positive, found=found, n_open=n_open)

    @property
    def n_looks(self) -> int:
        return self._estimate.n_looks

    def interval(self, *, found: int, n_open: int) -> tuple[float, int, int]:
        """Estimate, lowest and highest total, when found positives are known and n_open items are open."""
        least, most = found, found + n_open
        too_high, too_low = self._is_rejected
        standing = np.flatnonzero(~too_high)
        if len(standing) and standing[-1] + 1 < len(self._totals):
            most = min(most, int(self._totals[standing[-1] + 1]) - 1)
        if not too_low.all():
            at = int(np.argmin(too_low))
            least = max(least, int(self._totals[at - 1]) + 1 if at else 0)
        most = max(found, most)
        least = min(least, most)
        estimate = self._estimate.total
        return (least if estimate is None else min(max(estimate, least), most)), least, most


@dataclass
class RecallBound:
    """Bounds on the positives of a population of n by random looks alone, and by ranked and random ones together.

    The second assumes that what is ranked first is at least as probably positive as what is drawn from the rest
    (Callaghan & Müller-Hansen, 2020). Where random looks hit while the ranking is dry, and chance does not explain it,
    the evidence of ranked looks up to there is thrown away.
    """

    n: int
    confidence: float = CONFIDENCE
    n_looks: dict[Kind, int] = field(default_factory=lambda: {"random": 0, "ranked": 0})
    n_contradictions: int = 0
    is_contradicted: bool = False  # and no ranked look has hit since

    def __post_init__(self) -> None:
        self.random = UpperBound(self.n, confidence=self.confidence, follows_estimate=True)
        self.ranked = UpperBound(self.n, confidence=self.confidence)
        self.prevalence = Prevalence(self.n, confidence=self.confidence)
        self._dry_ranked = self._dry_random = self._random_hits = 0  # since the last ranked hit

    def take(self, kind: Kind, is_positive: bool, *, found: int, n_open: int) -> None:
        """Take in a look: found positives were known before it, n_open items were open, it among them."""
        self.n_looks[kind] += 1
        self.ranked.take(is_positive, found=found, n_open=n_open)
        if kind == "random":
            self.random.take(is_positive, found=found, n_open=n_open)
            self.prevalence.take(is_positive, found=found, n_open=n_open)
        self._compare(kind, is_positive)

    def copy(self) -> "RecallBound":
        return copy.deepcopy(self)

    def _compare(self, kind: Kind, is_positive: bool) -> None:
        if kind == "ranked":
            self._dry_ranked += 1
            if is_positive:
                self._dry_ranked = self._dry_random = self._random_hits = 0
                self.is_contradicted = False
            return
        self._dry_random += 1
        self._random_hits += is_positive
        if is_positive and self._chance_of_this() <= CONTRADICTION:
            self.ranked.start_over()
            self.n_contradictions += 1
            self.is_contradicted = True

    def _chance_of_this(self) -> float:
        """P(all hits since the last ranked one fall on random looks), were all these looks alike (Fisher, 1935)."""
        looks = self._dry_random + self._dry_ranked
        return math.prod((self._dry_random - i) / (looks - i) for i in range(self._random_hits))


def _totals(n: int) -> NDArray[np.float64]:
    """Totals to test, ascending: 1, 2, 3 … and then ever wider apart up to n."""
    exact = np.arange(1, min(n, EXACT_UP_TO) + 1, dtype=np.float64)
    if n <= EXACT_UP_TO:
        return exact
    steps = math.ceil(math.log(n / EXACT_UP_TO) / math.log(RATIO))
    wider = np.floor(EXACT_UP_TO * RATIO ** np.arange(1, steps))
    return np.concatenate([exact, wider[wider < n], [n]])


def _dry_quote(p: NDArray[np.float64], dry: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a hit of probability p (k,) is taken for after misses among which `dry` (k,) hits were expected."""
    return p * RESERVE / (RESERVE + np.maximum(0, dry - PATIENCE))


def _log_payout(p: NDArray[np.float64], q: NDArray[np.float64], is_positive: bool) -> NDArray[np.float64]:
    """The bet's payout on a look that hits with probability p (k,) under the null, when it is taken for q (k,)."""
    if is_positive:
        return np.log(q, where=p > 0, out=np.zeros_like(p)) - np.log(p, where=p > 0, out=np.zeros_like(p))
    return np.log1p(-q) - np.log1p(-p)
