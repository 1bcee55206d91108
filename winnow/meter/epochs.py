"""Which verdicts were given while what is shown now was shown: a look at fewer items says nothing of the others."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

SAME_LOT = 0.75  # share of draws that rise, above which they were all by one lot; half would by chance


@dataclass(frozen=True)
class Epoch:
    """The time after event `seq` in which one pool was shown by one filter.

    pool and base are fingerprints of the refs and of what of it was shown. is_wider: something was shown that had not
    been, as far as is known; looks before say nothing of it. Random looks count where their lot is above `floor`: what
    comes in later has not been held back by the lots drawn before.
    """

    seq: int
    pool: str
    base: str
    is_wider: bool
    floor: float = 0.0


class Epochs:
    """All epochs of a log, oldest first."""

    def __init__(self, epochs: Sequence[Epoch] = ()) -> None:
        self._epochs = list(epochs)

    @classmethod
    def from_json(cls, text: str | None) -> "Epochs":
        """The epochs that `to_json` wrote; none for None."""
        return cls([Epoch(**one) for one in json.loads(text)] if text else ())

    def to_json(self) -> str:
        return json.dumps([asdict(one) for one in self._epochs])

    @property
    def last(self) -> Epoch | None:
        return self._epochs[-1] if self._epochs else None

    def last_of(self, pool: str) -> Epoch | None:
        """The epoch in which the pool was shown last."""
        return next((one for one in reversed(self._epochs) if one.pool == pool), None)

    def is_known(self, pool: str, base: str) -> bool:
        """Whether exactly this was shown when the pool was shown last."""
        own = self.last_of(pool)
        return own is not None and own.base == base

    def begin(self, new: Epoch) -> None:
        """Begin an epoch, unless it goes on with the one in force; epochs that count no more are dropped."""
        if self.last and (self.last.pool, self.last.base) == (new.pool, new.base) and not new.is_wider:
            return
        self._epochs.append(new)
        while any(one.pool == self._epochs[0].pool and one.is_wider for one in self._epochs[1:]):
            del self._epochs[0]

    def counting(self, pool: str) -> list[tuple[int, float]]:
        """The counting times of a pool as of now: pairs of the event before each and its floor, for `floor_at`."""
        spans: list[tuple[int, float]] = []
        for one in self._epochs:
            if one.pool != pool:
                spans.append((one.seq, np.inf))
            else:
                spans = [(one.seq, one.floor)] if one.is_wider else [*spans, (one.seq, one.floor)]
        return spans


def floor_at(spans: Sequence[tuple[int, float]], seq: int) -> float:
    """The floor at event `seq`: inf where no look counts."""
    return next((floor for after, floor in reversed(spans) if after < seq), np.inf)


def next_floor(lots: NDArray[np.float32], before: float) -> float:
    """The floor after draws with these lots (k,), in their order; 0 where the lots were drawn anew since."""
    if len(lots) == 0:
        return before
    is_rising = np.diff(lots) > 0
    is_same = len(lots) == 1 or is_rising.mean() > SAME_LOT
    return max(before, float(lots.max())) if is_same else 0.0
