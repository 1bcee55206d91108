"""Feature vectors of corrected boxes, right after they were saved: corrections.csv and its matrix follow the log."""

import contextlib
import csv
import io
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.corrections.encoder_process import EncoderCrashed, EncoderProcess
from winnow.errors import FeaturesError, RefsError, WinnowError
from winnow.features import FeatureMatrix, open_features
from winnow.features.manifest import ids_path, is_made_alike, manifest_path, read_manifest, write_text
from winnow.pool import open_pool
from winnow.round_files import corrections_path
from winnow.training.regions import NO_CLASS
from winnow.training.truth import replaced_items
from winnow.verdicts.log import Verdict

log = logging.getLogger(__name__)
SOURCE = "correction"
HEADER = ("path", "x1", "y1", "x2", "y2", "class", "score", "source", "label")
TRIES = 3  # of a process that ends before it answers
RETRY_S = 2.0


@dataclass(frozen=True)
class CorrectedState:
    """How far the features of corrections are; `problem` says why the waiting ones have none."""

    n_items: int = 0
    n_waiting: int = 0
    problem: str | None = None


def is_correction(verdict: Verdict) -> bool:
    """Whether an event is on a box that somebody drew or gave another class."""
    is_named = verdict.class_name is not None and verdict.strategy == "review"  # accepted once more
    is_drawn = SOURCE in (verdict.strategy, verdict.source) or verdict.replaces is not None
    return verdict.box_xyxy is not None and (is_drawn or is_named)


def accepted_corrections(currents: Iterable[Verdict]) -> list[Verdict]:
    """Of the current verdicts of items, those on accepted boxes drawn by hand, oldest first; replaced ones left out."""
    corrections = [verdict for verdict in currents if is_correction(verdict)]
    replaced = replaced_items(corrections)
    accepted = [verdict for verdict in corrections if verdict.label == 1 and verdict.item_id not in replaced]
    return sorted(accepted, key=lambda verdict: verdict.seq)


def refs_text(corrections: Sequence[Verdict]) -> str:
    """The refs file of these verdicts, as CSV; a box drawn by hand has no score of its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for verdict in corrections:
        assert verdict.box_xyxy
        name = verdict.class_name or verdict.proposed_class or NO_CLASS
        writer.writerow([verdict.path, *map(repr, verdict.box_xyxy), name, None, SOURCE, 1])
    return text.getvalue()


def is_own(refs: Path) -> bool:
    """Whether this list of corrections is there and was written here; somebody else's of this name is left alone."""
    if not refs.is_file():
        return False
    header, *lines = refs.read_text(encoding="utf-8").splitlines() or [""]
    return header == ",".join(HEADER) and all(line.endswith(f",{SOURCE},1") for line in lines)


def write_refs(refs: Path, text: str) -> None:
    """Replaces the list of corrections where it says something else; raises RefsError for a file that is not ours."""
    if refs.exists() and not is_own(refs):
        raise RefsError(f"{refs} was not written by Winnow. Rename it: corrected boxes are listed under this name.")
    if not refs.exists() or refs.read_text(encoding="utf-8") != text:
        write_text(refs, text)


class CorrectedFeatures:
    """A thread that brings corrections.csv and corrections.npy up to date, by a process that holds the encoder.

    Args:
        folder: where the project's refs lie.
        like: the matrix of the pool that is shown: its manifest says which encoder and preprocessing.
        read: the current verdicts that are corrections.
        learn: takes the item ids (k,) uint64 and the vectors (k, d) of all accepted corrections.
    """

    def __init__(
        self,
        folder: Path,
        like: FeatureMatrix,
        *,
        read: Callable[[], list[Verdict]],
        learn: Callable[[NDArray[np.uint64], NDArray[np.floating]], None],
        process: EncoderProcess | None = None,
    ) -> None:
        self._refs, self._like, self._read, self._learn = corrections_path(folder), like, read, learn
        self._out = self._refs.with_suffix(".npy")
        self._process = process or EncoderProcess()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="corrected features", daemon=True)
        self.state = CorrectedState()

    def start(self) -> None:
        """Begin with what the log has and the matrix lacks."""
        self._thread.start()

    def notice(self, events: Sequence[Verdict]) -> None:
        """Called with what was recorded or taken back; returns at once."""
        if any(map(is_correction, events)):
            self._wake.set()

    def close(self) -> None:
        self._closing.set()
        self._wake.set()
        self._process.close()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        n_crashes = 0
        while not self._closing.is_set():
            try:
                self._bring_up_to_date()
                n_crashes = 0
            except WinnowError as error:
                is_to_be_retried = isinstance(error, EncoderCrashed) and n_crashes < TRIES - 1
                n_crashes = n_crashes + 1 if is_to_be_retried else 0
                self._tell(str(error))
            except Exception as error:
                log.exception("Features of corrections")
                self._tell(f"Features of corrections were not written: {type(error).__name__}: {error}")
            self._wake.wait(RETRY_S if n_crashes else None)
            self._wake.clear()

    def _bring_up_to_date(self) -> None:
        corrections = accepted_corrections(self._read())
        if not corrections:
            if is_own(self._refs):
                remove_files(self._refs)
            self._learn(np.empty(0, np.uint64), np.empty((0, self._like.vectors.shape[1]), np.float32))
            self.state = CorrectedState()
            return
        self.state = CorrectedState(len(corrections), len(corrections))
        if self._like.encoder is None:
            raise FeaturesError(
                f"{self._like.path.name} was made elsewhere: no {manifest_path(self._like.path).name} says by which "
                "encoder, so corrected boxes get no features and teach the model nothing. Verdicts and boxes are kept. "
                "Make the features with compute_features.py to change that."
            )
        write_refs(self._refs, refs_text(corrections))
        if not self._is_current():
            self._process.compute(self._refs, self._out, self._like.path)
        self._take_in(len(corrections))

    def _is_current(self) -> bool:
        """Whether the matrix has a row for every line, made as the pool's."""
        with contextlib.suppress(WinnowError):
            open_features(self._out, open_pool(self._refs))
            own, like = read_manifest(self._out), read_manifest(self._like.path)
            return bool(own and like and is_made_alike(own.recipe, own.preprocessing, like) and own.dtype == like.dtype)
        return False

    def _take_in(self, n_items: int) -> None:
        pool = open_pool(self._refs)
        matrix = open_features(self._out, pool)
        rows = np.flatnonzero(matrix.is_valid)
        self._learn(pool.ids[rows], np.array(matrix.vectors[rows]))
        n_failed = n_items - len(rows)
        problem = f"{n_failed} corrected boxes have no features; corrections.errors.csv says why." if n_failed else None
        self.state = CorrectedState(n_items, n_failed, problem)

    def _tell(self, problem: str) -> None:
        if self._closing.is_set():
            return
        if problem != self.state.problem:
            log.error("Corrected boxes have no features yet. %s", problem)
        self.state = CorrectedState(self.state.n_items, self.state.n_waiting, problem)


def remove_files(refs: Path) -> None:
    """Take away the list of corrections and all that was made of it: there is none any more."""
    out = refs.with_suffix(".npy")
    for path in (out, manifest_path(out), ids_path(out), out.with_suffix(".errors.csv"), refs):
        path.unlink(missing_ok=True)
    shutil.rmtree(refs.with_name(f"{refs.name}.winnow"), ignore_errors=True)
