"""What is known of each image: its true boxes, its background, and what nobody has judged yet."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.pool import Pool
from winnow.pool.boxes import Box
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict
from winnow.verdicts.reasons import REASONS

State = Literal["untouched", "in_progress", "complete"]
STATES: tuple[State, ...] = ("untouched", "in_progress", "complete")
Place = Literal["accepted", "rejected", "to_correct", "unreviewed", "nowhere"]
NO_CLASS = "object"  # of regions that neither proposal nor person named


@dataclass(frozen=True)
class Region:
    """A box on an image; `seq` is the verdict behind it, 0 = none, `claimed` the class it was proposed as."""

    item_id: str
    box_xyxy: Box
    class_name: str
    score: float | None
    seq: int
    claimed: str | None
    reason: str | None = None


@dataclass(frozen=True)
class ImageRecord:
    """One image. accepted: its truth; rejected: background for sure; unreviewed: neither, and never background.

    to_correct, a part of unreviewed: regions that hold an object, but whose box or class is known to be wrong.
    """

    path: str
    state: State
    accepted: tuple[Region, ...]
    rejected: tuple[Region, ...]
    unreviewed: tuple[Region, ...]
    to_correct: tuple[Region, ...]
    open_misses: int
    group: str | None


class Truth:
    """The images of a pool and of the log's earlier pools, as a ledger has them.

    Args:
        pool: None reads the log alone.
        covered: (n,) bool, rows that stand for the same region as a row that is shown: they need no verdict.
    """

    def __init__(self, pool: Pool | None, ledger: Ledger, *, covered: NDArray[np.bool_] | None = None) -> None:
        self._pool, self._ledger = pool, ledger
        n = pool.n_rows if pool else 0
        self._covered = np.zeros(n, dtype=bool) if covered is None else covered
        self._verdicts: dict[str, list[Verdict]] = defaultdict(list)
        self._replaced: set[str] = set()
        for verdict in ledger.currents():
            if verdict.box_xyxy is not None:
                self._verdicts[verdict.path].append(verdict)
                if verdict.replaces and verdict.label:
                    self._replaced.add(verdict.replaces)

    @cached_property
    def paths(self) -> list[str]:
        """Every image: the pool's in the order of its refs, then those that only the log knows."""
        pool = self._pool
        pools = [pool.paths[code] for code in range(len(pool.paths))] if pool else []
        known = set(pools)
        logged = [*self._verdicts, *(path for path in self._ledger.image_events() if path not in self._verdicts)]
        return pools + sorted(path for path in logged if path not in known)

    @property
    def last_seq(self) -> int:
        """The log's newest event."""
        return self._ledger.last_seq

    def record(self, path: str) -> ImageRecord:
        places = self._places(path)
        misses, is_closed = self._misses(path)
        is_judged = any(verdict.label is not None for verdict in self._verdicts.get(path, ()))
        open_regions = places["unreviewed"] + places["to_correct"]
        is_complete = not misses and (is_closed or (is_judged and not open_regions))
        is_touched = bool(path in self._verdicts or misses or is_closed)
        return ImageRecord(
            path=path,
            state="complete" if is_complete else "in_progress" if is_touched else "untouched",
            accepted=_ordered(places["accepted"]),
            rejected=_ordered(places["rejected"]),
            # What a completed image leaves without a verdict is background by the word of who completed it.
            unreviewed=() if is_complete else _ordered(open_regions),
            to_correct=() if is_complete else _ordered(places["to_correct"]),
            open_misses=misses,
            group=self.group_of(path),
        )

    def records(self) -> Iterator[ImageRecord]:
        """Every image's record, in the order of `paths`."""
        return (self.record(path) for path in self.paths)

    def states(self) -> NDArray[np.int8]:
        """(k,) positions in STATES, of `paths`; only images with events are looked at one by one."""
        touched = set(self._verdicts) | set(self._ledger.image_events())
        states = np.zeros(len(self.paths), np.int8)
        for place, path in enumerate(self.paths):
            if path in touched:
                states[place] = STATES.index(self.record(path).state)
        return states

    def row_of(self, path: str) -> int | None:
        """The pool's first row on this image."""
        rows = self._rows_of(path)
        return int(rows[0]) if len(rows) else None

    def _places(self, path: str) -> dict[Place, list[Region]]:
        """The image's regions by what is known of them; replaced ones are nowhere."""
        places: dict[Place, list[Region]] = defaultdict(list)
        regions = self._proposed_regions(path)
        for verdict in self._verdicts.get(path, ()):
            proposed = regions.pop(verdict.item_id, None)
            if verdict.item_id not in self._replaced:
                places[_place_of(verdict)].append(_judged_region(verdict, proposed))
        places["unreviewed"] += [region for region in regions.values() if region.item_id not in self._replaced]
        return places

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {self._pool.paths[code]: code for code in range(len(self._pool.paths))} if self._pool else {}

    @cached_property
    def _by_path(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        assert self._pool
        order = np.argsort(self._pool.path_codes, kind="stable")
        return order, np.searchsorted(self._pool.path_codes[order], np.arange(len(self._pool.paths) + 1))

    def _rows_of(self, path: str) -> NDArray[np.int64]:
        code = self._code_of.get(path)
        if code is None:
            return np.empty(0, np.int64)
        order, starts = self._by_path
        return order[starts[code] : starts[code + 1]]

    def _proposed_regions(self, path: str) -> dict[str, Region]:
        """By item id, the pool's boxes on an image that need a verdict of their own."""
        regions = {}
        for row in self._rows_of(path):
            assert self._pool
            item = self._pool.item(int(row))
            if item.box_xyxy is not None and not self._pool.is_duplicate[row] and not self._covered[row]:
                regions[item.id] = Region(
                    item.id, item.box_xyxy, item.class_name or NO_CLASS, item.score, 0, item.class_name
                )
        return regions

    def _misses(self, path: str) -> tuple[int, bool]:
        """Misses since the image was last completed, and whether it was."""
        misses, is_closed = 0, False
        for event in self._ledger.image_events().get(path, ()):
            misses, is_closed = (0, True) if event.kind == "complete" else (misses + 1, is_closed)
        return misses, is_closed

    def group_of(self, path: str) -> str | None:
        """The group that the pool has an image in: images of one group stay on one side of the hold-out split."""
        row = self.row_of(path)
        return None if row is None or self._pool is None else self._pool.groups.get(int(self._pool.group_codes[row]))


def _place_of(verdict: Verdict) -> Place:
    """Where a verdict puts its region."""
    if verdict.label is None:
        return "unreviewed"
    if verdict.label == 1:
        return "accepted"
    if verdict.reason == "wrong_class":
        return "accepted" if verdict.class_name else "to_correct"
    if verdict.reason == "duplicate":
        return "nowhere"
    reason = REASONS.get(verdict.reason or "")
    return "to_correct" if reason and reason.holds_object else "rejected"


def _judged_region(verdict: Verdict, proposed: Region | None) -> Region:
    assert verdict.box_xyxy
    # Logs of schema 1 do not say what was proposed; the pool does, while it has the item.
    claimed = verdict.proposed_class or (proposed.claimed if proposed else None)
    score = verdict.score if verdict.score is not None or proposed is None else proposed.score
    name = verdict.class_name or claimed or NO_CLASS
    return Region(verdict.item_id, verdict.box_xyxy, name, score, verdict.seq, claimed, verdict.reason)


def _ordered(regions: list[Region]) -> tuple[Region, ...]:
    return tuple(sorted(regions, key=lambda region: (region.box_xyxy, region.item_id)))
