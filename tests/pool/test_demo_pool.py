"""The demo pool: the same every time, its truth beside it and not in its refs."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from winnow.demo_pool import make_demo_pool
from winnow.errors import RefsError
from winnow.pool import load_image, open_pool


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    return make_demo_pool(tmp_path_factory.mktemp("demo"), n=60).parent


def truth_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_refs_list_every_tile_and_tell_no_label(demo):
    assert (demo / "refs.txt").read_text().split("\n") == [f"tiles/tile_{i:05d}.jpg" for i in range(60)] + [""]
    pool = open_pool(demo / "refs.txt")
    assert (pool.n_items, set(pool.given_labels.tolist())) == (60, {-1})


def test_one_in_twenty_carries_one_of_three_defects(demo):
    truth = truth_of(demo)
    assert sorted(row["class"] for row in truth if row["label"] == "1") == ["pit", "scratch", "stain"]
    assert {row["class"] for row in truth if row["label"] == "0"} == {""}


def test_boxes_fit_the_masks(demo):
    for row in truth_of(demo):
        if row["label"] == "1":
            mask = np.asarray(Image.open(demo / row["mask"]))
            x1, y1, x2, y2 = (int(row[corner]) for corner in ("x1", "y1", "x2", "y2"))
            assert mask.shape == (192, 192)
            assert mask[y1:y2, x1:x2].sum() == mask.sum() > 10
            assert mask[y1:y2, [x1, x2 - 1]].any(axis=0).all()
            assert mask[[y1, y2 - 1], x1:x2].any(axis=1).all()


def test_the_truth_can_be_read_as_refs(demo):
    pool = open_pool(demo / "truth.csv")
    assert pool.given_labels.sum() == 3
    assert np.isnan(pool.boxes_xyxy[:, 0]).sum() == 57


def test_tiles_are_textured_and_differ(demo):
    tiles = [np.asarray(load_image(demo / f"tiles/tile_{i:05d}.jpg")).mean(axis=2) for i in range(60)]
    assert min(tile.std() for tile in tiles) > 4
    assert len({tile.tobytes() for tile in tiles}) == 60


def test_the_same_seed_makes_the_same_files_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_demo_pool(tmp_path / name, n=20, seed=seed)
    a, b, c = (files_of(tmp_path / name) for name in "abc")
    assert a == b
    assert a["tiles/tile_00000.jpg"] != c["tiles/tile_00000.jpg"]


def test_a_whole_demo_is_left_alone_and_a_half_made_one_made_anew(tmp_path):
    refs = make_demo_pool(tmp_path, n=2)
    whole = files_of(tmp_path)
    (tmp_path / "tiles" / "tile_00000.jpg").write_text("kept")
    assert make_demo_pool(tmp_path, n=2) == refs
    assert (tmp_path / "tiles" / "tile_00000.jpg").read_text() == "kept"
    manifest = json.loads((tmp_path / "demo.json").read_text())
    (tmp_path / "demo.json").write_text(json.dumps(manifest | {"is_complete": False}))
    make_demo_pool(tmp_path, n=2)
    assert files_of(tmp_path) == whole


def test_refs_that_are_not_the_demos_are_not_overwritten(tmp_path):
    (tmp_path / "refs.txt").write_text("mine.png\n")
    with pytest.raises(RefsError, match="not of the demo; it is left alone"):
        make_demo_pool(tmp_path, n=2)
    assert files_of(tmp_path) == {"refs.txt": b"mine.png\n"}


def test_the_example_refs_show_readable_images():
    pool = open_pool(Path(__file__).parents[2] / "examples" / "instance_references_EXAMPLE.txt")
    assert (pool.n_rows, pool.n_items) == (12, 12)
    assert {load_image(pool.file_of(row)).size for row in range(pool.n_rows)} == {(192, 192)}
