"""What other detectors wrote: every form read right, every bad line named, never any other error."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from winnow.errors import ProposalError
from winnow.masks.rle import encode
from winnow.proposals.foreign import Foreign, read_foreign
from winnow.proposals.run import list_images


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 100 × 50 pixels with COCO's kind of names, two of them of the same name."""
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("images/000000000009.png", "images/b.png", "images/one/same.png", "images/two/same.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (100, 50)).save(folder / name)
    return folder


def read(folder: Path, name: str, content: Any, **more: Any) -> Foreign:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_foreign(path, list_images(folder / "images"), **more)


def read_labels(folder: Path, labels: dict[str, str], **more: Any) -> Foreign:
    labels_folder = folder / f"labels-{abs(hash(tuple(labels.items())))}"
    labels_folder.mkdir(exist_ok=True)
    for name, text in labels.items():
        (labels_folder / name).write_text(text, encoding="utf-8")
    return read_foreign(labels_folder, list_images(folder / "images"), **more)


def rows(foreign: Foreign) -> list[list[Any]]:
    return [[foreign.images[e["image"]].name, *row] for e in foreign.entries for row in e["rows"]]


def test_coco_results_take_names_from_the_annotations(folder: Path) -> None:
    (folder / "truth.json").write_text(
        json.dumps({"images": [{"id": 7, "file_name": "b.png"}], "categories": [{"id": 3, "name": "cat"}]})
    )
    results = [{"image_id": 7, "category_id": 3, "bbox": [10, 5, 20, 30.5], "score": 0.5}]
    found = read(folder, "results.json", results, annotations=folder / "truth.json")
    assert rows(found) == [["b.png", 10, 5, 30, 35.5, "cat", 0.5, None]]


def test_coco_results_find_images_by_number_or_stem(folder: Path) -> None:
    results = [
        {"image_id": 9, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5},
        {"image_id": "b", "bbox": [0, 0, 10, 10]},
        {"image_id": "x", "file_name": "two/same.png", "bbox": [90, 40, 30, 30], "score": 1},
    ]
    assert rows(read(folder, "results.json", results)) == [
        ["000000000009.png", 0, 0, 10, 10, "1", 0.5, None],
        ["b.png", 0, 0, 10, 10, "", None, None],
        ["same.png", 90, 40, 100, 50, "", 1, None],
    ]


def test_coco_masks_come_along_as_run_lengths_or_polygons(folder: Path) -> None:
    mask = np.zeros((50, 100), bool)
    mask[10:20, 30:60] = True
    both = [encode(mask).as_json(), [[30, 10, 60, 10, 60, 20, 30, 20]]]
    results = [{"image_id": "b", "bbox": [30, 10, 30, 10], "score": 1, "segmentation": each} for each in both]
    found = rows(read(folder, "results.json", results))
    assert [row[-1] for row in found] == [encode(mask).counts] * 2


def test_yolo_labels_are_shares_of_the_image(folder: Path) -> None:
    (folder / "data.yaml").write_text("names: {0: cat, 1: dog}")
    labels = {"b.txt": "1 0.5 0.5 0.2 0.4 0.75\n\n0 0.1 0.1 0.2 0.2\n", "9.txt": ""}
    found = read_labels(folder, labels, names=folder / "data.yaml")
    assert rows(found) == [["b.png", 40, 15, 60, 35, "dog", 0.75, None], ["b.png", 0, 0, 20, 10, "cat", None, None]]
    assert [image.name for image in found.images] == ["000000000009.png", "b.png"]


def test_yolo_outlines_become_boxes_and_masks(folder: Path) -> None:
    found = rows(read_labels(folder, {"b.txt": "0 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6 0.5"}))
    mask = np.zeros((50, 100), bool)
    mask[10:30, 10:30] = True
    assert found == [["b.png", 10, 10, 30, 30, "0", 0.5, encode(mask).counts]]


@pytest.mark.parametrize(
    "header",
    ["path,x1,y1,x2,y2,class,score", "image,xmin,ymin,xmax,ymax,label,confidence", "Filename,left,top,right,bottom,"
     "category,prob"],
)  # fmt: skip
def test_csv_columns_may_be_spelt_in_any_usual_way(folder: Path, header: str) -> None:
    found = read(folder, "boxes.csv", f"id,{header},more\n1,b.png,1,2,30,40,cat,0.5,x\n2,9,-5,0,200,40,,,y\n")
    assert rows(found) == [
        ["b.png", 1, 2, 30, 40, "cat", 0.5, None],
        ["000000000009.png", 0, 0, 100, 40, "", None, None],
    ]


def test_csv_paths_are_relative_to_it_where_no_images_are_given(folder: Path) -> None:
    (folder / "boxes.csv").write_text("path,x1,y1,x2,y2\nimages/b.png,1,2,3,4\nimages/none.png,1,2,3,4\n")
    found = read_foreign(folder / "boxes.csv", None)
    assert found.images == [folder / "images/b.png", folder / "images/none.png"]
    assert found.entries[0]["rows"] == [[1, 2, 3, 4, "", None, None]]
    assert "no such file" in found.entries[1]["error"]


def test_boxes_without_area_on_the_image_are_counted(folder: Path) -> None:
    found = read(folder, "boxes.csv", "path,x1,y1,x2,y2\nb.png,100,0,120,10\nb.png,5,5,5,10\nb.png,1,1,2,2\n")
    assert (found.entries[0]["dropped"], len(found.entries[0]["rows"])) == (2, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b.png,1,2,x,4,cat,1", "line 2: x2 must be a number"),
        ("b.png,1,2,nan,4,cat,1", "line 2: x2 must be a number"),
        ("b.png,9,2,3,4,cat,1", "line 2: the box .* is inverted"),
        ("b.png,1,2,3,4,cat,85", "divide percentages by 100"),
        ("b.png,1,2,3", "has 4 columns, the header 7"),
        (",1,2,3,4,cat,1", "line 2: no image is named ''"),
        ("z.png,1,2,3,4,cat,1", "no image is named 'z.png'"),
        ("same.png,1,2,3,4,cat,1", "the name of several images"),
        ('b.png,1,2,3,4,"cat,1', "not CSV"),
    ],
)
def test_a_bad_line_of_csv_is_named(folder: Path, line: str, message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        read(folder, "boxes.csv", f"path,x1,y1,x2,y2,class,score\n{line}\n")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([1], "entry 1: must be an object"),
        ([{"image_id": "b"}], "entry 1: bbox must be"),
        ([{"image_id": "b", "bbox": [1, 2, 3, "x"]}], "height must be a number"),
        ([{"image_id": "b", "bbox": [1, 2, -3, 4]}], "inverted"),
        ([{"image_id": "q", "bbox": [1, 2, 3, 4]}], "no image is named 'q'"),
        (
            [{"image_id": "b", "bbox": [1, 2, 3, 4], "segmentation": {"size": [9, 9], "counts": "`1"}}],
            "The mask's runs",
        ),
        ([{"image_id": "b", "bbox": [1, 2, 3, 4], "segmentation": [[1, 2]]}], "must be run lengths"),
        ({"images": [], "annotations": []}, "says what is true"),
        ({}, "It must be a list of results"),
        ([], "has no proposals in it"),
        ("{", "not JSON"),
    ],
)
def test_a_bad_entry_of_results_is_named(folder: Path, result: Any, message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        read(folder, "results.json", result)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"b.txt": "cat 0.5 0.5 0.1 0.1"}, "b.txt, line 1: the class must be a whole number"),
        ({"b.txt": "0 0.5 0.5 0.1"}, "line 1: has 4 fields"),
        ({"b.txt": "0 0.5 0.5 -0.1 0.1"}, "inverted"),
        ({"z.txt": ""}, "z.txt: no image is named 'z'"),
        ({"b.txt": "7 0.5 0.5 0.1 0.1", "classes.txt": "cat\n"}, "class 7 is not among the 1 names"),
        ({}, r"holds no \.txt files"),
    ],
)
def test_a_bad_label_file_is_named(folder: Path, labels: dict[str, str], message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        read_labels(folder, labels)


def test_what_to_give_is_said_for_other_files(folder: Path) -> None:
    with pytest.raises(ProposalError, match="no such file"):
        read_foreign(folder / "none.json", [])
    with pytest.raises(ProposalError, match="Add --images"):
        read_foreign(folder / "images", None)
    with pytest.raises(ProposalError, match="neither form"):
        read(folder, "boxes.xml", "")


numbers = st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none(), st.booleans())
json_values = st.recursive(numbers, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner))
results = st.fixed_dictionaries(
    {},
    optional={
        "image_id": st.sampled_from(["b", 9, "same", "zz"]) | json_values,
        "category_id": json_values,
        "bbox": st.lists(numbers, min_size=4, max_size=4) | json_values,
        "score": st.floats(0, 1) | json_values,
        "segmentation": st.fixed_dictionaries({"size": st.just([50, 100]), "counts": st.text()}) | json_values,
    },
)
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(content=st.lists(results | json_values, max_size=4) | json_values)
def test_any_json_is_read_or_refused(folder: Path, content: Any) -> None:
    _read_or_refuse(folder, "any.json", json.dumps(content))


