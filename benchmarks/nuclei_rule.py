"""Predictions of nuclei with known errors, what somebody who knows the truth does about them, and what must stand."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from shared_truth import Box, Picture

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.pool.boxes import iou
from winnow.pool.identity import item_id_of

CLASS = "nucleus"
LEAST_IOU = 0.3  # below it a prediction is of no object
HOPELESS = 0.3  # share of the objects that a prediction must find to be worth correcting
ERRORS = ("exact", "moved", "missing", "false", "all", "hopeless")
Move = tuple[tuple[float, ...], tuple[int, int]]  # the predicted box, and how far it must go


@dataclass(frozen=True)
class Case:
    """An image, what was predicted on it, and what has to be done; boxes are floats, as the server answers them."""

    picture: Picture
    predicted: list[Box]
    scores: list[float]
    decision: str = ""
    moves: list[Move] = field(default_factory=list)
    deletions: list[Box] = field(default_factory=list)
    additions: list[Box] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.picture.path.name

    @property
    def items(self) -> list[str]:
        return [item_of(self.name, box) for box in self.predicted]

    def lines(self) -> list[str]:
        """Of the refs."""
        pairs = zip(self.predicted, self.scores, strict=True)
        return [f"{self.name},{','.join(map(str, box))},{CLASS},{score},made" for box, score in pairs]


def item_of(name: str, box: tuple[float, ...]) -> str:
    x1, y1, x2, y2 = map(float, box)
    return item_id_of(name, (x1, y1, x2, y2))


def make_case(picture: Picture, number: int, rng: np.random.Generator) -> Case:
    """The image's kind of errors goes by its number; which objects have them is drawn."""
    errors = ERRORS[number % len(ERRORS)]
    size_hw = picture.masks.shape[1:]
    predicted = list(picture.boxes)
    if errors in ("moved", "all"):
        predicted = [_moved(box, size_hw, rng) if rng.random() < 0.5 else box for box in predicted]
    if errors in ("missing", "all"):
        predicted = [box for box in predicted if rng.random() < 0.7] or predicted[:1]
    if errors in ("false", "all"):
        predicted += [_anywhere(size_hw, rng) for _ in range(3)]
    if errors == "hopeless":
        predicted = [_anywhere(size_hw, rng) for _ in predicted]
    predicted = list(dict.fromkeys(predicted))
    scores = [round(float(score), 3) for score in rng.uniform(0.4, 0.99, len(predicted))]
    return decide(Case(picture, predicted, scores))


def decide(case: Case) -> Case:
    """What the truth says of a prediction: accept, reject, or what to move, delete and add."""
    pairs = _matched(case.predicted, case.picture.boxes)
    moves = [
        ((*map(float, box),), (true[0] - box[0], true[1] - box[1]))
        for box, true in pairs.items()
        if box != true
    ]  # fmt: skip
    deletions = [box for box in case.predicted if box not in pairs]
    additions = [box for box in case.picture.boxes if box not in pairs.values()]
    if len(pairs) < HOPELESS * len(case.picture.boxes):
        return Case(case.picture, case.predicted, case.scores, "reject")
    decision = "refine" if moves or deletions or additions else "accept"
    return Case(case.picture, case.predicted, case.scores, decision, moves, deletions, additions)


def expected_record(case: Case) -> dict[str, Any]:
    """What the record must say, as `recorded` has it."""
    status = {"accept": "ok", "refine": "corrected", "reject": "rejected"}[case.decision]
    if case.decision == "reject":
        return {
            "status": status,
            "objects": set(),
            "removed": {(item, "rejected") for item in case.items},
            "unjudged": 0,
        }
    moved = dict(case.moves)
    standing = set()
    for box, item in zip(case.predicted, case.items, strict=True):
        by = moved.get(tuple(map(float, box)))
        if by:
            new = tuple(float(side + way) for side, way in zip(box, (*by, *by), strict=True))
            standing.add((item_of(case.name, new), new, CLASS, "corrected", item))
        elif box not in case.deletions:
            standing.add((item, tuple(map(float, box)), CLASS, "prediction", None))
    for box in case.additions:
        standing.add((item_of(case.name, box), tuple(map(float, box)), CLASS, "added", None))
    removed = {(item_of(case.name, box), "deleted") for box in case.deletions}
    removed |= {(item_of(case.name, box), "replaced") for box in moved}
    return {"status": status, "objects": standing, "removed": removed, "unjudged": 0}


def recorded(record: dict[str, Any]) -> dict[str, Any]:
    """What a record on disk says, in a form that can be compared."""
    objects = {
        (one["item_id"], tuple(map(float, one["box_xyxy"])), one["class_name"], one["origin"], one["replaces"])
        for one in record["objects"]
    }
    return {
        "status": record["status"],
        "objects": objects,
        "removed": {(one["item_id"], one["because"]) for one in record["removed"]},
        "unjudged": record["unjudged"],
    }


def _matched(predicted: list[Box], true: list[Box]) -> dict[Box, Box]:
    """Predicted box -> the true one of the same size that it lies on; the best pairs first, each box once."""
    pairs = [(iou(p, t), p, t) for p in predicted for t in true if _size(p) == _size(t)]
    found: dict[Box, Box] = {}
    for overlap, p, t in sorted(pairs, reverse=True):
        if overlap >= LEAST_IOU and p not in found and t not in found.values():
            found[p] = t
    return found


def _size(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _moved(box: Box, size_hw: tuple[int, ...], rng: np.random.Generator) -> Box:
    """Off by up to a third of its side, still inside the image."""
    starts = []
    for start, side, length in zip(box[:2], _size(box), size_hw[::-1], strict=True):
        way = int(rng.integers(1, max(2, side // 3 + 1))) * int(rng.choice([-1, 1]))
        starts.append(min(max(start + way, 0), length - side))
    x, y = starts
    return x, y, x + _size(box)[0], y + _size(box)[1]


def _anywhere(size_hw: tuple[int, ...], rng: np.random.Generator) -> Box:
    height, width = size_hw
    side = int(rng.integers(9, 31))
    x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
    return x, y, x + side, y + side
