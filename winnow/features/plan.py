"""What a run has to compute: the settings that decide its numbers, its fixed batches, and what is known already."""

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import FeaturesError
from winnow.features.encoders import Encoder
from winnow.features.manifest import hash_ids, ids_path, read_manifest
from winnow.features.matrix import open_vectors, valid_rows
from winnow.features.store import Known, Part, Schedule, create_part, in_chunks, open_part, read_plan
from winnow.pool import Pool

_RECIPE = ("recipe", "preprocessing", "dtype")  # equal: the same item has the same vector, but for its last bits
_PACKAGES = ("torch", "transformers", "numpy", "pillow", "scikit-image", "scipy")


@dataclass(frozen=True)
class Source:
    """Vectors computed earlier: vectors[i] belongs to item ids[i] where is_good[i]."""

    ids: np.ndarray
    vectors: np.ndarray
    is_good: np.ndarray


def part_folder(features_path: Path) -> Path:
    return features_path.with_suffix(".part.winnow")


def make_plan(pool: Pool, encoder: Encoder, dtype: str, batch_size: int) -> dict[str, Any]:
    """All that two runs must share for the second to go on with the first, bit for bit; made of JSON's types."""
    plan = {
        "encoder": encoder.name,
        "recipe": encoder.recipe,
        "preprocessing": encoder.preprocessing,
        "dtype": dtype,
        "shape": [pool.n_rows, encoder.width],
        "item_ids": hash_ids(pool.ids),
        "batch_size": batch_size,
        "device": encoder.device,
        "versions": {package: _version(package) for package in _PACKAGES},
    }
    return json.loads(json.dumps(plan))


def recorded_precision(features_path: Path, model: str) -> str | None:
    """What `--precision auto` came to in the run that this one goes on with or adds to; None where there is none."""
    plans = [read_plan(part_folder(features_path)), read_plan(_old_folder(features_path))]
    manifest = read_manifest(features_path)
    recipes = [plan["recipe"] for plan in plans if plan and plan["encoder"] == model]
    recipes += [manifest.recipe] if manifest and manifest.encoder == model else []
    return next((recipe["precision"] for recipe in recipes if recipe.get("precision") in ("fp32", "bf16")), None)


def open_run(features_path: Path, pool: Pool, plan: dict[str, Any], is_per_image: bool) -> Part:
    """The unfinished run of this very plan, or a new one that takes over what earlier ones know."""
    folder, old = part_folder(features_path), _old_folder(features_path)
    unfinished = read_plan(folder)
    if unfinished == plan:
        return open_part(folder)
    if unfinished is not None:
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
    sources = [source for source in (_finished(features_path, plan), _unfinished(old, plan)) if source]
    part = _begin(folder, pool, plan, is_per_image, sources)
    shutil.rmtree(old, ignore_errors=True)
    return part


def make_schedule(pool: Pool, is_known: np.ndarray, batch_size: int, is_per_image: bool) -> Schedule:
    """Unknown items sorted by image, so that one decode serves all, in batches of `batch_size` items or images."""
    rows = np.flatnonzero(~is_known & ~pool.is_duplicate)
    rows = rows[np.argsort(pool.path_codes[rows], kind="stable")]
    firsts = np.arange(len(rows))
    if is_per_image:
        firsts = np.flatnonzero(np.diff(pool.path_codes[rows], prepend=-1))
    return Schedule(np.array(pool.ids), is_known, rows, np.append(firsts[::batch_size], len(rows)))


def _begin(folder: Path, pool: Pool, plan: dict[str, Any], is_per_image: bool, sources: list[Source]) -> Part:
    is_known = np.zeros(pool.n_rows, dtype=bool)
    known: list[Known] = []
    for source in sources:
        rows = np.where(source.is_good, pool.rows_of(source.ids), -1)
        from_rows = np.flatnonzero(rows >= 0)
        is_known[rows[from_rows]] = True
        known.append(in_chunks(rows[from_rows], from_rows, source.vectors))
    schedule = make_schedule(pool, is_known, plan["batch_size"], is_per_image)
    return create_part(folder, plan, schedule, (pair for pairs in known for pair in pairs))


def _finished(features_path: Path, plan: dict[str, Any]) -> Source | None:
    """The matrix of the last whole run, where its numbers may be used."""
    manifest = read_manifest(features_path)
    if manifest is None or not features_path.exists() or any(getattr(manifest, key) != plan[key] for key in _RECIPE):
        return None
    vectors = open_vectors(features_path)
    try:
        ids = np.load(ids_path(features_path), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise FeaturesError(
            f"{ids_path(features_path)} tells which row of {features_path.name} is which item, and cannot be read "
            f"({error}). Delete {features_path} to compute everything again."
        ) from error
    fits = hash_ids(ids) == manifest.item_ids and vectors.shape == (len(ids), plan["shape"][1])
    return Source(ids, vectors, valid_rows(manifest)) if fits else None


def _unfinished(old: Path, plan: dict[str, Any]) -> Source | None:
    """An interrupted run over other refs, where its numbers may be used."""
    earlier = read_plan(old)
    if earlier is None:
        return None
    if any(earlier[key] != plan[key] for key in (*_RECIPE, "versions", "device")):
        print(f"An unfinished run with other settings ({earlier['encoder']}) is dropped.", file=sys.stderr)
        return None
    part = open_part(old)
    return Source(part.schedule.ids, part.vectors, part.is_computed())


def _old_folder(features_path: Path) -> Path:
    return features_path.with_suffix(".old.winnow")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
