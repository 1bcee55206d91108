"""The pool as a map of points, and how labelling went over time: arrays that a page can draw."""

import zlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from winnow.board import SKIPPED
from winnow.pool import Pool
from winnow.verdicts.ledger import BULK_WAYS, MetricsPoint
from winnow.verdicts.log import Verdict
from winnow.verdicts.second_looks import second_looks

PLANE = 65_535  # the map's longer side, in its own units
NO_PROBABILITY, MOST_PROBABLE = 255, 254  # probabilities as bytes
PAUSE_S = 120.0  # a longer gap between two verdicts is no work
BLOCK = 20  # verdicts that a figure over time is taken from, at least
MOST_BLOCKS = 120
MOST_POINTS = 400


class Kind(IntEnum):
    """What a point of the map is to the person."""

    NEGATIVE = 0
    POSITIVE = 1
    SKIPPED = 2
    OPEN = 3
    HIDDEN = 4  # left out by the filter, or without a readable image
    AUTO_NEGATIVE = 5
    AUTO_POSITIVE = 6


@dataclass(frozen=True)
class MapPoints:
    """Where the items lie: rows (m,) int64, ids (m,) uint64, xy (m, 2) uint16, clusters (m,) int16, −1 = in none.

    `key` is another one when the order, the places or the clusters are.
    """

    key: int
    rows: NDArray[np.int64]
    ids: NDArray[np.uint64]
    xy: NDArray[np.uint16]
    clusters: NDArray[np.int16]

    @property
    def n_clusters(self) -> int:
        return int(self.clusters.max(initial=-1)) + 1


def map_points(pool: Pool, layout: NDArray[np.float32], clusters: NDArray[np.int16] | None) -> MapPoints:
    """Every item with a place, repeated lines left out, on a square whose longer side is filled.

    layout (n, 2), not finite = no place; clusters (n,), None = not known yet.
    """
    rows = np.flatnonzero(np.isfinite(layout).all(axis=1) & ~pool.is_duplicate)
    places = layout[rows].astype(np.float64)
    low, high = (places.min(axis=0), places.max(axis=0)) if len(rows) else (np.zeros(2), np.ones(2))
    side = max(float((high - low).max()), 1e-12)
    xy = np.rint((places - (low + high) / 2) / side * PLANE + PLANE / 2).clip(0, PLANE).astype(np.uint16)
    of_rows = np.full(len(rows), -1, np.int16) if clusters is None else np.asarray(clusters[rows], np.int16)
    ids = np.ascontiguousarray(pool.ids[rows])
    key = zlib.crc32(of_rows.tobytes(), zlib.crc32(xy.tobytes(), zlib.crc32(ids.tobytes())))
    return MapPoints(key, rows, ids, xy, of_rows)


