"""The refs files that propose jobs wrote: how many of what, and the proposals of each image to draw."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from winnow.errors import UnknownPool, UnreadableImage, WinnowError
from winnow.masks.rle import Rle, polygons
from winnow.masks.sidecar import read_masks, sidecar_path
from winnow.pool import Box, Pool, image_size, open_pool, render_view
from winnow.pool.images import check_inside
from winnow.round_files import proposals_files
from winnow.settings import Settings

_RENDERERS = 2  # more would only take turns on the cores that verdicts need too
_TOLERANCE = 0.5  # pixels by which a drawn outline may leave the mask's


@dataclass(frozen=True)
class Proposal:
    """One proposal to draw; `polygons` are its mask's outlines, x y in pixels, empty without a mask."""

    id: str
    box_xyxy: Box | None
    class_name: str | None
    score: float | None
    polygons: list[list[tuple[float, float]]]


@dataclass(frozen=True)
class ProposalImage:
    """An image and what was proposed on it, best score first; `problem` says why it cannot be shown."""

    index: int
    path: str
    width: int | None
    height: int | None
    problem: str | None
    proposals: list[Proposal]


class ProposalFile:
    """One refs file, read once; images are counted in its order."""

    def __init__(self, path: Path, image_root: Path | None) -> None:
        self.path, self._image_root = path, image_root
        self.pool: Pool = open_pool(path)
        rows = np.flatnonzero(~self.pool.is_duplicate)
        self._rows = rows[np.argsort(self.pool.path_codes[rows], kind="stable")]
        self._codes, self._starts = np.unique(self.pool.path_codes[self._rows], return_index=True)
        self._ends = np.append(self._starts[1:], len(self._rows))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def n_proposals(self) -> int:
        return self.pool.n_items

    @property
    def n_images(self) -> int:
        return len(self._codes)

    @property
    def created_at(self) -> float:
        return self.path.stat().st_mtime

    @property
    def has_masks(self) -> bool:
        return sidecar_path(self.path).is_file()

    @property
    def has_features(self) -> bool:
        return self.path.with_suffix(".npy").is_file()

    @cached_property
    def classes(self) -> dict[str, int]:
        codes, counts = np.unique(self.pool.class_codes[self._rows], return_counts=True)
        named = {
            self.pool.classes.get(int(code)) or "(no class)": int(n) for code, n in zip(codes, counts, strict=True)
        }
        return dict(sorted(named.items(), key=lambda pair: -pair[1]))

    @cached_property
    def sources(self) -> list[str]:
        named = (self.pool.sources.get(int(code)) for code in np.unique(self.pool.source_codes))
        return [name for name in named if name]

    @property
    def score_min(self) -> float | None:
        return self._score(np.nanmin)

    @property
    def score_max(self) -> float | None:
        return self._score(np.nanmax)

    def images(self, offset: int, limit: int) -> list[ProposalImage]:
        """A window of the images; raises ProposalError where the masks beside the file are damaged."""
        return [self._image(index) for index in range(offset, min(offset + limit, self.n_images))]

    def image_file(self, index: int) -> Path:
        """Where an image lies; raises UnreadableImage for one outside `image_root`, UnknownPool for a wrong index."""
        if not 0 <= index < self.n_images:
            raise UnknownPool(f"{self.name} has {self.n_images:,} images; there is no image {index}.")
        path = self.pool.file_of(int(self._rows[self._starts[index]]))
        check_inside(path, self._image_root)
        return path

    def _image(self, index: int) -> ProposalImage:
        rows = self._rows[self._starts[index] : self._ends[index]]
        path = self.pool.paths[int(self._codes[index])]
        proposals = sorted((self._proposal(int(row)) for row in rows), key=lambda proposal: -(proposal.score or 0.0))
        try:
            width, height = image_size(self.image_file(index))
        except UnreadableImage as error:
            return ProposalImage(index, path, None, None, str(error), proposals)
        return ProposalImage(index, path, width, height, None, proposals)

    def _proposal(self, row: int) -> Proposal:
        item = self.pool.item(row)
        outlines = _outlines(self._masks[row]) if row in self._masks else []
        return Proposal(item.id, item.box_xyxy, item.class_name, item.score, outlines)

    @cached_property
    def _masks(self) -> dict[int, Rle]:
        return read_masks(self.path, self.pool.n_rows)

    def _score(self, of: Callable[[np.ndarray], float]) -> float | None:
        return None if np.isnan(self.pool.scores).all() else float(of(self.pool.scores))


def _outlines(mask: Rle) -> list[list[tuple[float, float]]]:
    import cv2

    simple = (cv2.approxPolyDP(outline.astype(np.float32), _TOLERANCE, True)[:, 0, :] for outline in polygons(mask))
    return [[(round(float(x), 1), round(float(y), 1)) for x, y in outline] for outline in simple if len(outline) > 2]


class ProposalFiles:
    """The refs files named proposals-*.csv beside the project's first, each kept open until it changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: dict[str, tuple[tuple[int, int], ProposalFile]] = {}
        self._renderers = threading.BoundedSemaphore(_RENDERERS)

    def list(self) -> tuple[list[ProposalFile], list[str]]:
        """Those that can be read, newest first, and why the others cannot."""
        files, problems = [], []
        for path in proposals_files(self._settings.base_folder):
            try:
                files.append(self._file(path))
            except (WinnowError, OSError) as error:
                problems.append(f"{path.name}: {error}")
        return files, problems

    def get(self, name: str) -> ProposalFile:
        """One of the listed files; raises UnknownPool for any other name."""
        path = next((path for path in proposals_files(self._settings.base_folder) if path.name == name), None)
        if path is None:
            raise UnknownPool(f"There is no proposal file {name!r} in {self._settings.base_folder}.")
        return self._file(path)

    def render(self, name: str, index: int, size: int) -> tuple[bytes, str]:
        """An image's bytes, at most `size` pixels on its longer side, and their media type; raises UnreadableImage."""
        path = self.get(name).image_file(index)
        with self._renderers:
            return render_view(path, None, view="image", size=size, context=0)

    def tag(self, name: str, index: int, size: int) -> str:
        """Another one for each state of the image's file."""
        path = self.get(name).image_file(index)
        try:
            state = path.stat()
        except OSError as error:
            raise UnreadableImage(f"{path}: {error.strerror}. Put the file back.") from error
        key = f"{path}\0{state.st_size}\0{state.st_mtime_ns}\0{size}"
        return f'"{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"'

    def _file(self, path: Path) -> ProposalFile:
        stat = path.stat()
        state = (stat.st_size, stat.st_mtime_ns)
        with self._lock:
            kept = self._open.get(path.name)
            if kept is None or kept[0] != state:
                kept = self._open[path.name] = (state, ProposalFile(path, self._settings.image_root))
            return kept[1]
