"""COCO files as refs: annotations, images alone, and results."""

import numpy as np
import pytest
from refs_helpers import error_of, paths_of, read, texts_of

IMAGES = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "sub/b.jpg"}]
CATEGORIES = [{"id": 7, "name": "cat"}]


def test_annotations_become_items_with_corners_and_category_names(tmp_path):
    annotations = [
        {"image_id": 2, "category_id": 7, "bbox": [10, 20, 5, 6.5]},
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 1, 1], "score": 0.5, "iscrowd": 0},
    ]
    table = read(tmp_path, "refs.json", {"images": IMAGES, "annotations": annotations, "categories": CATEGORIES})
    assert paths_of(table) == ["sub/b.jpg", "a.jpg"]
    np.testing.assert_array_equal(table.boxes_xyxy, [[10, 20, 15, 26.5], [0, 0, 1, 1]])
    assert texts_of(table.class_codes, table.classes) == ["cat", "cat"]
    np.testing.assert_array_equal(table.scores, [float("nan"), 0.5])


@pytest.mark.parametrize("content", [{"images": IMAGES}, {"images": IMAGES, "annotations": []}])
def test_without_annotations_the_images_are_the_items(tmp_path, content):
    table = read(tmp_path, "refs.json", content)
    assert paths_of(table) == ["a.jpg", "sub/b.jpg"]
    assert np.isnan(table.boxes_xyxy).all()


def test_results_find_their_image_by_file_name_or_by_stem(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("sub/000000000009.jpg", "frame_a.PNG", "007.png", "notes_9.txt"):
        (tmp_path / name).touch()
    bbox = [1, 1, 2, 2]
    results = [
        {"image_id": 9, "category_id": 3, "bbox": bbox, "score": 0.9},
        {"image_id": "frame_a", "category_id": 3, "bbox": bbox, "score": 0.8},
        {"image_id": "007", "category_id": 4, "bbox": bbox, "score": 0.7},
        {"image_id": 1, "file_name": "else where.jpg", "category_id": 4, "bbox": bbox, "score": 0.6},
    ]
    table = read(tmp_path, "results.json", results)
    assert paths_of(table) == ["sub/000000000009.jpg", "frame_a.PNG", "007.png", "else where.jpg"]
    assert texts_of(table.class_codes, table.classes) == ["3", "3", "4", "4"]
    assert table.scores.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert table.boxes_xyxy.tolist() == [[1, 1, 3, 3]] * 4


def test_results_of_unknown_or_ambiguous_images_are_told(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "sub/a.jpg"):
        (tmp_path / name).touch()
    results = [{"image_id": name, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1} for name in ("a", "b")]
    message = error_of(tmp_path, "results.json", results)
    assert "entry 1: image_id 'a' is the name of several images (" in message
    assert "entry 2: no image under " in message
    assert "the path is missing" not in message


def test_every_bad_entry_is_told(tmp_path):
    good = {"image_id": 1, "category_id": 7, "bbox": [0, 0, 1, 1]}
    wrong = [
        {"image_id": 3},
        {"category_id": 8},
        {"bbox": [0, 0, -1, 1]},
        {"bbox": [0, 0, 1]},
        {"bbox": [0, None, 1, 1]},
        {"bbox": [0, 0, "wide", 1]},
        {"score": "high"},
        {"bbox": None},
        {"bbox": [5, 5, 0, 5]},
    ]
    content = {"images": IMAGES, "categories": CATEGORIES, "annotations": [good, *({**good, **bad} for bad in wrong)]}
    reasons = [
        line.split(": ", 1)[1] for line in error_of(tmp_path, "refs.json", content).split("\n") if ", entry" in line
    ]
    assert reasons == [
        "image_id 3 is not among the file's images",
        "category_id 8 is not among the file's categories",
        "the box x1 y1 x2 y2 = 0 0 -1 1 is inverted (negative size): x2 must be right of x1 and y2 below y1",
        "bbox must be [x, y, width, height], it is [0, 0, 1]",
        "bbox must be [x, y, width, height], it is [0, None, 1, 1]",
        "width 'wide' is not a number",
        "score 'high' is not a number",
        "bbox must be [x, y, width, height], it is None",
        "the box x1 y1 x2 y2 = 5 5 5 10 has no area",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON that can be read"),
        ("3", "JSON, but not COCO's"),
        ('{"a": 1}', "JSON, but not COCO's"),
        ('{"images": 3}', "`images` must be a list, it is int"),
        ("[3]", "entry 1 of `results` must be an object, it is '3'"),
        ('{"images": [{"id": 1}, {"id": 1}], "annotations": [{}]}', "2 entries with `file_name` share 1 ids"),
        ("[]", "no items in it"),
        ('{"images": [{"id": 1}]}', "entry 1: the path is missing"),
        ('{"images": [{"file_name": "\\ud800.png"}]}', "the path has characters that no file name can have"),
    ],
)
def test_what_is_no_coco_is_refused(tmp_path, content, reason):
    assert reason in error_of(tmp_path, "refs.json", content)
