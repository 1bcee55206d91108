"""Refs in, feature matrix out: resumable, decoding each image once, computing only what is not known yet."""

import csv
import dataclasses
import io
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image
from tqdm import tqdm

from winnow.errors import FeaturesError, UnreadableImage
from winnow.features.encoders import Encoder, EncoderOptions, Load, load_encoder
from winnow.features.manifest import Manifest, ids_path, manifest_path, write_manifest, write_text
from winnow.features.pipeline import Batch, Pipeline
from winnow.features.plan import make_plan, open_run, recorded_precision
from winnow.features.regions import Region
from winnow.features.store import Part, disk_errors, in_chunks
from winnow.pool import Pool, clip_box, load_image

_NOTE_EVERY_S = 0.25  # a kill loses at most this much work
_SAMPLE = 16  # items on which --precision auto is decided


@dataclass(frozen=True)
class Failure:
    """An item without a vector, and why."""

    path: str
    item_id: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What a run did; counts are distinct items."""

    path: Path
    encoder: str
    n_items: int
    n_computed: int
    n_decoded: int
    failures: list[Failure]


def extract(
    pool: Pool,
    out: Path,
    options: EncoderOptions,
    *,
    dtype: str = "float32",
    batch_size: int = 32,
    num_workers: int = 2,
    load: Load = load_encoder,
) -> Report:
    """Writes the pool's feature matrix, its manifest and its errors; goes on where a killed run stopped.

    `load` gives the encoder: a process that stays hands out the one that it has in memory. Raises FeaturesError where
    another run writes the same matrix or the disk refuses, EncoderError without weights.
    """
    if out.suffix != ".npy":
        raise FeaturesError(f"--out must end in .npy, got {out}.")
    with disk_errors(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out.with_name(f".{out.name}.lock"), timeout=0):
            return _extract(pool, out, _load_encoder(pool, out, options, load), dtype, batch_size, num_workers)
    except Timeout as error:
        raise FeaturesError(
            f"Another compute_features.py is writing {out}. Wait for it, or give another --out."
        ) from error


def _extract(pool: Pool, out: Path, encoder: Encoder, dtype: str, batch_size: int, num_workers: int) -> Report:
    plan = make_plan(pool, encoder, dtype, batch_size)
    with disk_errors(out):
        part = open_run(out, pool, plan, encoder.is_per_image)
    pipeline = Pipeline(pool, encoder, num_workers)
    n_computed = _compute(part, pipeline)
    failures = [_failure(pool, row, part.errors[row]) for row in sorted(part.errors)]
    with disk_errors(out):
        is_invalid = _fill_in(part, pool)
        _describe(part, pool, plan, is_invalid, part.folder / out.name)
        _publish(part, out, failures)
    return Report(out, encoder.name, pool.n_items, n_computed, pipeline.n_decoded, failures)


def _load_encoder(pool: Pool, out: Path, options: EncoderOptions, load: Load) -> Encoder:
    recorded = recorded_precision(out, options.model) if options.precision == "auto" else None
    if recorded:  # measuring again could come out otherwise, and the halves would not match
        options = dataclasses.replace(options, precision=recorded)
    return load(options, lambda: _sample(pool))


def _sample(pool: Pool) -> list[tuple[Image.Image, Region]]:
    sample: list[tuple[Image.Image, Region]] = []
    for row in np.unique(np.linspace(0, pool.n_rows - 1, _SAMPLE, dtype=np.int64)).tolist():
        try:
            image = load_image(pool.file_of(row))
        except UnreadableImage:
            continue  # the run itself will list it
        box = pool.item(row).box_xyxy
        sample.append((image, box and clip_box(box, image.size)))
    return sample


def _compute(part: Part, pipeline: Pipeline) -> int:
    """Runs the pending batches; returns the number of items computed. A batch counts once it is on disk."""
    pending = part.pending
    batches = [(number, part.schedule.batch(number)) for number in pending]
    n_pending, n_all = sum(len(rows) for _, rows in batches), len(part.schedule.rows)
    finished: list[Batch] = []
    noted_at = time.monotonic()
    with tqdm(total=n_all, initial=n_all - n_pending, unit="item", smoothing=0.1, file=sys.stderr) as progress:
        try:
            for batch in pipeline.run(batches):
                finished.append(_write(part, batch))
                progress.update(len(part.schedule.batch(batch.number)))
                if time.monotonic() - noted_at > _NOTE_EVERY_S:
                    part.note([(done.number, done.errors) for done in finished])
                    finished, noted_at = [], time.monotonic()
        finally:
            part.note([(done.number, done.errors) for done in finished])
    return n_pending


def _write(part: Part, batch: Batch) -> Batch:
    """Stores a batch's vectors; a vector that is not finite in the matrix's type becomes an error."""
    with np.errstate(over="ignore"):
        vectors = batch.vectors.astype(part.vectors.dtype)
    is_finite = np.isfinite(vectors).all(axis=1)
    part.vectors[batch.rows] = vectors
    reason = f"the encoder gave a vector that is not finite in {part.vectors.dtype}"
    overflowed = [row for row, finite in zip(batch.rows, is_finite.tolist(), strict=True) if not finite]
    return dataclasses.replace(batch, errors=batch.errors | dict.fromkeys(overflowed, reason))


def _failure(pool: Pool, row: int, reason: str) -> Failure:
    item = pool.item(row)
    return Failure(item.path, item.id, reason)


def _fill_in(part: Part, pool: Pool) -> np.ndarray:
    """Gives repeated lines their first's vector, and rows without one NaN; returns those, (n,) bool."""
    vectors, repeats = part.vectors, np.flatnonzero(pool.is_duplicate)
    firsts = pool.rows_of(pool.ids[repeats])
    vectors[list(part.errors)] = np.nan  # who ignores the manifest meets NaN, not a plausible vector
    for rows, copies in in_chunks(repeats, firsts, vectors):
        vectors[rows] = copies
    vectors.flush()  # type: ignore[attr-defined]
    is_invalid = np.zeros(pool.n_rows, dtype=bool)
    is_invalid[list(part.errors)] = True
    is_invalid[repeats] = is_invalid[firsts]
    return is_invalid


