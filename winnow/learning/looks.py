"""The order in which a population was judged, and the bounds on its positives that follow from it."""

from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter

from winnow.learning.recall import Kind, RecallBound

SAVE_EVERY = 128  # looks; from there on bounds are worked out again when something earlier changes
SAVED_CLOSELY = 16  # of the newest; of the older ones, one in so many is kept
_SEQ = attrgetter("seq")


@dataclass(frozen=True, slots=True)
class Look:
    """The first verdict on a row of the population, with the label as it stands.

    kind None: it was judged, but not drawn nor ranked. is_positive None: skipped. n_open is how many rows were open, as
    far as the log tells; probability is what the head said, if there was one.
    """

    seq: int
    row: int
    kind: Kind | None
    is_positive: bool | None
    n_open: int | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class _Saved:
    """Where things stood before look number `at`."""

    at: int
    found: int
    n_open: int
    bound: RecallBound


class Looks:
    """Looks at a population of n rows. Not thread-safe."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._looks: list[Look] = []
        self._of_row: dict[int, Look] = {}
        self._saved = [_Saved(0, 0, n, RecallBound(n))]
        self._now = _Saved(0, 0, n, RecallBound(n))

    def __len__(self) -> int:
        return len(self._looks)

    def put(self, row: int, look: Look | None) -> None:
        """Make `look` what is known of a row; None for a row that has no verdict (any more)."""
        known = self._of_row.pop(row, None)
        if look is not None:
            self._of_row[row] = look
        if known == look:
            return
        if known is not None:
            at = self.place(known.seq)
            del self._looks[at]
            self._forget(at)
        if look is not None:
            at = self.place(look.seq)
            self._looks.insert(at, look)
            self._forget(at)

    def place(self, seq: int) -> int:
        """How many looks came before event `seq`."""
        return bisect_left(self._looks, seq, key=_SEQ)

    def of_row(self, row: int) -> Look | None:
        return self._of_row.get(row)

    def drawn(self) -> list[Look]:
        """The random looks that have a label, oldest first."""
        return [look for look in self._looks if look.kind == "random" and look.is_positive is not None]

    def bound(self) -> tuple[RecallBound, int]:
        """The bounds that follow from all looks, not to be changed, and how many positives were found."""
        self._catch_up()
        return self._now.bound, self._now.found

    def _catch_up(self) -> None:
        at, found, n_open, bound = self._now.at, self._now.found, self._now.n_open, self._now.bound
        for look in self._looks[at:]:
            if at % SAVE_EVERY == 0 and at > self._saved[-1].at:
                self._save(_Saved(at, found, n_open, bound.copy()))
            n_open = max(1, n_open if look.n_open is None else min(n_open, look.n_open))
            if look.kind is not None and look.is_positive is not None:
                bound.take(look.kind, look.is_positive, found=found, n_open=n_open)
            found += look.is_positive is True
            n_open, at = n_open - 1, at + 1
        self._now = _Saved(at, found, n_open, bound)

    def _save(self, saved: _Saved) -> None:
        close = saved.at - SAVE_EVERY * SAVED_CLOSELY
        self._saved = [one for one in self._saved if one.at > close or one.at % (SAVE_EVERY * SAVED_CLOSELY) == 0]
        self._saved.append(saved)

    def _forget(self, at: int) -> None:
        """Go back to what was known before look number `at`."""
        if at >= self._now.at:
            return
        self._saved = [one for one in self._saved if one.at <= at]
        last = self._saved[-1]
        self._now = _Saved(last.at, last.found, last.n_open, last.bound.copy())
