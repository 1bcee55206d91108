"""`features.json`: what a feature matrix was made from and by, so that it is never used with other refs."""

import dataclasses
import hashlib
import json
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import FeaturesError

FORMAT = 1
DEFAULT_MODEL = "facebook/dinov2-small"


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The facts of one features.npy; `recipe` is all that decides a vector besides the item itself."""

    encoder: str
    recipe: dict[str, Any]
    preprocessing: dict[str, Any]
    dtype: str
    n_rows: int
    width: int
    refs_fingerprint: str
    item_ids: str
    invalid_rows: list[int]
    format: int = FORMAT


def manifest_path(features_path: Path) -> Path:
    return features_path.with_suffix(".json")


def ids_path(features_path: Path) -> Path:
    return features_path.with_suffix(".ids.npy")


def hash_ids(ids: np.ndarray) -> str:
    """The sha256 of all item ids in row order; ids (n,) uint64."""
    return hashlib.sha256(np.ascontiguousarray(ids, dtype="<u8").data).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Writes a file that is there whole or not at all, also after a power cut."""
    unfinished = path.with_name(path.name + ".tmp")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def write_manifest(features_path: Path, manifest: Manifest) -> None:
    text = json.dumps(dataclasses.asdict(manifest), indent=1, default=str)
    write_text(manifest_path(features_path), text)


def read_manifest(features_path: Path) -> Manifest | None:
    """The manifest beside a matrix, None where there is none; FeaturesError where it cannot be understood."""
    path = manifest_path(features_path)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        found = fields.get("format")
        if found == FORMAT:
            return Manifest(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise FeaturesError(
            f"{path} cannot be read as a features manifest: {error}. Delete it together with {features_path.name} and "
            f"run compute_features.py again; where {features_path.name} was made elsewhere, delete only {path.name}."
        ) from error
    raise FeaturesError(
        f"{path} has format {found!r}, this Winnow reads format {FORMAT}. Compute the features again with this Winnow."
    )


def is_made_alike(recipe: dict[str, Any], preprocessing: dict[str, Any], manifest: Manifest) -> bool:
    """Whether vectors of this recipe may stand beside a matrix's: all is equal but the precision of the arithmetic."""
    ours, theirs = ({**one, "precision": None} for one in (recipe, manifest.recipe))
    return json.loads(json.dumps([ours, preprocessing])) == [theirs, manifest.preprocessing]


def compute_command(refs_path: Path, features_path: Path, manifest: Manifest | None = None) -> str:
    """The command line that makes the matrix, with the encoder and options of `manifest` where there is one."""
    words = ["python", "compute_features.py", "--refs", str(refs_path), "--out", str(features_path)]
    if manifest:
        words += ["--model", manifest.encoder]
        for option in ("pool", "context", "precision"):
            if option in manifest.recipe:
                words += [f"--{option}", str(manifest.recipe[option])]
        words += ["--dtype", manifest.dtype]
    return shlex.join(words)
