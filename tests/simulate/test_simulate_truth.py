"""Truth by row: from a column of the refs, or from a file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winnow.pool import Pool, open_pool
from winnow.simulate.truth import TruthError, read_truth

CSV = "path,kind,label,note\na.png,crack,1,x\n\nb.png,free,0,\nc.png,,,y\nd.png,pit,1.0,\n"
BOXES = "path,x1,y1,x2,y2\na.png,0,0,4,4\na.png,1,1,5,5\nb.png,,,,\n"


def pool_of(folder: Path, text: str, name: str = "refs.csv") -> Pool:
    (folder / name).write_text(text)
    return open_pool(folder / name)


def file_of(folder: Path, text: str) -> str:
    (folder / "truth.csv").write_text(text)
    return str(folder / "truth.csv")


def test_a_column_of_noughts_and_ones_is_the_truth_and_a_blank_is_not_known(tmp_path: Path):
    assert read_truth(pool_of(tmp_path, CSV), "label").tolist() == [1, 0, -1, 1]


def test_any_column_is_the_truth_once_its_positive_values_are_named(tmp_path: Path):
    pool = pool_of(tmp_path, CSV)
    assert read_truth(pool, "kind", ["crack"]).tolist() == [1, 0, -1, 0]
    assert read_truth(pool, "kind", ["crack", "pit"]).tolist() == [1, 0, -1, 1]


def test_parquet_columns_are_read_as_csv_ones(tmp_path: Path):
    columns = {"path": ["a.png", "b.png", "c.png"], "label": [1, None, 0], "good": [True, False, None]}
    pq.write_table(pa.table(columns), tmp_path / "refs.parquet")
    pool = open_pool(tmp_path / "refs.parquet")
    assert read_truth(pool, "label").tolist() == [1, -1, 0]
    assert read_truth(pool, "good").tolist() == [1, 0, -1]


def test_classes_of_a_coco_file_are_a_column(tmp_path: Path):
    coco = (
        '{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "crack"}, {"id": 2, "name": '
        '"pit"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}, '
        '{"id": 2, "image_id": 1, "category_id": 2, "bbox": [3, 3, 2, 2]}]}'
    )
    assert read_truth(pool_of(tmp_path, coco, "refs.json"), "class", ["pit"]).tolist() == [0, 1]


def test_a_file_is_matched_by_path_whatever_its_order(tmp_path: Path):
    pool = pool_of(tmp_path, "a.png\nb.png\nc.png\n", "refs.txt")
    truth = file_of(tmp_path, "label,path,x1,y1,x2,y2\n0,c.png,,,,\n1,./a.png,1,1,2,2\n1,a.png,5,5,6,6\n1,z.png,,,,\n")
    assert read_truth(pool, truth).tolist() == [1, -1, 0]


def test_a_file_for_boxes_is_matched_by_path_and_box(tmp_path: Path):
    truth = file_of(tmp_path, "path,x1,y1,x2,y2,label\na.png,1,1,5,5,1\na.png,0,0,4,4,0\nb.png,,,,,1\n")
    assert read_truth(pool_of(tmp_path, BOXES), truth).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("source", "positive", "said"),
    [
        ("absent", [], "no column 'absent'; its columns are: path, kind, label, note"),
        ("kind", [], "says more than 0 and 1. Its values are blank (1), 'crack' (1), 'free' (1), 'pit' (1)"),
        ("kind", ["scratch"], "never says 'scratch'"),
        ("kind", ["crack", "free", "pit"], "3 items positive and 0 negative"),
        ("missing.csv", [], "cannot be read"),
    ],
)
def test_a_column_that_is_no_truth_is_refused_with_what_there_is(
    tmp_path: Path, source: str, positive: list[str], said: str
):
    with pytest.raises(TruthError) as error:
        read_truth(pool_of(tmp_path, CSV), source, positive)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,kind\na.png,1\n", "no column 'label'"),
        ("path,label\nz.png,1\n", "names no item"),
        ("path,label\na.png,1\na.png,0\n", "line 3: a.png is '0' here and '1' before"),
        ("path,label\na.png\n", "cannot be read as a table"),
    ],
)
def test_a_file_that_is_no_truth_is_refused(tmp_path: Path, text: str, said: str):
    with pytest.raises(TruthError) as error:
        read_truth(pool_of(tmp_path, "a.png\nb.png\n", "refs.txt"), file_of(tmp_path, text))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("path,label\na.png,1\n", "needs the columns x1"), ("path,x1,y1,x2,y2,label\na.png,1,b,2,2,1\n", "no number")],
)
def test_boxes_need_their_corners_in_the_file(tmp_path: Path, text: str, said: str):
    with pytest.raises(TruthError, match=said):
        read_truth(pool_of(tmp_path, BOXES), file_of(tmp_path, text))


def test_the_demo_pools_truth_fits_its_refs(tmp_path: Path):
    from winnow.demo_pool import make_demo_pool

    refs = make_demo_pool(tmp_path / "demo", n=40)
    truth = read_truth(open_pool(refs), str(tmp_path / "demo" / "truth.csv"))
    assert np.bincount(truth).tolist() == [38, 2]
