"""The results folder says what was done: reviews made up at random, against a model of them, object by object."""

import json
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from corrections_helpers import Reviewed, moved, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from proposal_pool import HEIGHT, PROPOSALS, WIDTH

from winnow.masks.rle import encode
from winnow.pool.identity import item_id_of

IMAGES = 2
SEEN = [place for place, (_, score, _) in enumerate(PROPOSALS) if score >= 0.25]
ACTIONS = ("keep", "keep", "delete", "move", "rename", "paint", "back")


@dataclass
class Thing:
    """An object as the model has it; `origin` is the place of its prediction, None for one that was added."""

    box: tuple[float, ...]
    name: str
    prediction: int | None
    mask: tuple[int, int, int, int] | None = None


@dataclass
class Picture:
    things: dict[str, Thing] = field(default_factory=dict)
    judged: set[int] = field(default_factory=set)
    closed: str | None = None
    is_refined: bool = False


class Model:
    """What a person did, kept in plain dictionaries; an undo goes back to the picture before."""

    def __init__(self, project: Reviewed) -> None:
        self.project = project
        self.pictures = [Picture() for _ in range(IMAGES)]
        self._before: list[list[Picture]] = []
        self._spot = 0

    def reject(self, image: int) -> None:
        self._remember()
        self.project.review(image, is_rejected=True)
        self.pictures[image].closed = "rejected"

    def undo(self) -> None:
        if self._before:
            self.project.undo()
            self.pictures = self._before.pop()

    def review(self, image: int, actions: list[str], n_new: int) -> None:
        """The same as the pages send: every object on screen is kept, deleted or drawn anew."""
        self._remember()
        picture = self.pictures[image]
        shown = self._shown(image)
        kept, deleted, drawn = [], [], []
        for (item_id, thing), action in zip(shown.items(), actions, strict=False):
            picture.things.pop(item_id, None)
            if thing.prediction is not None:
                picture.judged.add(thing.prediction)
            if action == "delete":
                deleted.append(item_id)
                continue
            new = self._changed(thing, action, image)
            if new == thing:
                kept.append(item_id)
            else:
                drawn.append(self._draw(new, item_id))
            picture.things[self._id(image, new)] = new
        for _ in range(n_new):
            new = Thing(self._free_spot(), "bird", None)
            drawn.append(self._draw(new, None))
            picture.things[self._id(image, new)] = new
        self.project.review(image, kept=kept, deleted=deleted, drawn=drawn)
        picture.closed = "complete"
        picture.is_refined = bool(drawn or deleted)

    def expected(self, image: int) -> dict[str, Any] | None:
        """What the record must say; None where there must be none."""
        picture = self.pictures[image]
        if picture.closed is None:
            return None
        is_rejected = picture.closed == "rejected"
        things = {} if is_rejected else picture.things
        by_prediction = {thing.prediction: item_id for item_id, thing in things.items() if thing.prediction is not None}
        ids = self.project.item_ids(image)
        removed = {}
        looked_at = range(len(PROPOSALS)) if is_rejected else picture.judged
        for place in looked_at:
            if by_prediction.get(place) != ids[place]:
                taken_by = by_prediction.get(place)
                removed[ids[place]] = ("rejected" if is_rejected else "replaced" if taken_by else "deleted", taken_by)
        return {
            "objects": {item_id: self._object(thing, item_id, ids) for item_id, thing in things.items()},
            "removed": removed,
            "unjudged": len(PROPOSALS) - len(looked_at),
        }

    def _object(self, thing: Thing, item_id: str, ids: list[str]) -> tuple[Any, ...]:
        is_own = thing.prediction is not None and ids[thing.prediction] == item_id
        is_same = is_own and thing.name == PROPOSALS[thing.prediction or 0][0] and thing.mask is None
        origin = "prediction" if is_same else "added" if thing.prediction is None else "corrected"
        replaces = ids[thing.prediction] if thing.prediction is not None and not is_own else None
        return thing.box, thing.name, origin, replaces, thing.mask

    def _shown(self, image: int) -> dict[str, Thing]:
        """What stands, and, before the image was closed, what is likely and nobody has judged."""
        picture = self.pictures[image]
        shown = dict(picture.things)
        if picture.closed != "complete":
            for place in SEEN:
                if place not in picture.judged:
                    shown[self.project.item_ids(image)[place]] = self._predicted(image, place)
        return shown

    def _predicted(self, image: int, place: int) -> Thing:
        item = self.project.session.pool.item(6 * image + place)
        assert item.box_xyxy
        assert item.class_name
        return Thing(tuple(item.box_xyxy), item.class_name, place)

    def _changed(self, thing: Thing, action: str, image: int) -> Thing:
        if action == "move":
            return Thing(self._free_spot(), thing.name, thing.prediction)
        if action == "rename":
            return Thing(thing.box, "fox" if thing.name != "fox" else "dog", thing.prediction, thing.mask)
        if action == "paint":
            x1, y1, x2, y2 = (int(side) for side in thing.box)
            return Thing(thing.box, thing.name, thing.prediction, (x1, y1, max(x1 + 1, x2 - 1), y2))
        if action == "back" and thing.prediction is not None:
            return self._predicted(image, thing.prediction)
        return thing

    def _draw(self, thing: Thing, replaces: str | None) -> Any:
        mask = None
        if thing.mask:
            mask = encode(painted(thing.mask))
        return moved(thing.box, thing.name, replaces, mask)

    def _id(self, image: int, thing: Thing) -> str:
        return item_id_of(self.project.session.pool.item(6 * image).path, thing.box)  # type: ignore[arg-type]

    def _free_spot(self) -> tuple[float, ...]:
        """A box that no other is near."""
        self._spot += 1
        x, y = 6 * (self._spot % 50), 6 * (self._spot // 50)
        return (float(x), float(y), float(x + 5), float(y + 5))

    def _remember(self) -> None:
        self._before.append(deepcopy(self.pictures))


def painted(mask: tuple[int, int, int, int]) -> np.ndarray:
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    x1, y1, x2, y2 = mask
    pixels[y1:y2, x1:x2] = True
    return pixels


def told(folder: Path, image: int) -> dict[str, Any] | None:
    """What the folder says of an image, in the model's form."""
    found = list(folder.glob(f"{image:02d}-*.json"))
    if not found:
        return None
    (path,) = found
    record = json.loads(path.read_text())
    objects = {}
    for one in record["objects"]:
        mask = None
        if one["mask"]:
            pixels = np.asarray(Image.open(folder / one["mask"])) > 0
            (rows,), (columns,) = np.nonzero(pixels.any(1)), np.nonzero(pixels.any(0))
            mask = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            assert np.array_equal(pixels, painted(mask))
        objects[one["item_id"]] = (tuple(one["box_xyxy"]), one["class_name"], one["origin"], one["replaces"], mask)
    removed = {one["item_id"]: (one["because"], one["replaced_by"]) for one in record["removed"]}
    assert len(objects) == len(record["objects"])
    return {"objects": objects, "removed": removed, "unjudged": record["unjudged"]}


STEP = st.tuples(
    st.integers(0, IMAGES - 1),
    st.sampled_from(("review", "review", "review", "reject", "undo", "write")),
    st.lists(st.sampled_from(ACTIONS), min_size=12, max_size=12),
    st.integers(0, 2),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, min_size=1, max_size=8))
def test_the_folder_equals_what_was_done_and_a_run_on_top_equals_one_from_nothing(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        project = Reviewed(folder, IMAGES)
        try:
            model = Model(project)
            for image, kind, actions, n_new in steps:
                if kind == "review":
                    model.review(image, actions, n_new)
                elif kind == "reject":
                    model.reject(image)
                elif kind == "undo":
                    model.undo()
                else:
                    write(project, folder / "again", overlays=False)
            write(project, folder / "again", overlays=False)
            write(project, folder / "once", overlays=False)
        finally:
            project.close()
        assert [told(folder / "once", image) for image in range(IMAGES)] == [
            model.expected(image) for image in range(IMAGES)
        ]
        assert content(folder / "again") == content(folder / "once")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
