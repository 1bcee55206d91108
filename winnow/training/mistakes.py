"""What a model got wrong on the hold-out, as a refs file that opens in the label page."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from winnow.files import write_atomically
from winnow.pool.boxes import Box, iou
from winnow.training.metrics import MATCH_IOU

COLUMNS = ("path", "x1", "y1", "x2", "y2", "class", "score", "source")
Kind = Literal["false_positive", "false_negative"]
KINDS: tuple[Kind, ...] = ("false_positive", "false_negative")  # begin the source of such an item


@dataclass(frozen=True)
class Labelled:
    """A box (x1, y1, x2, y2 in pixels) of a class; a prediction has a score, a true box None."""

    box_xyxy: Box
    class_name: str
    score: float | None = None


@dataclass(frozen=True)
class Mistake:
    """A predicted box that is on nothing, or a true box that no prediction found."""

    path: str
    kind: Kind
    region: Labelled


def mistakes_of(path: str, predicted: Sequence[Labelled], true: Sequence[Labelled]) -> list[Mistake]:
    """Match one image's boxes, class by class: best score first, each takes the free true box it overlaps most.

    A pair counts from an IoU of MATCH_IOU on. Answers false positives, best score first, then false negatives.
    """
    free: dict[str, list[Labelled]] = defaultdict(list)
    for region in true:
        free[region.class_name].append(region)
    wrong = []
    for region in sorted(predicted, key=lambda region: -(region.score or 0.0)):
        candidates = free[region.class_name]
        best = max(candidates, key=lambda one: iou(region.box_xyxy, one.box_xyxy), default=None)
        if best is not None and iou(region.box_xyxy, best.box_xyxy) >= MATCH_IOU:
            candidates.remove(best)
        else:
            wrong.append(Mistake(path, "false_positive", region))
    missed = {id(region) for regions in free.values() for region in regions}
    return wrong + [Mistake(path, "false_negative", region) for region in true if id(region) in missed]


def write_mistakes(out: Path, mistakes: Sequence[Mistake], version: int) -> None:
    """The refs file, image by image; true boxes stand as they are in the log, so their items keep their ids.

    Raises WinnowError when it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for mistake in sorted(mistakes, key=lambda mistake: mistake.path):
        region = mistake.region
        score = "" if region.score is None else f"{region.score:.5f}"
        writer.writerow((mistake.path, *region.box_xyxy, region.class_name, score, f"{mistake.kind} v{version}"))
    write_atomically(out, text.getvalue().encode())
