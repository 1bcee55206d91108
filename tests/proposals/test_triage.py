"""Triage by its stated rules, against a plain loop over all pairs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from winnow.errors import ProposalError
from winnow.masks.rle import Rle, encode
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.pool import Pool, open_pool
from winnow.pool.index import build_columns
from winnow.pool.refs import read_refs
from winnow.proposals import image_sizes as image_sizes_module
from winnow.proposals import triage as triage_module
from winnow.proposals.triage import GROUPS, triage, triage_of

SIZES = np.array([[1000.0, 1000.0], [1000.0, 1000.0]])


def pool_of(folder: Path, *lines: str) -> Pool:
    refs = folder / "refs.csv"
    refs.write_text("\n".join(["path,x1,y1,x2,y2,class,score", *lines]) + "\n")
    return Pool(refs, "0" * 32, build_columns(read_refs(refs), refs))


def members(pool: Pool, group: str, sizes: np.ndarray = SIZES, masks: dict[int, Rle] | None = None) -> list[int]:
    return np.flatnonzero(triage(pool, image_sizes=sizes, masks=masks).members[group]).tolist()


def test_nested_needs_the_class_the_image_the_share_and_the_size(tmp_path: Path) -> None:
    pool = pool_of(
        tmp_path,
        "a.png,100,100,300,300,cat,0.5",  # the outer one
        "a.png,110,110,200,200,cat,0.9",  # wholly inside
        "a.png,110,110,200,201,dog,0.9",  # of another class
        "b.png,110,110,200,200,cat,0.9",  # on another image
        "a.png,291,110,391,200,cat,0.9",  # 9 % inside
        "a.png,101,101,299,298,cat,0.1",  # inside, but nearly as large
        "a.png,90,120,190,220,cat,0.4",  # 90 % inside
    )
    assert members(pool, "nested") == [1, 6]


def test_shapes_and_sizes(tmp_path: Path) -> None:
    pool = pool_of(
        tmp_path,
        "a.png,100,100,181,110,cat,0.5",  # 8.1 to 1
        "a.png,100,100,180,110,dog,0.5",  # 8 to 1
        "a.png,100,100,115,115,cow,0.5",  # 225 pixels
        "a.png,100,100,116,116,hen,0.5",
        "a.png,10,10,990,990,cat,0.5",
        "a.png,10,10,800,990,dog,0.5",
    )
    assert members(pool, "sliver") == [0]
    assert members(pool, "tiny") == [2]
    assert members(pool, "huge") == [4]
    large = np.array([[2000.0, 2000.0]])  # of which 0.02 % are 800 pixels
    assert members(pool, "tiny", large) == [2, 3]


def test_the_edge_is_within_a_pixel_of_the_border(tmp_path: Path) -> None:
    boxes = ("1,50,90,90", "50,0,90,90", "50,50,999,90", "50,50,90,1200", "2,2,998,998")
    pool = pool_of(tmp_path, *(f"a.png,{box},{number},0.5" for number, box in enumerate(boxes)))
    assert members(pool, "edge") == [0, 1, 2, 3]


def test_near_duplicates_name_the_best_one_that_stays(tmp_path: Path) -> None:
    pool = pool_of(
        tmp_path,
        "a.png,106,100,206,200,cat,0.7",  # like row 1, and like row 2
        "a.png,100,100,200,200,cat,0.9",
        "a.png,112,100,212,200,cat,0.5",  # like row 0 only, which does not stay
        "a.png,100,100,200,200.5,dog,0.9",
        "a.png,100,100,200,201,cat,",  # without a score: worst
        "b.png,100,100,200,200,cat,0.1",
    )
    found = triage(pool, image_sizes=SIZES)
    assert found.represented_by.tolist() == [1, -1, -1, -1, 1, -1]
    assert np.flatnonzero(found.members["near_duplicate"]).tolist() == [0, 4]


def test_of_equal_scores_the_first_line_stays(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,10,10,99,99,cat,0.5", "a.png,10,10,99,98,cat,0.5")
    assert triage(pool, image_sizes=SIZES).represented_by.tolist() == [-1, 0]


def test_masks_decide_where_both_have_one(tmp_path: Path) -> None:
    pool = pool_of(
        tmp_path,
        "a.png,0,0,40,40,cat,0.9",
        "a.png,0,0,40,39.5,cat,0.8",
        "a.png,0,0,39.5,40,cat,0.7",
        "a.png,0,0,40,25,cat,0.6",
    )
    upper, lower = np.zeros((50, 50), bool), np.zeros((50, 50), bool)
    upper[:20, :40], lower[20:40, :40] = True, True
    masks = {0: encode(upper), 1: encode(lower), 3: encode(upper)}
    # row 1 is another thing in the same box, row 2 has no mask, row 3 the same thing in another box
    assert triage(pool, image_sizes=SIZES, masks=masks).represented_by.tolist() == [-1, -1, 0, 0]
    assert triage(pool, image_sizes=SIZES).represented_by.tolist() == [-1, 0, 0, -1]


def test_whole_images_repeated_lines_and_unknown_sizes_are_in_no_group_of_the_image(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,,,,,,", "b.png,0,0,999,999,cat,0.5", "b.png,0,0,999,999,cat,0.5")
    found = triage(pool, image_sizes=np.full((2, 2), np.nan))
    assert {name: is_in.any() for name, is_in in found.members.items()} == dict.fromkeys(GROUPS, False)
    assert members(pool, "huge") == [1]


def test_a_pool_without_boxes_has_empty_groups(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,,,,,,")
    assert not any(is_in.any() for is_in in triage(pool, image_sizes=SIZES[:1]).members.values())


coordinates = st.integers(0, 30)
drawn_boxes = st.lists(
    st.tuples(coordinates, coordinates, st.integers(1, 20), st.integers(1, 20), st.sampled_from("ab"),
              st.sampled_from([0.2, 0.5, 0.9])), min_size=1, max_size=25
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(drawn_boxes)
def test_groups_of_pairs_are_those_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[int, int, int, int, str, float]]
) -> None:
    lines = [f"i.png,{x},{y},{x + w},{y + h},{name},{score}" for x, y, w, h, name, score in boxes]
    pool = pool_of(tmp_path_factory.mktemp("plain"), *lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(triage_module, "_PAIRS", 4)  # so that pairs come in many parts
        found = triage(pool, image_sizes=SIZES[:1])
    rows = [row for row in range(pool.n_rows) if not pool.is_duplicate[row]]
    stays: list[int] = []
    for row in sorted(rows, key=lambda row: (-boxes[row][5], row)):
        better = [other for other in stays if boxes[other][4] == boxes[row][4] and _iou(pool, row, other) >= 0.85]
        assert found.represented_by[row] == (better[0] if better else -1)
        stays += [] if better else [row]
    for row in rows:
        peers = [other for other in rows if other != row and boxes[other][4] == boxes[row][4]]
        assert found.members["nested"][row] == any(_is_nested(pool, row, other) for other in peers)


def _shared(pool: Pool, one: int, two: int) -> float:
    a, b = pool.boxes_xyxy[one], pool.boxes_xyxy[two]
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _iou(pool: Pool, one: int, two: int) -> float:
    shared = _shared(pool, one, two)
    return shared / (_shared(pool, one, one) + _shared(pool, two, two) - shared)


def _is_nested(pool: Pool, inner: int, outer: int) -> bool:
    area = _shared(pool, inner, inner)
    return _shared(pool, inner, outer) >= 0.9 * area and _shared(pool, outer, outer) >= 1.5 * area


def test_a_triage_is_kept_until_refs_or_masks_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    refs = tmp_path / "refs.csv"
    refs.write_text("path,x1,y1,x2,y2,class,score\na.png,5,5,40,40,cat,0.9\na.png,5,5,40,41,cat,0.8\n")
    assert triage_of(open_pool(refs)).represented_by.tolist() == [-1, 0]
    monkeypatch.setattr(image_sizes_module, "image_size", None)  # sizes are not read again
    assert triage_of(open_pool(refs)).represented_by.tolist() == [-1, 0]
    eye = np.eye(50, dtype=bool)
    sidecar_path(refs).write_text(mask_line(0, encode(eye)) + mask_line(1, encode(eye[::-1])))
    assert triage_of(open_pool(refs)).represented_by.tolist() == [-1, -1]
    (tmp_path / "refs.csv.winnow/triage.npz").write_bytes(b"damaged")
    assert triage_of(open_pool(refs)).represented_by.tolist() == [-1, -1]
    monkeypatch.undo()
    refs.write_text(refs.read_text() + "a.png,0,0,50,50,cat,0.8\n")
    assert triage_of(open_pool(refs)).members["huge"].tolist() == [False, False, True]


def test_damaged_masks_are_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,5,5,40,40,cat,0.9")
    sidecar_path(pool.refs_path).write_text("{}\n")
    with pytest.raises(ProposalError, match="line 1"):
        triage_of(pool)


def test_real_proposals_are_sorted_and_reads_do_not_change_them(shared: Path, tmp_path: Path) -> None:
    for name in ("train2017", "val2017"):
        (tmp_path / name).symlink_to(shared / "data/coco128" / name)
    (tmp_path / "proposals.csv").write_bytes((shared / "data/coco128/proposals.csv").read_bytes())
    pool = open_pool(tmp_path / "proposals.csv")
    counts = {name: int(is_in.sum()) for name, is_in in triage_of(pool).members.items()}
    assert counts == {"nested": 1679, "sliver": 6, "tiny": 140, "huge": 74, "near_duplicate": 0, "edge": 980}
    again = {name: int(is_in.sum()) for name, is_in in triage_of(pool).members.items()}
    assert again == counts
