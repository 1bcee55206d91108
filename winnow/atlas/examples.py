"""Examples of what is looked for: items of the pool, or pictures that are kept with what the encoder says of them."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from winnow.errors import BadBox, FeaturesError, SettingsError, UnknownItem, UnreadableImage
from winnow.features import open_features
from winnow.files import write_atomically
from winnow.pool import open_pool
from winnow.pool.boxes import Box, clip_box
from winnow.pool.images import load_image

SCHEMA = 1
MOST = 20
Encode = Callable[[Path, Path, Path], Any]  # refs, matrix to write, matrix whose encoder is taken


@dataclass(frozen=True)
class Example:
    """An item of the pool, or a picture, maybe a box (x1, y1, x2, y2) of it in its upright pixels."""

    id: str
    kind: Literal["item", "picture"]
    item_id: str | None = None
    name: str | None = None
    box_xyxy: Box | None = None


class ExampleFiles:
    """The examples of one pool, in a folder of their own; every change is on disk when it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.examples = self._read()

    @property
    def pictures(self) -> list[Example]:
        return [example for example in self.examples if example.kind == "picture"]

    @property
    def items(self) -> list[Example]:
        return [example for example in self.examples if example.kind == "item"]

    def add_item(self, key: str, item_id: str) -> None:
        """The same key again, or the same item, changes nothing."""
        if not any(example.item_id == item_id for example in self.examples):
            self._add(Example(_id_of(key), "item", item_id=item_id))

    def add_picture(self, key: str, content: bytes, name: str, box_xyxy: Box | None) -> None:
        """The same key again changes nothing; raises UnreadableImage, BadBox for one without area on the picture."""
        new = Example(_id_of(key), "picture", name=name, box_xyxy=box_xyxy)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path_of(new)
        if path.exists():
            return
        write_atomically(path, content)
        try:
            new = self._checked(new)
            self._add(new)
        except (UnreadableImage, BadBox, SettingsError) as error:
            path.unlink()
            raise type(error)(str(error).replace(str(path), name)) from error

    def remove(self, example_id: str) -> None:
        """Raises UnknownItem."""
        gone = self.one(example_id)
        self._write([example for example in self.examples if example != gone])
        if gone.kind == "picture":
            self.path_of(gone).unlink(missing_ok=True)

    def one(self, example_id: str) -> Example:
        """Raises UnknownItem."""
        for example in self.examples:
            if example.id == example_id:
                return example
        raise UnknownItem(f"There is no example {example_id[:100]!r}; it may have been removed on another page.")

    def path_of(self, picture: Example) -> Path:
        return self.folder / picture.id

    def encode_pictures(self, encode: Encode, like: Path) -> NDArray[np.floating]:
        """(k, d) a vector for each picture, as the encoder of the matrix `like` makes them.

        Raises WinnowError with the reason where that cannot be.
        """
        refs, out = self.folder / "pictures.csv", self.folder / "pictures.npy"
        pictures = self.pictures
        write_atomically(refs, _refs_text(pictures).encode())
        encode(refs, out, like)
        pool = open_pool(refs)
        matrix = open_features(out, pool)
        if not matrix.is_valid.all():
            bad = pictures[int(np.argmin(matrix.is_valid))]
            raise FeaturesError(f"The encoder could make nothing of the example {bad.name}. Remove it.")
        return np.array(matrix.vectors)

    def _checked(self, picture: Example) -> Example:
        image = load_image(self.path_of(picture))
        if picture.box_xyxy is None:
            return picture
        box = clip_box(picture.box_xyxy, image.size)
        if box is None:
            raise BadBox(f"The box {picture.box_xyxy} has no area on {picture.name}, {image.width} × {image.height}.")
        return Example(**asdict(picture) | {"box_xyxy": box})

    def _add(self, new: Example) -> None:
        if len(self.examples) >= MOST:
            raise SettingsError(f"There are {MOST} examples already, the most there can be; remove one first.")
        if all(example.id != new.id for example in self.examples):
            self._write([*self.examples, new])

    def _write(self, examples: list[Example]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"schema": SCHEMA, "examples": [asdict(example) for example in examples]}
        write_atomically(self.folder / "examples.json", json.dumps(content, indent=1).encode())
        self.examples = examples

    def _read(self) -> list[Example]:
        path = self.folder / "examples.json"
        try:
            listed = json.loads(path.read_bytes())["examples"]
            return [Example(**{**one, "box_xyxy": one["box_xyxy"] and tuple(one["box_xyxy"])}) for one in listed]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise SettingsError(f"{path} is damaged ({error}): remove it, and give the examples again.") from error


def _id_of(key: str) -> str:
    """The same for the same key: a request that is sent twice adds one example."""
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def _refs_text(pictures: list[Example]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "x1", "y1", "x2", "y2"))
    for picture in pictures:
        writer.writerow([picture.id, *map(repr, picture.box_xyxy or ())] + [""] * (0 if picture.box_xyxy else 4))
    return text.getvalue()
