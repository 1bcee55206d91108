"""The pool: ids that last, repeated lines, and an index that is never trusted unchecked."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from winnow.errors import RefsError, UnknownItem
from winnow.pool import Item, Pool, open_pool
from winnow.pool.identity import find_duplicates

LINES = "a.png\nb.png 1 2 3 4\nsub/c.png\n"


def pool_of(folder: Path, text: str, name: str = "refs.txt") -> Pool:
    (folder / name).write_text(text)
    return open_pool(folder / name)


def ids_by_line(pool: Pool) -> dict[tuple, str]:
    items = [pool.item(row) for row in range(pool.n_rows)]
    return {(item.path, item.box_xyxy): item.id for item in items}


def index_files(folder: Path) -> list[Path]:
    return sorted((folder / "refs.txt.winnow").glob("index-v*/*"))


def test_an_item_tells_all_that_its_line_says(tmp_path):
    content = "path,x1,y1,x2,y2,class,score,source,label,group\nim/a.png,1,2,3.5,4,cat,0.25,yolo,1,g\nb.png,,,,,,,,,\n"
    pool = pool_of(tmp_path, content, "refs.csv")
    assert pool.item(0) == Item("24e56d36f04a6e59", 0, "im/a.png", (1.0, 2.0, 3.5, 4.0), "cat", 0.25, "yolo", 1, "g")
    assert pool.item(1) == Item("897a4dd908e80626", 1, "b.png", None, None, None, None, None, None)
    assert pool.file_of(0) == tmp_path / "im" / "a.png"
    assert (pool.n_rows, pool.n_items, pool.n_duplicates) == (2, 2, 0)
    assert pool.name == f"{tmp_path.name}/refs.csv"
    assert pool.folder == tmp_path
    assert pool.given_labels.tolist() == [1, -1]


def test_every_row_is_found_by_its_id(tmp_path):
    pool = pool_of(tmp_path, LINES)
    assert [pool.row_of(pool.item(row).id) for row in range(3)] == [0, 1, 2]
    lowest, highest = 0, 2**64 - 1
    ids = np.array([pool.ids[2], lowest, pool.ids[0], highest], np.uint64)
    assert pool.rows_of(ids).tolist() == [2, -1, 0, -1]


@pytest.mark.parametrize("item_id", ["0" * 16, "", "xyz", "0x12", "897A4DD908E80626", "1" * 17, "../../etc/passwd"])
def test_what_is_no_item_of_the_pool_is_unknown(tmp_path, item_id):
    with pytest.raises(UnknownItem, match="No item "):
        pool_of(tmp_path, LINES).row_of(item_id)


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_outside_the_pool_are_refused(tmp_path, row):
    with pytest.raises(IndexError):
        pool_of(tmp_path, LINES).item(row)


def test_ids_survive_a_new_order_added_lines_and_other_columns(tmp_path):
    before = ids_by_line(pool_of(tmp_path, LINES))
    content = "path,x1,y1,x2,y2,class,score\nsub/c.png,,,,,dog,0.1\nnew.png,,,,,,\nb.png,1,2,3,4,cat,0.9\na.png,,,,,,\n"
    after = ids_by_line(pool_of(tmp_path, content, "refs.csv"))
    assert before.items() <= after.items()
    assert len(after) == 4


def test_ids_are_those_of_the_path_however_it_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    pool = pool_of(tmp_path / "there", f"./a.png\n{tmp_path}/there/a.png\nx/../a.png\n../there/a.png\n.//a.png\n")
    assert len(set(pool.ids.tolist())) == 1
    assert pool.item(1).path == "a.png"
    assert pool.is_duplicate.tolist() == [False, True, True, True, True]


def test_ids_move_with_the_folder_but_not_for_paths_outside_it(tmp_path):
    pools = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pools.append(pool_of(tmp_path / name, "a.png\n../b.png\n/c.png\n"))
    assert (pools[0].ids == pools[1].ids).all()
    assert [pools[0].item(row).path for row in range(3)] == ["a.png", f"{tmp_path}/b.png", "/c.png"]
    assert pools[0].file_of(1) == tmp_path / "b.png"


def test_a_sister_folder_with_the_same_beginning_is_outside(tmp_path):
    (tmp_path / "data").mkdir()
    assert pool_of(tmp_path / "data", f"{tmp_path}/data2/a.png\n").item(0).path == f"{tmp_path}/data2/a.png"


def test_negative_zero_is_zero_and_any_other_difference_is_another_item(tmp_path):
    pool = pool_of(tmp_path, "a.png 0 0 5 5\na.png -0.0 0 5 5\na.png 0 0 5 5.000000001\na.png\n")
    assert pool.is_duplicate.tolist() == [False, True, False, False]


def test_repeated_lines_are_marked_and_the_first_line_holds(tmp_path):
    content = "path,x1,y1,x2,y2,class\na.png,1,1,2,2,cat\nb.png,,,,,\na.png,1,1,2,2,dog\na.png,1,1,2,2,cat\n"
    pool = pool_of(tmp_path, content, "refs.csv")
    assert pool.is_duplicate.tolist() == [False, False, True, True]
    assert (pool.n_rows, pool.n_items, pool.n_duplicates) == (4, 2, 2)
    assert pool.row_of(pool.item(3).id) == 0
    assert pool.item(2).class_name == "dog"


def test_two_items_of_one_id_are_refused(tmp_path):
    ids, boxes = np.array([7, 5, 7], np.uint64), np.full((3, 4), np.nan)
    order = np.argsort(ids, kind="stable")
    message = "items 1 and 3 are different and have the same id 0000000000000007"
    with pytest.raises(RefsError, match=message):
        find_duplicates(ids, order, np.array([0, 1, 2]), boxes, tmp_path / "refs.txt")
    boxes[0] = 1, 2, 3, 4
    with pytest.raises(RefsError, match=message):
        find_duplicates(ids, order, np.array([0, 1, 0]), boxes, tmp_path / "refs.txt")


def test_a_second_opening_reads_the_index_and_not_the_refs(tmp_path, monkeypatch):
    first = pool_of(tmp_path, LINES)
    monkeypatch.setattr("winnow.pool.index.read_refs", None)  # calling it would fail
    second = open_pool(tmp_path / "refs.txt")
    assert second.fingerprint == first.fingerprint
    assert [second.item(row) for row in range(3)] == [first.item(row) for row in range(3)]
    assert isinstance(second.ids.base, np.memmap)  # on the mapped file, and quick to look single values up in


def test_changed_refs_are_read_anew_and_the_old_index_goes(tmp_path):
    first = pool_of(tmp_path, LINES)
    second = pool_of(tmp_path, LINES + "d.png\n")
    assert (first.n_rows, second.n_rows) == (3, 4)
    assert first.fingerprint != second.fingerprint
    assert len(list((tmp_path / "refs.txt.winnow").iterdir())) == 1
    assert first.item(2).path == "sub/c.png"


def test_any_damaged_byte_of_the_index_makes_it_anew(tmp_path):
    whole = ids_by_line(pool_of(tmp_path, LINES))
    names = [path.name for path in index_files(tmp_path)]
    assert "ids.npy" in names
    for name in names:
        path = next(path for path in index_files(tmp_path) if path.name == name)
        content = bytearray(path.read_bytes())
        content[-1] ^= 0xFF
        path.write_bytes(content)
        assert ids_by_line(open_pool(tmp_path / "refs.txt")) == whole, name
        assert path.read_bytes() != content


@pytest.mark.parametrize("content", ["", "{}", "[]", "3", "{", '{"ids": "0"}'])
def test_an_index_whose_list_of_files_is_damaged_is_made_anew(tmp_path, content):
    whole = ids_by_line(pool_of(tmp_path, LINES))
    next(path for path in index_files(tmp_path) if path.name == "index.json").write_text(content)
    assert ids_by_line(open_pool(tmp_path / "refs.txt")) == whole


def test_a_missing_or_cut_file_of_the_index_makes_it_anew(tmp_path):
    whole = ids_by_line(pool_of(tmp_path, LINES))
    index_files(tmp_path)[0].unlink()
    assert ids_by_line(open_pool(tmp_path / "refs.txt")) == whole
    index_files(tmp_path)[1].write_bytes(b"")
    assert ids_by_line(open_pool(tmp_path / "refs.txt")) == whole


def test_without_a_place_for_the_index_the_pool_is_in_memory(tmp_path):
    (tmp_path / "refs.txt.winnow").write_text("a file where the folder would be")
    assert ids_by_line(pool_of(tmp_path, LINES)).keys() == {
        ("a.png", None),
        ("b.png", (1.0, 2.0, 3.0, 4.0)),
        ("sub/c.png", None),
    }


def test_refs_that_change_while_they_are_read_are_refused(tmp_path, monkeypatch):
    from winnow.pool.refs import read_refs

    def read_then_change(path: Path):
        table = read_refs(path)
        path.write_text("other.png\n")
        return table

    monkeypatch.setattr("winnow.pool.index.read_refs", read_then_change)
    with pytest.raises(RefsError, match="the file changed while it was read"):
        pool_of(tmp_path, LINES)


def test_bad_refs_leave_no_index(tmp_path):
    with pytest.raises(RefsError, match="line 1: wrong number of columns"):
        pool_of(tmp_path, "a b\n")
    assert sorted(os.listdir(tmp_path)) == ["refs.txt"]


def test_missing_refs_say_what_to_do(tmp_path):
    with pytest.raises(
        RefsError, match=r"refs.txt: the refs file cannot be read \(No such file or directory\)\. Write"
    ):
        open_pool(tmp_path / "refs.txt")


def test_names_beyond_ascii_come_back_whole(tmp_path):
    pool = pool_of(tmp_path, "path,class\nbild_ä/雪.png,Käfer\nz.png,😀\n", "refs.csv")
    assert [pool.item(row).path for row in (0, 1)] == ["bild_ä/雪.png", "z.png"]
    assert [pool.item(row).class_name for row in (0, 1)] == ["Käfer", "😀"]


def test_importing_the_pool_imports_no_heavy_library():
    heavy = "{'pyarrow', 'pandas', 'torch', 'sklearn', 'scipy', 'skimage'}"
    code = f"import sys, winnow.pool; print(sorted({heavy} & sys.modules.keys()))"
    project = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
