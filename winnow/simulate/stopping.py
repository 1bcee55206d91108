"""The recall meter along a replay: what it would have promised after each verdict."""

import math

from winnow.learning.recall import Kind, RecallBound

_KIND_OF_WAY: dict[str, Kind] = {"random": "random", "max_probability": "ranked", "score": "ranked"}


class Meter:
    """The recall meter's bound on a pool of n items, told of every verdict in its turn.

    Ranked looks count where there are any and random ones have not contradicted the ranking, else random ones alone;
    without either there is no bound.
    """

    def __init__(self, n: int) -> None:
        self._bound = RecallBound(n)
        self._n_open, self._found = n, 0

    def take(self, way: str, is_positive: bool) -> None:
        """Take in the verdict on an item that was open and was shown this `way`."""
        kind = _KIND_OF_WAY.get(way)
        if kind is not None:
            self._bound.take(kind, is_positive, found=self._found, n_open=self._n_open)
        self._n_open -= 1
        self._found += is_positive

    @property
    def recall(self) -> float:
        """With 95 % confidence at least this share of the positives is found; NaN where nothing can be said."""
        if not self._found:
            return math.nan
        if not self._n_open:
            return 1.0
        has_ranked = self._bound.n_looks["ranked"] > 0 and not self._bound.is_contradicted
        if not has_ranked and not self._bound.n_looks["random"]:
            return math.nan
        bound = self._bound.ranked if has_ranked else self._bound.random
        return self._found / bound.at_most(found=self._found, n_open=self._n_open)