def kinds_of(labels: NDArray[np.int16], is_shown: NDArray[np.bool_], auto: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(m,) Kind of rows by their current label codes (m,), whether they may be shown, and what the model gave.

    auto (m,) int8: 0 or 1 where a label is the model's, −1 elsewhere. What a person said goes before all else.
    """
    kinds = np.where(is_shown, Kind.OPEN, Kind.HIDDEN)
    kinds = np.where(auto >= 0, Kind.AUTO_NEGATIVE + auto, kinds)
    kinds = np.where(labels >= 0, np.clip(labels, 0, 1), kinds)
    return np.where(labels == SKIPPED, Kind.SKIPPED, kinds).astype(np.uint8)


def probability_bytes(probability: NDArray[np.float32] | None, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(m,) P(label = 1) of rows in steps of 1/254; 255 where there is none."""
    if probability is None:
        return np.full(len(rows), NO_PROBABILITY, np.uint8)
    values = probability[rows]
    is_known = np.isfinite(values)
    return np.where(is_known, np.rint(np.where(is_known, values, 0) * MOST_PROBABLE), NO_PROBABILITY).astype(np.uint8)


@dataclass(frozen=True)
class Course:
    """How labelling went. All lists of one chart are equally long.

    judged: minutes of work, verdicts until then, positive items then; speed: number of the
    block's last verdict, its median in seconds; agreement: number of the verdict, share agreed until then (None before
    the first pair); error: number of the test, mean Brier score until then, share of wrong sides until then.
    """

    judged_minutes: list[float]
    judged: list[int]
    positive: list[int]
    speed_at: list[int]
    speed_s: list[float]
    agreement_at: list[int]
    with_oneself: list[float | None]
    between_people: list[float | None]
    error_at: list[int]
    brier_mean: list[float]
    error_rate: list[float]


def course_of(histories: list[list[Verdict]], tests: list[MetricsPoint]) -> Course:
    """The course of labelling from each item's live verdicts, oldest first, and the prequential tests."""
    verdicts = sorted((verdict for history in histories for verdict in history), key=lambda verdict: verdict.seq)
    verdicts = [verdict for verdict in verdicts if verdict.strategy not in ("import", "auto")]
    minutes, judged, positive = _judged(verdicts, _steps(histories))
    speed_at, speed_s = _speed(verdicts)
    agreement_at, with_oneself, between_people = _agreement(histories, {v.seq: i + 1 for i, v in enumerate(verdicts)})
    tested = [tests[i] for i in _thinned(len(tests))]
    return Course(
        minutes,
        judged,
        positive,
        speed_at,
        speed_s,
        agreement_at,
        with_oneself,
        between_people,
        [point.count for point in tested],
        [point.brier_mean for point in tested],
        [point.error_rate for point in tested],
    )


def _steps(histories: list[list[Verdict]]) -> dict[int, int]:
    """By the verdict's number: 1 where it made its item positive, −1 where it ended that, 0 where it did neither."""
    return {
        now.seq: (now.label == 1) - (before is not None and before.label == 1)
        for history in histories
        for before, now in zip([None, *history], history, strict=False)
    }


def _judged(verdicts: list[Verdict], steps: dict[int, int]) -> tuple[list[float], list[int], list[int]]:
    """Minutes of work, verdicts and positive items, thinned."""
    at = np.array([verdict.created_at for verdict in verdicts])
    gaps = np.diff(at, prepend=at[:1])
    minutes = np.cumsum(np.where((gaps > 0) & (gaps <= PAUSE_S), gaps, 0.0)) / 60
    positive = np.cumsum([steps[verdict.seq] for verdict in verdicts], dtype=np.int64)
    places = _thinned(len(verdicts))
    return minutes[places].round(3).tolist(), [i + 1 for i in places], positive[places].tolist()


def _speed(verdicts: list[Verdict]) -> tuple[list[int], list[float]]:
    """The median seconds of verdicts given one at a time, by blocks of equal number."""
    timed = [
        (number, verdict.elapsed_ms)
        for number, verdict in enumerate(verdicts, 1)
        if verdict.elapsed_ms is not None and verdict.strategy not in BULK_WAYS
    ]
    n_blocks = min(MOST_BLOCKS, max(1, len(timed) // BLOCK))
    blocks = [block for block in np.array_split(np.array(timed, dtype=np.int64).reshape(-1, 2), n_blocks) if len(block)]
    return [int(block[-1, 0]) for block in blocks], [float(np.median(block[:, 1])) / 1000 for block in blocks]


def _agreement(
    histories: list[list[Verdict]], number_of: dict[int, int]
) -> tuple[list[int], list[float | None], list[float | None]]:
    """The running share of second looks that said the same: of one person's own labels, and of another person's."""
    pairs = sorted(
        (number_of[now.seq], now.annotator == before.annotator, now.label == before.label)
        for history in histories
        for before, now in second_looks(history)
        if now.seq in number_of
    )
    own = _running([is_same if is_own else None for _, is_own, is_same in pairs])
    others = _running([None if is_own else is_same for _, is_own, is_same in pairs])
    places = _thinned(len(pairs))
    return [pairs[i][0] for i in places], [own[i] for i in places], [others[i] for i in places]


def _running(are_same: list[bool | None]) -> list[float | None]:
    """The share of True so far among those that are not None."""
    shares: list[float | None] = []
    agreed = looked = 0
    for is_same in are_same:
        agreed += bool(is_same)
        looked += is_same is not None
        shares.append(agreed / looked if looked else None)
    return shares


def _thinned(n: int) -> list[int]:
    """Evenly spaced places of n, the newest among them."""
    step = max(1, -(-n // MOST_POINTS))
    return [i for i in range(n) if (n - 1 - i) % step == 0]
