"""A set that comes back after it was imported: what was rounded or redrawn on the way is no second object."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_import import import_, truth_of

from winnow.masks.rle import encode
from winnow.pool.boxes import Box
from winnow.training.labelled_sets import LabelledImage


def image_of(*boxes: tuple[str, Box], **more: Any) -> list[LabelledImage]:
    return [LabelledImage("a.png", boxes, "train", True, **more)]


@pytest.mark.parametrize(
    ("class_name", "moved", "recorded"), [("cell", 0.01, 0), ("nucleus", 0.01, 2), ("cell", 0.2, 2)]
)
def test_a_box_that_was_rounded_is_the_same_object(
    tmp_path: Path, class_name: str, moved: float, recorded: int
) -> None:
    x1, y1, x2, y2 = 10.123456, 8.0, 30.0, 28.0
    import_(tmp_path, image_of(("cell", (x1, y1, x2, y2))))
    again = import_(tmp_path, image_of((class_name, (x1 + moved, y1, x2, y2))))
    assert again.recorded == recorded  # the object and that its image is complete
    [record] = truth_of(tmp_path).records()
    assert [region.class_name for region in record.accepted] == [class_name]


def test_objects_of_one_set_may_lie_on_each_other(tmp_path: Path) -> None:
    crowd = [("cell", (10.0, 8.0, 30.0, 28.0)), ("cell", (11.0, 8.0, 31.0, 28.0))]
    import_(tmp_path, image_of(*crowd))
    [record] = truth_of(tmp_path).records()
    assert [(region.class_name, region.box_xyxy) for region in record.accepted] == crowd


def test_the_newer_of_two_sets_says_where_an_object_is(tmp_path: Path) -> None:
    import_(tmp_path, image_of(("cell", (10.0, 8.0, 30.0, 28.0))))
    import_(tmp_path, image_of(("cell", (11.0, 8.0, 31.0, 28.0))))
    [record] = truth_of(tmp_path).records()
    assert [region.box_xyxy for region in record.accepted] == [(11.0, 8.0, 31.0, 28.0)]


def test_a_mask_that_follows_the_one_that_stands_is_no_new_one(tmp_path: Path) -> None:
    mask = np.zeros((48, 64), bool)
    mask[8:28, 10:30] = True
    box = (10.0, 8.0, 30.0, 28.0)
    import_(tmp_path, image_of(("cell", box), masks={box: encode(mask)}))
    mask[8, 10] = False
    again = import_(tmp_path, image_of(("cell", box), masks={box: encode(mask)}))
    assert again.known == 1
    mask[8:14] = False
    import_(tmp_path, image_of(("cell", box), masks={box: encode(mask)}))
    [record] = truth_of(tmp_path).records()
    assert [region.mask for region in record.accepted] == [encode(mask)]