@fuzz
@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@pytest.mark.parametrize("name", ["any.json", "any.csv"])
def test_any_text_is_read_or_refused(folder: Path, name: str, text: str) -> None:
    _read_or_refuse(folder, name, text)
    _read_or_refuse(folder, name, f"path,x1,y1,x2,y2,class,score\nb.png,{text}\n")


@fuzz
@given(fields=st.lists(st.sampled_from(["0", "0.5", "-1", "1e999", "nan", "²", "x"]) | st.text(max_size=3), max_size=9))
def test_any_label_line_is_read_or_refused(folder: Path, fields: list[str]) -> None:
    labels = folder / "any"
    labels.mkdir(exist_ok=True)
    (labels / "b.txt").write_text(" ".join(fields), encoding="utf-8", errors="replace")
    try:
        entries = read_foreign(labels, list_images(folder / "images")).entries
    except ProposalError:
        return
    _check_rows(entries)


def _read_or_refuse(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode())
    try:
        entries = read_foreign(folder / name, list_images(folder / "images")).entries
    except ProposalError:
        return
    _check_rows(entries)


def _check_rows(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for x1, y1, x2, y2, class_name, score, _ in entry["rows"]:
            assert 0 <= x1 < x2 <= 100
            assert 0 <= y1 < y2 <= 50
            assert isinstance(class_name, str)
            assert score is None or 0 <= score <= 1
