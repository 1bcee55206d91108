"""What the log's events add up to: the live verdicts, the current label of each item, the running error of the head."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from winnow.verdicts.log import AutoVerdict, Undo, Verdict

BULK_WAYS = frozenset({"sweep", "grid", "lasso"})  # of labels that were given many at a time
AGAIN_WAYS = frozenset({"repeat", "disagreement", "review"})  # of a second look at a labelled item
# The head may have been fitted on these items' labels, or nobody looked at what it said.
NOT_A_TEST = BULK_WAYS | AGAIN_WAYS | {"import", "auto"}


@dataclass(frozen=True, slots=True)
class MetricsPoint:
    """One prequential test (Dawid 1984): the probability that was shown against the label that came."""

    seq: int
    item_id: str
    label: int
    probability: float
    brier: float  # squared error of the probability, 0 to 1 (Brier 1950)
    brier_mean: float  # over this and all points before it
    error_rate: float  # share of points whose probability was on the wrong side of 0.5
    count: int


class Ledger:
    """Labels as they stand. Not thread-safe: its owner holds a lock around `apply` and the reads that need one view."""

    def __init__(self, events: Iterable[Verdict | Undo] = ()) -> None:
        self.last_seq = 0
        self._by_seq: dict[int, Verdict] = {}
        self._live_of_item: dict[str, list[Verdict]] = {}
        self._live_of_image: dict[str, list[Verdict]] = {}  # by path: misses, completions, rejections
        self._auto: dict[int, AutoVerdict] = {}  # live auto events, by number
        self._batches: dict[str, list[Verdict]] = defaultdict(list)
        self._last_on_image: dict[str, dict[str, int]] = defaultdict(dict)  # path -> annotator -> newest event
        self._live_of_annotator: dict[str, list[int]] = defaultdict(list)
        self._event_of_key: dict[str, Verdict | Undo] = {}
        self._undone: set[int] = set()
        self.n_live = 0  # verdicts on items that stand, those that were changed since among them
        self._tests = self._errors = 0
        self._brier_sum = 0.0
        for event in events:
            self.apply(event)

    def apply(self, event: Verdict | Undo) -> Verdict:
        """Take in the log's next event; answers the verdict it made or took back."""
        self.last_seq = event.seq
        self._event_of_key[event.key] = event
        if isinstance(event, Undo):
            taken = self._take_back(event.undoes)
            self._last_on_image[taken.path][event.annotator] = event.seq
            return taken
        self._by_seq[event.seq] = event
        self._last_on_image[event.path][event.annotator] = event.seq
        if event.batch:
            self._batches[event.batch].append(event)
        if event.kind == "verdict":
            self._live_of_item.setdefault(event.item_id, []).append(event)
            self.n_live += 1
        elif isinstance(event, AutoVerdict):
            self._auto[event.seq] = event
        else:
            self._live_of_image.setdefault(event.path, []).append(event)
        if event.strategy != "import":  # nobody pressed a key for it, so no key takes it back
            self._live_of_annotator[event.annotator].append(event.seq)
        self._count(event, 1)
        return event

    def find(self, key: str) -> Verdict | Undo | None:
        """The event a client made under this key, if it has arrived."""
        return self._event_of_key.get(key)

    def verdict(self, seq: int) -> Verdict:
        return self._by_seq[seq]

    def current(self, item_id: str) -> Verdict | None:
        """The newest live verdict on an item: its label, or its skip."""
        live = self._live_of_item.get(item_id)
        return live[-1] if live else None

    def newest_of(self, annotator: str) -> Verdict | None:
        """The newest live verdict of an annotator: what an undo takes back."""
        live = self._live_of_annotator.get(annotator, [])
        while live and live[-1] in self._undone:  # taken back by someone else, as when skips are returned
            live.pop()
        return self._by_seq[live[-1]] if live else None

    def batch_of(self, verdict: Verdict) -> list[Verdict]:
        """The live events that one press made together with this one, newest first; it alone where it stands alone."""
        made = self._batches.get(verdict.batch or "", [verdict])
        return [event for event in reversed(made) if event.seq not in self._undone]

    def history(self, item_id: str) -> tuple[Verdict, ...]:
        """The live verdicts on an item, oldest first: the last is the current one."""
        return tuple(self._live_of_item.get(item_id, ()))

    def histories(self) -> Iterator[list[Verdict]]:
        """The live verdicts of each item that has one, oldest first, in the order of the items' first verdicts."""
        return iter(self._live_of_item.values())

    def auto_events(self) -> Iterable[AutoVerdict]:
        """The live auto events, oldest first."""
        return self._auto.values()

    def auto_labels(self) -> Iterator[Verdict]:
        """The labels that a head gave and that stand; a person's verdict on an item, a skip too, counts before them."""
        known: set[str] = set()
        for event in reversed(self._auto.values()):
            for verdict in event.verdicts():
                if verdict.item_id not in self._live_of_item and verdict.item_id not in known:
                    known.add(verdict.item_id)
                    yield verdict

    def standing(self) -> Iterator[Verdict]:
        """What stands of every item: a person's current verdict, else the label that a head gave."""
        return itertools.chain(self.currents(), self.auto_labels())

    def last_on_image(self, path: str) -> dict[str, int]:
        """Annotator -> the number of their newest event on an image, takings back included."""
        return dict(self._last_on_image.get(path, {}))

    def annotators(self) -> list[str]:
        """Everyone who has given a verdict, by name."""
        return sorted(self._live_of_annotator)

    def currents(self) -> Iterator[Verdict]:
        """The current verdict of every item that has one, in the order of the items' first verdicts."""
        return (live[-1] for live in self._live_of_item.values())

    def image_events(self) -> dict[str, list[Verdict]]:
        """Image path -> its live misses, completions and rejections, oldest first; only images that have one."""
        return self._live_of_image

    def standing_skips(self) -> dict[str, list[Verdict]]:
        """Item id -> its newest run of skips, newest first, for every item whose current verdict is a skip."""
        runs = {}
        for item_id, live in self._live_of_item.items():
            run = list(itertools.takewhile(lambda verdict: verdict.label is None, reversed(live)))
            if run:
                runs[item_id] = run
        return runs

    def points(self) -> list[MetricsPoint]:
        """The prequential series of all live tests, oldest first."""
        points: list[MetricsPoint] = []
        brier_sum, errors = 0.0, 0
        for seq, verdict in self._by_seq.items():
            if seq in self._undone or not _is_test(verdict):
                continue
            brier_sum += _brier(verdict)
            errors += _is_error(verdict)
            points.append(_point(verdict, brier_sum, errors, len(points) + 1))
        return points

    def running(self, verdict: Verdict) -> MetricsPoint | None:
        """The running metrics with `verdict` as the newest test, or None when it is no test."""
        return _point(verdict, self._brier_sum, self._errors, self._tests) if _is_test(verdict) else None

    def _take_back(self, seq: int) -> Verdict:
        verdict = self._by_seq[seq]
        self._undone.add(seq)
        self.n_live -= verdict.kind == "verdict"
        if verdict.kind == "auto":
            del self._auto[seq]
            return verdict
        live_of, place = (
            (self._live_of_item, verdict.item_id) if verdict.kind == "verdict" else (self._live_of_image, verdict.path)
        )
        live_of[place].remove(verdict)
        if not live_of[place]:
            del live_of[place]
        self._count(verdict, -1)
        return verdict

    def _count(self, verdict: Verdict, sign: int) -> None:
        if _is_test(verdict):
            self._tests += sign
            self._errors += sign * _is_error(verdict)
            self._brier_sum += sign * _brier(verdict)


def _is_test(verdict: Verdict) -> bool:
    return (
        verdict.kind == "verdict"
        and verdict.label in (0, 1)
        and verdict.probability is not None
        and verdict.strategy not in NOT_A_TEST
    )


def _brier(verdict: Verdict) -> float:
    assert verdict.probability is not None
    assert verdict.label is not None
    return (verdict.probability - verdict.label) ** 2


def _is_error(verdict: Verdict) -> bool:
    assert verdict.probability is not None
    return (verdict.probability >= 0.5) != bool(verdict.label)


def _point(verdict: Verdict, brier_sum: float, errors: int, count: int) -> MetricsPoint:
    assert verdict.probability is not None
    assert verdict.label is not None
    return MetricsPoint(
        verdict.seq,
        verdict.item_id,
        verdict.label,
        verdict.probability,
        _brier(verdict),
        max(brier_sum, 0.0) / count,
        errors / count,
        count,
    )
