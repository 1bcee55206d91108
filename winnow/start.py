"""Where labelling starts while nothing positive is known: what covers the pool, examples, oddities, or a tour."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.examples import Example, ExampleFiles
from winnow.atlas.orders import cluster_coverage, example_order
from winnow.errors import SettingsError, WinnowError
from winnow.pool.boxes import Box
from winnow.session import Session

log = logging.getLogger(__name__)
ORDER_ROWS = 4096  # of an order that are kept: a head comes long before these are judged


@dataclass(frozen=True)
class StartWay:
    name: str
    label: str
    help: str


START_WAYS: dict[str, StartWay] = {
    "cover": StartWay("cover", "A bit of everything", "Each item as unlike those before it as can be."),
    "example": StartWay("example", "Like my examples", "What looks most like the pictures you gave comes first."),
    "unusual": StartWay("unusual", "Unusual first", "What is least like anything else in the pool: oddities, defects."),
    "tour": StartWay("tour", "Tour of the groups", "One item of each group of look-alikes in turn, largest first."),
}
FROM_ATLAS = ("unusual", "tour")
_SWITCHED_OFF = "This start needs the pool's atlas, which is switched off: set WINNOW_ATLAS=true and start again."


@dataclass(frozen=True)
class Coverage:
    """Groups with a judged item, all groups, and the share of the items that lie in the former."""

    seen: int
    total: int
    share_of_items: float


class Encoder(Protocol):
    """Makes vectors of pictures; `close` ends it, also while it works."""

    def compute(self, refs: Path, out: Path, like: Path) -> object: ...

    def close(self) -> None: ...


class Beginning:
    """The chosen start of an open session, kept with its log; the examples are files beside the pool's other caches.

    Pictures are encoded by a thread; all else is in force when a call returns, or as soon as the atlas knows.

    Args:
        new_encoder: makes an encoder, which is closed when it has nothing left to do: it is large.
    """

    def __init__(self, session: Session, folder: Path, new_encoder: Callable[[], Encoder]) -> None:
        self.session = session
        self.files = ExampleFiles(folder)
        self._new_encoder = new_encoder
        self._encoder: Encoder | None = None
        self._vectors: NDArray[np.floating] | None = None  # (k, d) of the pictures; None while they are to be made
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._is_closed = self._is_waiting_for_atlas = False
        self._picture_problem: str | None = None
        saved = session.remembered(self._name)
        self.way = saved if saved in START_WAYS else "cover"
        self._thread = threading.Thread(target=self._run, name="examples", daemon=True)
        self._thread.start()
        session.guidance.tell_atlas(self._take_atlas)
        self._wake.set()
        if self.way != "cover":
            self._apply()

    @property
    def state(self) -> Literal["ready", "building", "encoding"]:
        """Whether the way is in force, or what it still waits for."""
        atlas = self.session.guidance.atlas
        if self._is_waiting_for_atlas and atlas and atlas.problem is None:
            return "building"
        is_encoding = self.way == "example" and self._vectors is None and self._picture_problem is None
        return "encoding" if is_encoding and self.files.pictures else "ready"

    @property
    def problem(self) -> str | None:
        """Why the way, or an example, does not count."""
        atlas = self.session.guidance.atlas
        if self._is_waiting_for_atlas:
            return _SWITCHED_OFF if atlas is None else atlas.problem
        return self._picture_problem

    @property
    def coverage(self) -> Coverage | None:
        """How much of the pool's groups was judged; None until they are known."""
        atlas = self.session.guidance.atlas
        if atlas is None or atlas.clusters is None:
            return None
        judged = np.flatnonzero(self.session.board.label_of_row >= 0)
        return Coverage(*cluster_coverage(atlas.clusters, judged))

    def choose(self, way: str) -> None:
        """Start this way, now and after a restart; raises SettingsError for one that cannot be."""
        if way not in START_WAYS:
            raise SettingsError(f"There is no start {way!r}; choose one of {', '.join(START_WAYS)}.")
        if way == "example" and not self.files.examples:
            raise SettingsError("There is no example yet: drop a picture on the page, or take the item on screen.")
        if way in FROM_ATLAS and self.session.guidance.atlas is None:
            raise SettingsError(_SWITCHED_OFF)
        self._follow(way)

    def add_item(self, key: str, item_id: str) -> None:
        """Start with what is most like this item too; raises UnknownItem."""
        row = self.session.pool.row_of(item_id)
        if not self.session.space.is_usable[row]:
            raise SettingsError(f"The item {item_id} has no features to compare by; choose another example.")
        with self._lock:
            self.files.add_item(key, item_id)
            self._follow("example")

    def add_picture(self, key: str, content: bytes, name: str, box_xyxy: Box | None) -> None:
        """Start with what is most like this picture, or this box of it, too.

        Raises UnreadableImage, BadBox, and SettingsError where the pool's features were made elsewhere.
        """
        if self.session.features.encoder is None:
            raise SettingsError(
                "This pool's features were made elsewhere, so no picture can be compared with them: "
                "take items of the pool as examples, or make the features with compute_features.py."
            )
        with self._lock:
            self.files.add_picture(key, content, name, box_xyxy)
            self._encode_again()
            self._follow("example")

    def remove(self, example_id: str) -> None:
        """Take an example away; raises UnknownItem."""
        with self._lock:
            gone = self.files.one(example_id)
            self.files.remove(example_id)
            if gone.kind == "picture":
                self._encode_again()
            self._follow("cover" if self.way == "example" and not self.files.examples else self.way)

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        encoder = self._encoder
        if encoder:
            encoder.close()
        self._thread.join()

    def picture_path(self, example_id: str) -> tuple[Path, Example]:
        """Where a picture lies, and what it is an example of; raises UnknownItem."""
        example = self.files.one(example_id)
        return self.files.path_of(example), example

    @property
    def _name(self) -> str:
        return f"start:{self.session.pool.refs_path.name}"

    def _follow(self, way: str) -> None:
        with self._lock:
            self.way = way
            self.session.remember(self._name, way)
            self._apply()

    def _apply(self) -> None:
        """Puts the way's order in force; as long as there is none, what covers the pool is shown."""
        with self._lock:
            rows = self._order()
            self._is_waiting_for_atlas = rows is None and self.way in FROM_ATLAS
            self.session.guidance.set_start(None if rows is None else self.way, rows)

    def _take_atlas(self) -> None:
        if self._is_waiting_for_atlas and not self._is_closed:
            self._apply()

    def _order(self) -> NDArray[np.int64] | None:
        """Rows, best first; None for what covers the pool, and while another order cannot be made yet."""
        atlas, space = self.session.guidance.atlas, self.session.space
        if self.way == "example":
            directions = self._directions()
            return None if directions is None else example_order(space, directions, self._allowed(), ORDER_ROWS)
        if self.way == "cover" or atlas is None:
            return None
        rows = atlas.unusual_order(space.n) if self.way == "unusual" else atlas.tour_order(space.n)
        return None if rows is None else rows[self._allowed()[rows]][:ORDER_ROWS]

    def _allowed(self) -> NDArray[np.bool_]:
        pool = self.session.pool
        is_judged: NDArray[np.bool_] = self.session.board.label_of_row >= 0
        return self.session.space.is_usable & ~pool.is_duplicate & self.session.shown & ~is_judged

    def _directions(self) -> NDArray[np.float32] | None:
        """(e, d) of the examples that are known so far; None without any."""
        space, pool = self.session.space, self.session.pool
        rows = pool.rows_of(np.array([int(example.item_id or "", 16) for example in self.files.items], np.uint64))
        rows = rows[rows >= 0]
        if self._vectors is not None and len(self._vectors):
            space, first = space.with_outside(self._vectors), space.n + len(space.outside)
            rows = np.concatenate([rows, first + np.arange(len(self._vectors))])
        return space.directions(rows) if len(rows) else None

    def _encode_again(self) -> None:
        self._vectors, self._picture_problem = None, None
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._is_closed:
                return
            if self.files.pictures and self._vectors is None:
                self._encode_pictures()

    def _encode_pictures(self) -> None:
        pictures, problem, vectors = self.files.pictures, None, None
        encoder = self._encoder = self._new_encoder()
        try:
            vectors = self.files.encode_pictures(encoder.compute, self.session.features.path)
        except WinnowError as error:
            problem = str(error)
        finally:
            encoder.close()
            self._encoder = None
        with self._lock:
            if self._is_closed or pictures != self.files.pictures:
                return  # others are to be encoded by now
            if problem:
                log.warning("Examples: %s", problem)
            self._vectors, self._picture_problem = vectors, problem
            self._apply()
