"""Decode, prepare, encode: each image is decoded once, in threads, some batches ahead of the encoder."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from winnow.errors import UnreadableImage
from winnow.features.encoders import Encoder
from winnow.pool import Pool, clip_box, load_image

_BATCHES_AHEAD = 2


@dataclass(frozen=True)
class Batch:
    """Refs rows (k,) of one batch, and their vectors (k, d) float32; `errors` maps rows without one to the reason."""

    number: int
    rows: list[int]
    vectors: np.ndarray
    errors: dict[int, str]


@dataclass(frozen=True)
class _Prepared:
    rows: list[int]
    inputs: list[Any]
    errors: dict[int, str]


class InlineExecutor(Executor):
    """Runs each task where it is submitted: `--num-workers 0`."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Pipeline:
    """Batches of a pool's rows through one encoder; `n_decoded` counts the images that were decoded."""

    def __init__(self, pool: Pool, encoder: Encoder, num_workers: int) -> None:
        self._pool, self._encoder = pool, encoder
        self._num_workers = num_workers
        self._last_image: tuple[int, Future] | None = None
        self.n_decoded = 0

    def run(self, batches: list[tuple[int, np.ndarray]]) -> Iterator[Batch]:
        """Each numbered batch of rows (k,) in turn; rows of one image must stand together."""
        executor = ThreadPoolExecutor(self._num_workers) if self._num_workers else InlineExecutor()
        largest = max((len(rows) for _, rows in batches), default=1)
        ahead = max(_BATCHES_AHEAD, 2 * self._num_workers // largest) if self._num_workers else 1
        waiting: deque[tuple[int, list[Future]]] = deque()
        try:
            for number, rows in batches:
                waiting.append((number, self._submit(executor, rows)))
                if len(waiting) > ahead:
                    yield self._encode(*waiting.popleft())
            while waiting:
                yield self._encode(*waiting.popleft())
        finally:
            executor.shutdown(cancel_futures=True)

    def _submit(self, executor: Executor, rows: np.ndarray) -> list[Future]:
        codes = self._pool.path_codes[rows]
        groups = np.split(rows, np.flatnonzero(np.diff(codes)) + 1)
        return [executor.submit(self._prepare, self._decoded(executor, group), group.tolist()) for group in groups]

    def _decoded(self, executor: Executor, rows: np.ndarray) -> "Future[Image.Image]":
        """The image of these rows; it is still at hand when the batch before ended within the same image."""
        code = int(self._pool.path_codes[rows[0]])
        if self._last_image is None or self._last_image[0] != code:
            self.n_decoded += 1
            self._last_image = (code, executor.submit(load_image, self._pool.file_of(int(rows[0]))))
        return self._last_image[1]

    def _prepare(self, decoded: "Future[Image.Image]", rows: list[int]) -> _Prepared:
        # The executor is first in, first out: the image was begun before this task, so waiting cannot block it.
        try:
            image = decoded.result()
        except UnreadableImage as error:
            return _Prepared([], [], dict.fromkeys(rows, str(error)))
        boxes = {row: self._pool.item(row).box_xyxy for row in rows}
        regions = {row: box and clip_box(box, image.size) for row, box in boxes.items()}
        errors = {row: _outside(image) for row in rows if boxes[row] and not regions[row]}
        kept = [row for row in rows if row not in errors]
        inputs = self._encoder.prepare(image, [regions[row] for row in kept]) if kept else []
        return _Prepared(kept, inputs, errors)

    def _encode(self, number: int, futures: list[Future]) -> Batch:
        parts: list[_Prepared] = [future.result() for future in futures]
        rows = [row for part in parts for row in part.rows]
        errors = {row: reason for part in parts for row, reason in part.errors.items()}
        inputs = [one for part in parts for one in part.inputs]
        vectors = self._encoder.encode(inputs) if inputs else np.empty((0, self._encoder.width), np.float32)
        return Batch(number, rows, vectors, errors)


def _outside(image: Image.Image) -> str:
    return f"the box lies wholly outside the image, which is {image.width} × {image.height} pixels"
