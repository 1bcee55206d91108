"""What is known of every image of the pool that is shown, kept from one look to the next."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from winnow.errors import UnreadableImage
from winnow.filters import PROPOSALS, Filter
from winnow.pool import Pool, image_size
from winnow.session import Session
from winnow.training.listing import Listing
from winnow.training.reading import covered_rows, listing_of, other_listings
from winnow.training.truth import STATES, ImageRecord, Truth
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict
from winnow.web.schemas_images import Show


class PoolImages:
    """What the refs alone say of the images; `place` is an image's number in refs order."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.n = len(pool.paths)
        self.listing = listing_of(pool, Filter())
        is_counted = ~np.isnan(pool.boxes_xyxy[:, 0]) & ~pool.is_duplicate
        self.n_proposals = np.bincount(pool.path_codes[is_counted], minlength=self.n)

    @property
    def place_of(self) -> dict[str, int]:
        return self.listing.code_of

    def places_of_class(self, name: str) -> NDArray[np.int64]:
        """Images with a proposal of this class."""
        classes = self.pool.classes
        code = next((code for code in range(len(classes)) if classes[code] == name), None)
        return np.unique(self.pool.path_codes[self.pool.class_codes == code]) if code is not None else np.empty(0, int)


class _Standing(Ledger):
    """What a ledger says now, unmoved by what is recorded after."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.last_seq = ledger.last_seq
        self._currents = list(ledger.standing())
        self._events = {path: list(events) for path, events in ledger.image_events().items()}

    def currents(self) -> Iterator[Verdict]:
        return iter(self._currents)

    def image_events(self) -> dict[str, list[Verdict]]:
        return self._events


class _PoolTruth(Truth):
    """A truth that says which events each of its records follows from."""

    def marks(self) -> dict[str, tuple[int, ...]]:
        """Every image with an event -> the numbers of all events that its record follows from."""
        marks = {path: tuple(verdict.seq for verdict in verdicts) for path, verdicts in self._verdicts.items()}
        for path, events in self._ledger.image_events().items():
            marks[path] = (*marks.get(path, ()), *(event.seq for event in events))
        return marks


@dataclass(frozen=True)
class _Summary:
    mark: tuple[int, ...]
    state: int
    n_to_correct: int
    n_misses: int
    classes: frozenset[str]  # of its truth


@dataclass(frozen=True)
class Look:
    """All images as of one event of the log; those that only the log knows come after the pool's."""

    truth: Truth
    images: PoolImages
    elsewhere: list[str]
    states: NDArray[np.int8]  # (k,) positions in STATES
    is_to_correct: NDArray[np.bool_]
    is_missed: NDArray[np.bool_]
    places_by_class: dict[str, list[int]]  # where the truth has it

    def path(self, place: int) -> str:
        return self.images.pool.paths[place] if place < self.images.n else self.elsewhere[place - self.images.n]

    def record(self, place: int) -> ImageRecord:
        return self.truth.record(self.path(place))

    def passes(self, show: Show) -> NDArray[np.bool_]:
        """(k,) bool: the images of one kind."""
        if show == "to_correct":
            return self.is_to_correct
        if show == "missed":
            return self.is_missed
        return np.ones(len(self.states), bool) if show == "all" else self.states == STATES.index(show)

    def has_class(self, name: str) -> NDArray[np.bool_]:
        """(k,) bool: proposed or accepted as this class."""
        has = np.zeros(len(self.states), bool)
        has[self.images.places_of_class(name)] = True
        has[self.places_by_class.get(name, [])] = True
        return has


class ImageStates:
    """One session's images; after a verdict only its own image is worked out again."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._summaries: dict[str, _Summary] = {}
        self._sizes: dict[str, tuple[int, int] | None] = {}
        self._look: tuple[int, Filter, Look] | None = None

    @cached_property
    def _images(self) -> PoolImages:
        return PoolImages(self.session.pool)

    @cached_property
    def _others(self) -> list[Listing]:
        return other_listings(self.session.other_refs())

    def look(self) -> Look:
        """As the log is now."""
        with self._lock:
            chosen = self.session.filter
            with self.session.reading() as ledger:
                if self._look is not None and self._look[:2] == (ledger.last_seq, chosen):
                    return self._look[2]
                standing = _Standing(ledger)
            if self._look is not None and self._look[1].set_aside != chosen.set_aside:
                self._summaries = {}
            own = self._images.listing.covering(covered_rows(self.session.pool, chosen))
            truth = _PoolTruth(own, standing, others=self._others)
            self._summaries = self._summarised(truth)
            look = self._look_of(truth)
            self._look = standing.last_seq, chosen, look
            return look

    def other_refs_of(self, path: str) -> list[str]:
        """Names of the project's other refs that list an image: proposals first, of these the newest."""
        names = [listing.pool.refs_path.name for listing in self._others if path in listing.code_of]
        return sorted(names, key=lambda name: (name.startswith(PROPOSALS), name), reverse=True)

    def size_of(self, path: str, row: int) -> tuple[int, int] | None:
        """Width and height of an image in pixels, None for one that cannot be read."""
        if path not in self._sizes:
            try:
                self._sizes[path] = image_size(self.session.image_file(row))
            except UnreadableImage:
                self._sizes[path] = None
        return self._sizes[path]

    def _summarised(self, truth: _PoolTruth) -> dict[str, _Summary]:
        return {
            path: known if (known := self._summaries.get(path)) and known.mark == mark else _summary(truth, path, mark)
            for path, mark in truth.marks().items()
        }

    def _look_of(self, truth: Truth) -> Look:
        images = self._images
        elsewhere = sorted(path for path in self._summaries if path not in images.place_of)
        place_elsewhere = {path: place for place, path in enumerate(elsewhere, images.n)}
        k = images.n + len(elsewhere)
        states, is_to_correct, is_missed = np.zeros(k, np.int8), np.zeros(k, bool), np.zeros(k, bool)
        by_class: dict[str, list[int]] = {}
        for path, summary in self._summaries.items():
            place = place_elsewhere[path] if path in place_elsewhere else images.place_of[path]
            states[place] = summary.state
            is_to_correct[place], is_missed[place] = summary.n_to_correct > 0, summary.n_misses > 0
            for name in summary.classes:
                by_class.setdefault(name, []).append(place)
        return Look(truth, images, elsewhere, states, is_to_correct, is_missed, by_class)


class ImageStatesOf:
    """The images of the session that is open; those of another one are let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: ImageStates | None = None

    def session(self, session: Session) -> ImageStates:
        with self._lock:
            if self._states is None or self._states.session is not session:
                self._states = ImageStates(session)
            return self._states


def _summary(truth: Truth, path: str, mark: tuple[int, ...]) -> _Summary:
    record = truth.record(path)
    classes = frozenset(region.class_name for region in record.accepted)
    return _Summary(mark, STATES.index(record.state), len(record.to_correct), record.open_misses, classes)
