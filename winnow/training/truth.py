"""What is known of each image: its true boxes, its background, and what nobody has judged yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.pool import Pool
from winnow.pool.boxes import SAME_IOU, iou
from winnow.training.listing import Listing
from winnow.training.masks_of import MasksOf
from winnow.training.regions import NO_CLASS, Region, judged_region
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict
from winnow.verdicts.reasons import Place, place_of

__all__ = ["NO_CLASS", "STATES", "ImageRecord", "Region", "State", "Truth"]

State = Literal["untouched", "in_progress", "complete"]
STATES: tuple[State, ...] = ("untouched", "in_progress", "complete")
DUPLICATE_IOU = 0.3  # a duplicate is one of an accepted box that it overlaps by this much
KEPT_RECORDS = 20_000  # each takes about a kilobyte
REPEAT_IOU = 0.7  # boxes of one class that two rounds proposed are one object from here on; the newer one counts


@dataclass(frozen=True)
class ImageRecord:
    """One image. accepted: its truth; rejected: background for sure; unreviewed: neither, and never background.

    is_rejected: what was proposed on it is of no use, as a whole; it is not complete until somebody says so.
    to_correct, a part of unreviewed: regions that hold an object, but whose box or class is known to be wrong.
    A complete image has unreviewed regions only where a later round proposed what no judged region lies on. is_listed:
    False where no refs at hand say what was proposed on the image, so that more may be unreviewed.
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
    is_rejected: bool = False


class Truth:
    """The images of a project, as its refs and a ledger have them.

    An image is complete when somebody said so, or when all that one of the refs proposed on it is judged; a miss, a
    skip or an object that waits for its box or class holds it open, also when it comes after that word.

    A label that a head gave, proved by an audit, counts as a person's until there is one.

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
        boxed = [verdict for verdict in ledger.standing() if verdict.box_xyxy is not None]
        for verdict in boxed:
            self._verdicts[verdict.path].append(verdict)
        self._replaced = replaced_items(boxed)
        self._records: dict[str, ImageRecord] = {}

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

    @property
    def pools(self) -> list[Pool]:
        """What proposed, the shown pool first: beside their refs lie the masks of proposals."""
        return [listing.pool for listing in self._listings]

    @cached_property
    def masks(self) -> MasksOf:
        """The masks of accepted regions, each pool's read once."""
        return MasksOf(self.pools)

    def events_since(self, seq: int) -> list[Verdict]:
        """What stands of the events after a number: the label or skip of each item, and all on whole images."""
        on_images = (event for events in self._ledger.image_events().values() for event in events)
        return [event for event in (*self._ledger.standing(), *on_images) if event.seq > seq]

    def record(self, path: str) -> ImageRecord:
        """What is known of one image; worked out once, up to KEPT_RECORDS of those with events."""
        if path in self._records:
            return self._records[path]
        record = self._work_out(path)
        if self.is_touched(path) and len(self._records) < KEPT_RECORDS:
            self._records[path] = record
        return record

    def _work_out(self, path: str) -> ImageRecord:
        rounds = [regions for listing in self._listings if (regions := listing.regions(path)) and listing.is_whole]
        places = self._places(path)
        misses, closed_at, is_rejected = self._image_events(path)
        waiting = [*places["unsettled"], *places["to_correct"]]
        late = [region for region in waiting if region.seq > closed_at]
        settled = {verdict.item_id for verdict in self._verdicts.get(path, ())} | self._replaced
        settled -= {region.item_id for region in places["unsettled"]}
        judged = [*places["accepted"], *places["rejected"]]  # a skip or a bad box speaks for no later proposal
        is_judged = any(_is_judged(regions, settled, judged) for regions in rounds) and not places["to_correct"]
        is_complete = not misses and not is_rejected and (not late if closed_at else is_judged)
        unjudged = {id_: r for regions in rounds for id_, r in regions.items() if id_ not in settled}
        if closed_at:
            # By the word of who closed it, what had no verdict then is background.
            open_regions = late
        elif is_complete:
            open_regions = _unlike(unjudged.values(), judged)
        else:
            open_regions = [*(unjudged | {region.item_id: region for region in waiting}).values()]
        return ImageRecord(
            path=path,
            state="complete" if is_complete else "in_progress" if self.is_touched(path) else "untouched",
            accepted=_ordered(places["accepted"]),
            rejected=_ordered(places["rejected"]),
            unreviewed=_ordered(open_regions),
            to_correct=_ordered([region for region in places["to_correct"] if region.seq > closed_at]),
            open_misses=misses,
            group=self.group_of(path),
            is_listed=bool(rounds),
            is_rejected=is_rejected,
        )

    def records(self) -> Iterator[ImageRecord]:
        """Every image's record, in the order of `paths`."""
        return (self.record(path) for path in self.paths)

    def states(self) -> NDArray[np.int8]:
        """(k,) positions in STATES, of `paths`; only images with events are looked at one by one."""
        states = np.zeros(len(self.paths), np.int8)
        for place, path in enumerate(self.paths):
            if self.is_touched(path):
                states[place] = STATES.index(self.record(path).state)
        return states

    def row_of(self, path: str) -> int | None:
        """The shown pool's first row on this image."""
        rows = self._own.rows_of(path).tolist() if self._own else []
        return rows[0] if rows else None

    def group_of(self, path: str) -> str | None:
        """The group that refs have an image in: images of one group stay on one side of the hold-out split."""
        return next((group for listing in self._listings if (group := listing.group_of(path))), None)

    def is_touched(self, path: str) -> bool:
        """Whether the log has an event on it; all others are untouched."""
        return path in self._verdicts or path in self._ledger.image_events()

    def _places(self, path: str) -> dict[Place, list[Region]]:
        """The image's judged regions by what is known of them; replaced ones are nowhere."""
        places: dict[Place, list[Region]] = defaultdict(list)
        rounds = [listing.regions(path) for listing in self._listings]
        proposed = {id_: region for regions in rounds for id_, region in regions.items()}
        for verdict in self._verdicts.get(path, ()):
            if verdict.item_id not in self._replaced:
                places[place_of(verdict)].append(judged_region(verdict, proposed.get(verdict.item_id)))
        places["accepted"] = _without_repeats(places["accepted"], rounds)
        # A duplicate of nothing that was accepted is an object without a box.
        places["to_correct"] += [
            region
            for region in places["duplicate"]
            if not any(iou(region.box_xyxy, kept.box_xyxy) >= DUPLICATE_IOU for kept in places["accepted"])
        ]
        return places

    def _image_events(self, path: str) -> tuple[int, int, bool]:
        """Misses since it was last completed, the number of that event (0 = none that stands), and `is_rejected`."""
        misses, closed_at, is_rejected = 0, 0, False
        for event in self._ledger.image_events().get(path, ()):
            if event.kind == "complete":
                misses, closed_at, is_rejected = 0, event.seq, False
            elif event.kind == "reject":
                closed_at, is_rejected = 0, True
            else:
                misses += 1
        return misses, closed_at, is_rejected


