"""One image's files in a results folder: its record, its masks, and overlays of before and after."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from winnow.corrections.image_results import ImageResult, Shape, Standing
from winnow.corrections.overlays import Colour, overlay_jpeg
from winnow.errors import UnreadableImage
from winnow.files import write_atomically
from winnow.masks.rle import Rle, decode
from winnow.pool.images import check_inside, image_size, load_image

SCHEMA = 1


@dataclass(frozen=True)
class ImageFiles:
    """What an image has in the folder; `is_new` says that it was written just now."""

    record_name: str
    record: dict[str, Any]
    is_new: bool

    @property
    def names(self) -> set[str]:
        """Relative to the folder, with forward slashes."""
        masks = (one["mask"] for one in self.record["objects"])
        overlays = self.record["overlays"] or {}
        return {self.record_name, *(mask for mask in masks if isinstance(mask, str)), *overlays.values()}


class ImageWriter:
    """Writes images of which something changed: what is said of them, their file, or the options."""

    def __init__(
        self,
        folder: Path,
        mask_form: str,
        base_folder: Path,
        image_root: Path | None,
        *,
        colours: Mapping[str, Colour] | None,
    ) -> None:
        """`colours` of the classes on overlays; None makes none."""
        self._folder, self._mask_form, self._colours = folder, mask_form, colours
        self._base_folder, self._image_root = base_folder, image_root

    def write(self, result: ImageResult) -> ImageFiles:
        """Its files, unless they are there; the record last. Raises WinnowError."""
        name = name_of(result)
        file = self._base_folder / result.path
        fingerprint = self._fingerprint(result, file)
        known = self._known(name, fingerprint)
        if known is not None:
            return known
        (self._folder / f"{name}.json").unlink(missing_ok=True)  # a record stands only beside its own files
        size_wh, problem = self._size(file)
        problem = problem or problem_of(result, size_wh)
        masks = {one.item_id: self._write_mask(name, one) for one in result.objects}
        overlays = self._write_overlays(name, result, file, self._colours) if self._colours and size_wh else None
        if self._colours and size_wh and overlays is None:
            problem = problem or f"{file} cannot be decoded, so there are no overlays. Copy it again."
        record = record_of(result, masks, size_wh=size_wh, problem=problem, overlays=overlays) | {
            "fingerprint": fingerprint
        }
        content = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        write_atomically(self._folder / f"{name}.json", content.encode())
        return ImageFiles(f"{name}.json", record, is_new=True)

    def _known(self, name: str, fingerprint: str) -> ImageFiles | None:
        """What is there already, where all of it is as it would be written now."""
        try:
            record = json.loads((self._folder / f"{name}.json").read_bytes())
            if record["fingerprint"] != fingerprint:
                return None
            files = ImageFiles(f"{name}.json", record, is_new=False)
            return files if all((self._folder / one).is_file() for one in files.names) else None
        except (OSError, ValueError, LookupError, TypeError):
            return None  # not there, or not whole: it is written anew

    def _fingerprint(self, result: ImageResult, file: Path) -> str:
        try:
            state: Any = (file.stat().st_size, file.stat().st_mtime_ns)
        except OSError:
            state = None
        shapes = (*result.objects, *result.predicted)
        colours = self._colours and {shape.class_name: self._colours[shape.class_name] for shape in shapes}
        said = [SCHEMA, self._mask_form, colours, state, asdict(result)]
        return blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()

    def _size(self, file: Path) -> tuple[tuple[int, int] | None, str | None]:
        try:
            check_inside(file, self._image_root)
            return image_size(file), None
        except UnreadableImage as error:
            return None, str(error)

    def _write_mask(self, name: str, one: Standing) -> str | dict[str, Any] | None:
        if one.mask is None:
            return None
        if self._mask_form == "rle":
            return one.mask.as_json()
        file_name = f"masks/{name}-{one.item_id}.{self._mask_form}"
        write_atomically(self._folder / file_name, mask_file(one.mask, self._mask_form))
        return file_name

    def _write_overlays(
        self, name: str, result: ImageResult, file: Path, colours: Mapping[str, Colour]
    ) -> dict[str, str] | None:
        """None where the image, whose header was good, cannot be decoded."""
        try:
            image = load_image(file)
        except UnreadableImage:
            return None
        files = {}
        for when, shapes in (("before", before(result)), ("after", after(result))):
            files[when] = f"overlays/{name}-{when}.jpg"
            write_atomically(self._folder / files[when], overlay_jpeg(image, shapes, colours))
        return files


def name_of(result: ImageResult) -> str:
    """The image's stem, made plain, and its id, which makes it the image's own."""
    stem = re.sub(r"[^\w.-]+", "_", Path(result.path).stem)[:60]
    return f"{stem}-{result.image_id}"


def record_of(
    result: ImageResult,
    masks: dict[str, str | dict[str, Any] | None],
    *,
    size_wh: tuple[int, int] | None,
    problem: str | None,
    overlays: dict[str, str] | None,
) -> dict[str, Any]:
    """The image's record, as docs/results.md has it; `masks` by item id, each a file's name or run lengths."""
    return {
        "schema": SCHEMA,
        "image_id": result.image_id,
        "path": result.path,
        "status": result.status,
        "size_wh": size_wh and list(size_wh),
        "objects": [
            {**_of(one), "origin": one.origin, "replaces": one.replaces, "mask": masks[one.item_id]}
            for one in result.objects
        ],
        "removed": [{**_of(one), "because": one.because, "replaced_by": one.replaced_by} for one in result.removed],
        "unjudged": result.unjudged,
        "annotator": result.annotator,
        "at": datetime.fromtimestamp(result.at, timezone.utc).isoformat(timespec="milliseconds"),
        "seconds": result.seconds,
        "overlays": overlays,
        "problem": problem,
    }


def problem_of(result: ImageResult, size_wh: tuple[int, int] | None) -> str | None:
    """Whether a mask was made on an image of another size, as when the file was replaced since."""
    shapes: Sequence[Shape] = (*result.objects, *result.predicted)
    sizes = {shape.mask.size_hw for shape in shapes if shape.mask is not None}
    wrong = next((size for size in sorted(sizes) if size_wh and size != (size_wh[1], size_wh[0])), None)
    if wrong is None or size_wh is None:
        return None
    return (
        f"A mask was made on {wrong[1]} × {wrong[0]} pixels, and {result.path} has {size_wh[0]} × {size_wh[1]}: the "
        "file was replaced. Put it back, or review the image again."
    )


def mask_file(mask: Rle, form: str) -> bytes:
    """The mask (h, w) as a PNG of 0 and 255, or as a .npy of bool."""
    pixels, buffer = decode(mask), io.BytesIO()
    if form == "png":
        Image.fromarray(pixels.astype(np.uint8) * 255).save(buffer, "PNG")
    else:
        np.save(buffer, pixels, allow_pickle=False)
    return buffer.getvalue()


def before(result: ImageResult) -> Iterator[tuple[Shape, str]]:
    for shape in result.predicted:
        yield shape, shape.class_name if shape.score is None else f"{shape.class_name} {shape.score:.2f}"


def after(result: ImageResult) -> Iterator[tuple[Shape, str]]:
    for one in result.objects:
        yield one, one.class_name if one.origin == "prediction" else f"{one.class_name}, {one.origin}"


def _of(shape: Shape) -> dict[str, Any]:
    return {
        "item_id": shape.item_id,
        "box_xyxy": list(shape.box_xyxy),
        "class_name": shape.class_name,
        "score": shape.score,
        "source": shape.source,
    }
