"""What is known of each image: its true boxes, its background, and what nobody has judged yet."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.pool import Pool
from winnow.pool.boxes import iou
from winnow.training.listing import Listing
from winnow.training.regions import NO_CLASS, Place, Region, judged_region, place_of
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict

__all__ = ["NO_CLASS", "STATES", "ImageRecord", "Region", "State", "Truth"]

State = Literal["untouched", "in_progress", "complete"]
STATES: tuple[State, ...] = ("untouched", "in_progress", "complete")
DUPLICATE_IOU = 0.3  # a duplicate is one of an accepted box that it overlaps by this much


@dataclass(frozen=True)
class ImageRecord:
    """One image. accepted: its truth; rejected: background for sure; unreviewed: neither, and never background.

    to_correct, a part of unreviewed: regions that hold an object, but whose box or class is known to be wrong.
    is_listed: False where no refs at hand say what was proposed on the image, so that more may be unreviewed.
    """

    path: str
    state: State
    accepted: tuple[Region, ...]
    rejected: tuple[Region, ...]
    unreviewed: tuple[Region, ...]
    to_correct: tuple[Region, ...]
    open_misses: int
    group: str | None
    is_listed: bool = True


class Truth:
    """The images of a project, as its refs and a ledger have them.

    An image is complete when somebody said so, or when all that one of the refs proposed on it is judged; a miss that
    came later, or an object that still waits for its box or class, holds it open.

    Args:
        pool: the pool that is shown, first in `paths`; None reads the log alone.
        covered: (n,) bool of its rows, as Listing has it.
        others: what else was proposed in this project, by earlier rounds.
    """

    def __init__(
        self,
        pool: Pool | Listing | None,
        ledger: Ledger,
        *,
        covered: NDArray[np.bool_] | None = None,
        others: Sequence[Listing] = (),
    ) -> None:
        own = Listing(pool, covered) if isinstance(pool, Pool) else pool
        self._own, self._ledger = own, ledger
        self._listings = [*([own] if own else []), *others]
        self._verdicts: dict[str, list[Verdict]] = defaultdict(list)
        self._replaced: set[str] = set()
        for verdict in ledger.currents():
            if verdict.box_xyxy is not None:
                self._verdicts[verdict.path].append(verdict)
                if verdict.replaces and verdict.label:
                    self._replaced.add(verdict.replaces)

    @cached_property
    def paths(self) -> list[str]:
        """Every image: the shown pool's in the order of its refs, then the other refs', then those of the log alone."""
        listed = dict.fromkeys(path for listing in self._listings for path in listing.code_of)
        logged = sorted({*self._verdicts, *self._ledger.image_events()} - listed.keys())
        return [*listed, *logged]

    @property
    def last_seq(self) -> int:
        """The log's newest event."""
        return self._ledger.last_seq

    def record(self, path: str) -> ImageRecord:
        proposed = [regions for listing in self._listings if (regions := listing.regions(path)) and listing.is_whole]
        places = self._places(path)
        judged = {verdict.item_id for verdict in self._verdicts.get(path, ()) if verdict.label is not None}
        judged |= self._replaced
        misses, is_closed = self._misses(path)
        is_judged = any(regions.keys() <= judged for regions in proposed)
        is_complete = not misses and (is_closed or (is_judged and not places["to_correct"]))
        is_touched = bool(path in self._verdicts or misses or is_closed)
        unjudged = {id_: r for regions in proposed for id_, r in regions.items() if id_ not in judged}
        open_regions = [*(unjudged | {r.item_id: r for r in places["skipped"]}).values(), *places["to_correct"]]
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
            is_listed=bool(proposed),
        )

    def records(self) -> Iterator[ImageRecord]:
        """Every image's record, in the order of `paths`."""
        return (self.record(path) for path in self.paths)

    def states(self) -> NDArray[np.int8]:
        """(k,) positions in STATES, of `paths`; only images with events are looked at one by one."""
        touched = self._verdicts.keys() | self._ledger.image_events().keys()
        states = np.zeros(len(self.paths), np.int8)
        for place, path in enumerate(self.paths):
            if path in touched:
                states[place] = STATES.index(self.record(path).state)
        return states

    def row_of(self, path: str) -> int | None:
        """The shown pool's first row on this image."""
        rows = self._own.rows_of(path).tolist() if self._own else []
        return rows[0] if rows else None

    def group_of(self, path: str) -> str | None:
        """The group that refs have an image in: images of one group stay on one side of the hold-out split."""
        return next((group for listing in self._listings if (group := listing.group_of(path))), None)

    def _places(self, path: str) -> dict[Place, list[Region]]:
        """The image's judged regions by what is known of them; replaced ones are nowhere."""
        places: dict[Place, list[Region]] = defaultdict(list)
        verdicts = [v for v in self._verdicts.get(path, ()) if v.item_id not in self._replaced]
        proposed = {id_: region for listing in self._listings for id_, region in listing.regions(path).items()}
        for verdict in verdicts:
            places[place_of(verdict)].append(judged_region(verdict, proposed.get(verdict.item_id)))
        # A duplicate of nothing that was accepted is an object without a box.
        places["to_correct"] += [
            region
            for region in places["duplicate"]
            if not any(iou(region.box_xyxy, kept.box_xyxy) >= DUPLICATE_IOU for kept in places["accepted"])
        ]
        return places

    def _misses(self, path: str) -> tuple[int, bool]:
        """Misses since the image was last completed, and whether it was."""
        misses, is_closed = 0, False
        for event in self._ledger.image_events().get(path, ()):
            misses, is_closed = (0, True) if event.kind == "complete" else (misses + 1, is_closed)
        return misses, is_closed


def _ordered(regions: Sequence[Region]) -> tuple[Region, ...]:
    return tuple(sorted(regions, key=lambda region: (region.box_xyxy, region.item_id)))
