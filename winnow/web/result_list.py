"""Which images were predicted, and what became of each: worked out from the log's events, kept from look to look."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from winnow.corrections.image_results import status_of
from winnow.filters import Filter
from winnow.masks.mask_lines import MaskLines, fingerprint_of_masks
from winnow.proposals.uncertainty import RankingOptions, image_uncertainty
from winnow.session import Session
from winnow.training.listing import Listing
from winnow.training.reading import covered_rows
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict
from winnow.web.schemas_results import Status

EVENTS_AT_ONCE = 20_000
STATUSES: tuple[Status, ...] = ("open", "ok", "corrected", "rejected")


@dataclass(frozen=True)
class Scores:
    """Of the proposals that pass a class and a least score, by image (k,): how many, their mean and least score."""

    n_objects: NDArray[np.int64]
    mean: NDArray[np.float64]  # NaN where none has a score
    least: NDArray[np.float64]


@dataclass(frozen=True)
class Statuses:
    """As of one event of the log, by image (k,): positions in STATUSES, and the newest event's number (0 = none)."""

    seq: int
    of: NDArray[np.int8]
    newest: NDArray[np.int64]


class PredictedImages:
    """The images of one session's pool; `place` is an image's number in refs order."""

    def __init__(self, session: Session) -> None:
        self.session, self.pool = session, session.pool
        self.n = len(self.pool.paths)
        self._lock = threading.Lock()
        self._items_of: dict[str, dict[str, None]] = {}  # path -> items that were ever judged on it, in that order
        self._statuses = Statuses(0, np.zeros(self.n, np.int8), np.zeros(self.n, np.int64))
        self._scores: tuple[tuple[str, float], Scores] | None = None
        self._masks: MaskLines | None = None
        self._covering: tuple[tuple[str, ...], Listing] | None = None

    @cached_property
    def listing(self) -> Listing:
        return Listing(self.pool)

    @property
    def place_of(self) -> dict[str, int]:
        return self.listing.code_of

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """(m,) the pool's proposals."""
        return np.flatnonzero(~np.isnan(self.pool.boxes_xyxy[:, 0]) & ~self.pool.is_duplicate)

    @cached_property
    def is_predicted(self) -> NDArray[np.bool_]:
        """(k,) bool: the images with a proposal."""
        return np.bincount(self.pool.path_codes[self.rows], minlength=self.n) > 0

    @cached_property
    def uncertainty(self) -> NDArray[np.float64]:
        """(k,) in 0 … 1, as the ranking of images has it."""
        return image_uncertainty(self.pool).total(RankingOptions())

    @cached_property
    def classes(self) -> list[str]:
        return sorted(self.pool.classes[code] for code in range(len(self.pool.classes)))

    def place(self, item_id: str) -> int:
        """The image that an item is on; raises UnknownItem."""
        return int(self.pool.path_codes[self.pool.row_of(item_id)])

    def rows_of(self, place: int) -> list[int]:
        """All rows on an image, whole-image items and repeated lines too."""
        return self.listing.rows_of(self.pool.paths[place]).tolist()

    def item_id(self, place: int) -> str:
        """An item on the image."""
        return f"{int(self.pool.ids[self.rows_of(place)[0]]):016x}"

    def listing_for(self, chosen: Filter) -> Listing:
        """What was proposed, near-duplicates that were set aside covered."""
        with self._lock:
            if self._covering is None or self._covering[0] != chosen.set_aside:
                self._covering = chosen.set_aside, self.listing.covering(covered_rows(self.pool, chosen))
            return self._covering[1]

    def masks(self) -> MaskLines:
        """The masks beside the refs; found again where their file has changed. Raises ProposalError."""
        with self._lock:
            if self._masks is None or self._masks.fingerprint != fingerprint_of_masks(self.pool.refs_path):
                self._masks = MaskLines(self.pool.refs_path, self.pool.n_rows)
            return self._masks

    def scores(self, class_name: str, score_min: float) -> Scores:
        """Of one class ("" = all) and from a score on; proposals without a score always pass."""
        asked = (class_name, score_min)
        with self._lock:
            if self._scores is None or self._scores[0] != asked:
                self._scores = asked, self._scores_of(*asked)
            return self._scores[1]

    def statuses(self) -> Statuses:
        """As the log is now; only images with newer events are looked at."""
        while True:  # a piece at a time: verdicts wait for the lock
            with self._lock, self.session.reading() as ledger:
                now = self._caught_up(ledger, EVENTS_AT_ONCE)
                if now.seq == ledger.last_seq:
                    return now

    def ledger_of(self, place: int) -> tuple[Ledger, int, Status]:
        """What stands of the log about one image, the number of its newest event (0 = none), and its status."""
        path = self.pool.paths[place]
        self.statuses()
        with self._lock, self.session.reading() as ledger:
            now = self._caught_up(ledger)
            events = [*ledger.image_events().get(path, ()), *self._verdicts(ledger, path)]
        own = Ledger(sorted(events, key=lambda event: event.seq))
        return own, int(now.newest[place]), STATUSES[now.of[place]]

    def _verdicts(self, ledger: Ledger, path: str) -> list[Verdict]:
        currents = (ledger.current(item_id) for item_id in self._items_of.get(path, ()))
        return [current for current in currents if current is not None]

    def _caught_up(self, ledger: Ledger, most: int | None = None) -> Statuses:
        """As of the newest event, or of at most so many events later than before."""
        before = self._statuses
        until = ledger.last_seq if most is None else min(ledger.last_seq, before.seq + most)
        if before.seq == until:
            return before
        of, newest = before.of.copy(), before.newest.copy()
        for path in self._take_in(ledger, before.seq, until):
            place = self.place_of.get(path)
            if place is not None:
                status = status_of(ledger.image_events().get(path, ()), self._verdicts(ledger, path))
                of[place] = STATUSES.index(status)
                newest[place] = max(ledger.last_on_image(path).values(), default=0)
        self._statuses = Statuses(until, of, newest)
        return self._statuses

    def _take_in(self, ledger: Ledger, after: int, until: int) -> Iterable[str]:
        """The images of the events after one and up to another; what was judged on them is noted."""
        changed: dict[str, None] = {}
        has_gap = False
        for seq in range(after + 1, until + 1):
            try:
                event = ledger.verdict(seq)
            except KeyError:  # a taking back, which does not say of what
                has_gap = True
                continue
            changed[event.path] = None
            items = self._items_of.setdefault(event.path, {})
            if event.kind == "verdict":
                items[event.item_id] = None
        if has_gap:
            newest = ((path, max(ledger.last_on_image(path).values())) for path in self._items_of)
            changed |= {path: None for path, seq in newest if seq > after}
        return changed

    def _scores_of(self, class_name: str, score_min: float) -> Scores:
        rows = self.rows
        scores = self.pool.scores[rows]
        passes = np.isnan(scores) | (scores >= score_min)
        if class_name:
            codes = [code for code in range(len(self.pool.classes)) if self.pool.classes[code] == class_name]
            passes &= np.isin(self.pool.class_codes[rows], codes)
        places, scores = self.pool.path_codes[rows][passes], scores[passes]
        n_objects = np.bincount(places, minlength=self.n)
        is_scored = ~np.isnan(scores)
        places, scores = places[is_scored], scores[is_scored]
        n_scored = np.bincount(places, minlength=self.n)
        least = np.full(self.n, np.inf)
        np.minimum.at(least, places, scores)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(places, scores, minlength=self.n) / n_scored
        return Scores(n_objects, mean, np.where(n_scored > 0, least, np.nan))


class PredictedImagesOf:
    """The images of the session that is open; those of another one are let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: PredictedImages | None = None

    def session(self, session: Session) -> PredictedImages:
        with self._lock:
            if self._images is None or self._images.session is not session:
                self._images = PredictedImages(session)
            return self._images
