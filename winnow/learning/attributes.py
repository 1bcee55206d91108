"""What a proposal says of itself: its score, its class, and how it lies to other proposals of its image."""

import contextlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.learning.calibration import sigmoid
from winnow.learning.overlaps import Overlaps, find_overlaps
from winnow.pool import Pool

CACHE_VERSION = 1
SAFE = 1e-4  # scores of 0 and 1 would say that no verdict can change them
# Columns of the table; an overlap is the largest IoU, 0 where there is none.
FIXED = ("logit_score", "overlap_better_same_class", "overlap_better_any_class")
TOLD = (  # by the verdicts on other proposals; the rejected ones count only where they have the better score
    "overlap_accepted_same_class",
    "overlap_accepted_other_class",
    "overlap_rejected_same_class",
    "overlap_rejected_other_class",
)
NAMES = (*FIXED, *TOLD, "class_effect")


@dataclass(frozen=True)
class Attributes:
    """The pool's proposals as columns.

    fixed (n, 3) float32 holds FIXED; classes (n,) int64 numbers the classes from 1, 0 = none given; n_classes counts
    that too; is_better (p,) and is_same_class (p,) bool compare each overlap's other row with its own.
    """

    fixed: NDArray[np.float32]
    classes: NDArray[np.int64]
    n_classes: int
    overlaps: Overlaps
    is_better: NDArray[np.bool_]
    is_same_class: NDArray[np.bool_]

    @property
    def prior(self) -> NDArray[np.float32]:
        """(n,) float32 P(label = 1) before any verdict: the score's own word."""
        return sigmoid(self.fixed[:, 0])

    def told(self, rows: NDArray[np.int64], values: NDArray[np.int8]) -> NDArray[np.float32]:
        """(n, 4) float32 TOLD by the labels values (m,) of rows (m,); a row's own label does not change its own."""
        told = np.zeros((len(self.fixed), len(TOLD)), np.float32, order="F")
        position, place = self.overlaps.of(rows)
        is_accepted, is_other = values[position] == 1, ~self.is_same_class[place]
        counts = is_accepted | ~self.is_better[place]  # the other row is told; to it this one is the better
        column = 2 * ~is_accepted + is_other
        np.maximum.at(told, (self.overlaps.others[place][counts], column[counts]), self.overlaps.iou[place][counts])
        return told


def attributes_of(pool: Pool, *, cache: Path | None = None) -> Attributes | None:
    """The attributes of a pool of proposals, None for a pool without scores; kept in `cache` between runs."""
    if not np.isfinite(pool.scores).any():
        return None
    classes = np.asarray(pool.class_codes, dtype=np.int64) + 1
    logit = logit_scores(pool.scores)
    overlaps = _read_cache(cache, pool.fingerprint) if cache else None
    if overlaps is None:
        overlaps = find_overlaps(pool.boxes_xyxy, pool.path_codes, np.flatnonzero(~pool.is_duplicate))
        if cache:
            _write_cache(cache, pool.fingerprint, overlaps)
    return build_attributes(logit, classes, len(pool.classes) + 1, overlaps)


def build_attributes(
    logit: NDArray[np.float32], classes: NDArray[np.int64], n_classes: int, overlaps: Overlaps
) -> Attributes:
    """The attributes of proposals with logit scores (n,), of two equal ones the earlier is the better."""
    one, other = np.repeat(np.arange(len(logit)), np.diff(overlaps.starts)), overlaps.others
    is_better = (logit[other] > logit[one]) | ((logit[other] == logit[one]) & (other < one))
    is_same_class = classes[other] == classes[one]
    fixed = np.zeros((len(logit), len(FIXED)), np.float32, order="F")
    fixed[:, 0] = logit
    for column, counts in ((1, is_better & is_same_class), (2, is_better)):
        np.maximum.at(fixed[:, column], one[counts], overlaps.iou[counts])
    return Attributes(fixed, classes, n_classes, overlaps, is_better, is_same_class)


def logit_scores(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n,) float32 log-odds of scores (n,) in [0, 1]; scores of another range are first replaced by their rank's share.

    A missing score gets the mean of those there are.
    """
    known = np.isfinite(scores)
    given = np.asarray(scores)[known]
    if given.min() < 0 or given.max() > 1:
        distinct, place = np.unique(given, return_inverse=True)
        given = (place + 1) / (len(distinct) + 1)
    share = np.clip(given, SAFE, 1 - SAFE)
    logit = np.log(share / (1 - share))
    whole = np.full(len(scores), logit.mean(), np.float32)
    whole[known] = logit
    return whole


def _read_cache(path: Path, fingerprint: str) -> Overlaps | None:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) != f"{CACHE_VERSION} {fingerprint}":
                return None
            return Overlaps(stored["starts"], stored["others"], stored["iou"])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # missing, damaged or of another pool: found anew and replaced


def _write_cache(path: Path, fingerprint: str, overlaps: Overlaps) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # A folder that cannot be written costs every start some seconds, no more.
    with contextlib.suppress(OSError):
        with open(unfinished, "wb") as file:
            key = np.array(f"{CACHE_VERSION} {fingerprint}")
            np.savez(file, key=key, starts=overlaps.starts, others=overlaps.others, iou=overlaps.iou)
        os.replace(unfinished, path)