def replaced_items(currents: Iterable[Verdict]) -> set[str]:
    """Ids of the items that a correction took the place of, also by way of others: of X → Y → Z only Z counts.

    The newest verdict of a chain decides, so that a box which was drawn back is not lost, and a correction that was
    deleted (label 0) does not bring back what it replaced.
    """
    newest_first = sorted(currents, key=lambda verdict: -verdict.seq)
    before = {verdict.item_id: verdict.replaces for verdict in newest_first if verdict.label is not None}
    replaced: set[str] = set()
    for verdict in newest_first:
        if verdict.item_id in replaced:
            continue
        earlier = before.get(verdict.item_id)
        while earlier and earlier not in replaced and earlier != verdict.item_id:
            replaced.add(earlier)
            earlier = before.get(earlier)
    return replaced


def _without_repeats(accepted: list[Region], rounds: Sequence[Mapping[str, Region]]) -> list[Region]:
    """Accepted regions, newest first, without those that an earlier round boxed already.

    One round or labelled set may crowd, and so may who draws, or who leaves a drawn box in a review of its image: they
    saw both.
    """
    if any(all(region.item_id in round_ for region in accepted) for round_ in rounds):
        return accepted
    kept: list[Region] = []
    proposed: dict[frozenset[float], list[Region]] = defaultdict(list)  # by what has it: thousands share one round
    for region in sorted(accepted, key=lambda region: -region.seq):
        own = {float(number) for number, round_ in enumerate(rounds) if region.item_id in round_}
        own |= {region.imported_at} if region.imported_at else set()
        is_repeat = any(
            other.class_name == region.class_name
            and not (region.is_drawn and other.batch)
            and iou(other.box_xyxy, region.box_xyxy) >= REPEAT_IOU
            for theirs, others in proposed.items()
            if not own & theirs
            for other in others
        )
        if not is_repeat:
            kept.append(region)
            proposed[frozenset(own)] += [] if region.is_drawn else [region]
    return kept


def _is_judged(regions: Mapping[str, Region], settled: set[str], judged: Sequence[Region]) -> bool:
    """Whether every region of one round has a verdict, of its own or by another round's region in its place."""
    rest = [region for item_id, region in regions.items() if item_id not in settled]
    return not _unlike(rest, [region for region in judged if region.item_id not in regions])


def _unlike(regions: Iterable[Region], judged: Sequence[Region]) -> list[Region]:
    """Those that no judged region of their class lies on."""
    return [
        one
        for one in regions
        if all(one.class_name != other.class_name or iou(one.box_xyxy, other.box_xyxy) < SAME_IOU for other in judged)
    ]


def _ordered(regions: Sequence[Region]) -> tuple[Region, ...]:
    return tuple(sorted(regions, key=lambda region: (region.box_xyxy, region.item_id)))