def _describe(part: Part, pool: Pool, plan: dict[str, Any], is_invalid: np.ndarray, features_path: Path) -> None:
    """Writes the manifest and the item ids beside `features_path`."""
    n_rows, width = plan["shape"]
    manifest = Manifest(
        encoder=plan["encoder"],
        recipe=plan["recipe"],
        preprocessing=plan["preprocessing"],
        dtype=plan["dtype"],
        n_rows=n_rows,
        width=width,
        refs_fingerprint=pool.fingerprint,
        item_ids=plan["item_ids"],
        invalid_rows=np.flatnonzero(is_invalid).tolist(),
    )
    np.save(ids_path(features_path), part.schedule.ids, allow_pickle=False)
    write_manifest(features_path, manifest)


def _publish(part: Part, out: Path, failures: list[Failure]) -> None:
    """Moves the finished files to their place; the matrix goes last, so that no matrix ever has another's manifest."""
    inside = part.folder / out.name
    out.unlink(missing_ok=True)
    for path in (ids_path(inside), manifest_path(inside)):
        path.replace(out.with_name(path.name))
    _write_failures(out.with_suffix(".errors.csv"), failures)
    (part.folder / "vectors.npy").replace(out)
    shutil.rmtree(part.folder, ignore_errors=True)


def _write_failures(path: Path, failures: list[Failure]) -> None:
    if not failures:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([field.name for field in dataclasses.fields(Failure)])
    writer.writerows(dataclasses.astuple(failure) for failure in failures)
    write_text(path, text.getvalue())
