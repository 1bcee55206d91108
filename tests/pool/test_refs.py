"""Every form of refs, read through one function; every bad line told at once."""

from pathlib import Path

import numpy as np
import pytest
from refs_helpers import error_of, paths_of, read, texts_of

from winnow.errors import RefsError
from winnow.pool.refs import read_refs

NAN = float("nan")


def test_text_lines_are_paths_with_or_without_a_box(tmp_path):
    table = read(tmp_path, "refs.txt", "# note\na.png\n\n  b.png 1 2 3.5 4  # why\n\ta.png\t5 6 7 8\r\n")
    assert paths_of(table) == ["a.png", "b.png", "a.png"]
    np.testing.assert_array_equal(table.boxes_xyxy, [[NAN] * 4, [1, 2, 3.5, 4], [5, 6, 7, 8]])
    assert table.labels.tolist() == [-1, -1, -1]
    assert table.class_codes.tolist() == [-1, -1, -1]
    assert np.isnan(table.scores).all()


def test_text_paths_with_spaces_quotes_and_hashes_stand_in_quotes(tmp_path):
    content = '"my pic.png" 1 2 3 4\n\'it\'\'s #1.png\'\nit\'s.png\n"5"" disc.png"\na#b.png\n'
    table = read(tmp_path, "refs.txt", content)
    assert paths_of(table) == ["my pic.png", "it's #1.png", "it's.png", '5" disc.png', "a#b.png"]


def test_first_line_switches_the_order_of_corners(tmp_path):
    rows_first = read(tmp_path, "refs.txt", "# boxes: r1 c1 r2 c2\na.png 90 96 144 119\n")
    np.testing.assert_array_equal(rows_first.boxes_xyxy, [[96, 90, 119, 144]])
    columns_first = read(tmp_path, "refs.txt", "# boxes: x1 y1 x2 y2\na.png 96 90 119 144\n")
    np.testing.assert_array_equal(columns_first.boxes_xyxy, [[96, 90, 119, 144]])


def test_order_of_corners_is_refused_after_the_first_line_and_when_unknown(tmp_path):
    late = error_of(tmp_path, "refs.txt", "a.png 1 2 3 4\n# boxes: r1 c1 r2 c2\n")
    assert "refs.txt, line 2: the order of box corners is for the whole file: say it in the first line" in late
    unknown = error_of(tmp_path, "refs.txt", "# boxes: x1 y1 w h\na.png 1 2 3 4\n")
    assert "refs.txt, line 1: unknown order of box corners; there are x1 y1 x2 y2, r1 c1 r2 c2" in unknown


def test_every_bad_text_line_is_told_with_its_number_text_and_reason(tmp_path):
    content = (
        b"good.png\nmy pic.png\na.png 1 2 3\na.png 1 2 3 x\na.png 5 2 3 4\na.png 1 2 1 4\na.png nan 2 3 4\n"
        b'a.png 1 2 inf 4\na.png 1 -9 5 0\n\xff.png\n\'open.png\n""\n"a.png"1 2 3 4\na\0.png\n'
    )
    form = "a line is `path` or `path x1 y1 x2 y2`; put quotes around a path with spaces"
    assert error_of(tmp_path, "refs.txt", content).split("\n") == [
        "refs.txt: 13 lines cannot be used. Mend or remove them; nothing was read.",
        f"  refs.txt, line 2: wrong number of columns, 2; {form}",
        "      my pic.png",
        f"  refs.txt, line 3: wrong number of columns, 4; {form}",
        "      a.png 1 2 3",
        f"  refs.txt, line 4: 'x' is not a number; {form}",
        "      a.png 1 2 3 x",
        "  refs.txt, line 5: the box x1 y1 x2 y2 = 5 2 3 4 is inverted (negative size): "
        "x2 must be right of x1 and y2 below y1",
        "      a.png 5 2 3 4",
        "  refs.txt, line 6: the box x1 y1 x2 y2 = 1 2 1 4 has no area",
        "      a.png 1 2 1 4",
        "  refs.txt, line 7: the box x1 y1 x2 y2 = nan 2 3 4 has NaN or infinite values",
        "      a.png nan 2 3 4",
        "  refs.txt, line 8: the box x1 y1 x2 y2 = 1 2 inf 4 has NaN or infinite values",
        "      a.png 1 2 inf 4",
        "  refs.txt, line 9: the box x1 y1 x2 y2 = 1 -9 5 0 lies wholly at negative coordinates, where no image is",
        "      a.png 1 -9 5 0",
        "  refs.txt, line 10: not UTF-8 (invalid start byte at byte 0); save it as UTF-8",
        "      \\xff.png",
        "  refs.txt, line 11: the quote is not closed, or something follows it without a space",
        "      'open.png",
        "  refs.txt, line 12: the path is missing",
        '      ""',
        "  refs.txt, line 13: the quote is not closed, or something follows it without a space",
        '      "a.png"1 2 3 4',
        "  refs.txt, line 14: the path has characters that no file name can have",
        "      a\\x00.png",
    ]


def test_the_first_twenty_bad_lines_are_shown_and_the_rest_counted(tmp_path):
    message = error_of(tmp_path, "refs.txt", "a b\n" * 1025)
    assert "1,025 lines cannot be used" in message
    assert "line 20:" in message
    assert "line 21:" not in message
    assert message.endswith("and 1,005 more")


@pytest.mark.parametrize("content", ["", "\n\n", "# only a comment\n"])
def test_refs_without_items_say_what_to_put_in(tmp_path, content):
    message = error_of(tmp_path, "refs.txt", content)
    assert message == "refs.txt: no items in it. Put an image path on each line, or `path x1 y1 x2 y2` for a box."


def test_missing_refs_say_so(tmp_path):
    for name in ("refs.txt", "refs.csv", "refs.parquet", "refs.json"):
        with pytest.raises(RefsError, match="cannot be read \\(No such file or directory\\)"):
            read_refs(tmp_path / name)


@pytest.mark.parametrize("name", ["refs.txt", "refs.csv", "refs.json"])
def test_refs_in_utf_16_are_told_to_be_saved_as_utf_8(tmp_path, name):
    message = error_of(tmp_path, name, "path\na.png\n".encode("utf-16"))
    assert f"{name}, line 1: not UTF-8 (invalid start byte at byte 0); save it as UTF-8" in message


def test_bytes_that_are_not_utf_8_are_told_with_the_other_bad_rows(tmp_path):
    message = error_of(tmp_path, "refs.csv", b"path,label\n\xe4.png,1\nb.png,-3\n")
    assert "refs.csv, line 2: not UTF-8 (invalid continuation byte at byte 0); save it as UTF-8" in message
    assert "refs.csv, line 3: the label -3 is not a whole number" in message


def test_a_csv_under_a_text_name_is_refused(tmp_path):
    assert "give the file a name that ends in .csv" in error_of(tmp_path, "refs.txt", "path,x1,y1,x2,y2\na,1,2,3,4\n")


def test_csv_columns_in_any_order_with_blanks_and_unknown_ones(tmp_path):
    content = (
        "\ufeffscore,path,truth,x1,y1,x2,y2,class,source,label,group\r\n"
        '0.5,"my, pic.png",1,1,2,3,4,cat,yolo,1,g1\r\n'
        ",b.png,0,,,,,,,,\r\n"
        "\r\n"
        "1,b.png,0,5,6,7,8, cat ,,0,\r\n"
    )
    table = read(tmp_path, "refs.csv", content)
    assert paths_of(table) == ["my, pic.png", "b.png", "b.png"]
    np.testing.assert_array_equal(table.boxes_xyxy, [[1, 2, 3, 4], [NAN] * 4, [5, 6, 7, 8]])
    assert texts_of(table.class_codes, table.classes) == ["cat", None, "cat"]
    assert texts_of(table.source_codes, table.sources) == ["yolo", None, None]
    assert texts_of(table.group_codes, table.groups) == ["g1", None, None]
    np.testing.assert_array_equal(table.scores, [0.5, NAN, 1])
    assert table.labels.tolist() == [1, -1, 0]


def test_every_bad_csv_row_is_told(tmp_path):
    content = (
        "path,x1,y1,x2,y2,score,label\n"
        "a,1,2,3,4,0.5\n"
        "a,1,2,3,,0.5,1\n"
        'a,1,2,x,4,inf,"-1"\n'
        ",1,2,3,4,nan,1.5\n"
        '"two\nlines",1,2,3,4,0,99999\n'
        "a,1,2,3,4,high,one\n"
        'a,"1"2,3,4,0,0\n'
        "a,1,2,3,4,0,1.0\n"
        "a,1,2,3,4,0,1,9\n"
    )
    reasons = [line for line in error_of(tmp_path, "refs.csv", content).split("\n") if ", line" in line]
    label = "is not a whole number from 0 to 32767; blank means none"
    assert reasons == [
        "  refs.csv, line 2: wrong number of columns, 6; the header has 7",
        "  refs.csv, line 3: a box needs all of x1, y1, x2, y2; leave all four blank for a whole image",
        f"  refs.csv, line 4: x2 'x' is not a number; the score inf is not finite; the label -1 {label}",
        f"  refs.csv, line 5: the path is missing; the score nan is not finite; the label 1.5 {label}",
        f"  refs.csv, line 6: the label 99999 {label}",
        "  refs.csv, line 8: score 'high' is not a number; label 'one' is not a number",
        "  refs.csv, line 9: not CSV: ',' expected after '\"'",
        "  refs.csv, line 11: wrong number of columns, 8; the header has 7",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a.png,1,2,3,4\n", "the header has no `path` column; it is 'a.png,1,2,3,4'"),
        ("path,x1,y1\na,1,2\n", "the header has x1, y1 but a box needs all of x1, y1, x2, y2"),
        ("path,path\na,b\n", "the header names a column twice: 'path,path'"),
        ("", "the header has no `path` column; it is ''"),
    ],
)
def test_a_csv_header_that_cannot_be_used_is_told(tmp_path, content, reason):
    assert reason in error_of(tmp_path, "refs.csv", content)


def test_parquet_reads_as_csv_does(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(
        {
            "path": ["a.png", "b.png"],
            "x1": [1.0, None],
            "y1": [2.0, None],
            "x2": [3.0, None],
            "y2": [4.0, None],
            "class": ["cat", None],
            "label": [1.0, None],
            "mask": ["m", "m"],
        }
    )
    frame.to_parquet(tmp_path / "refs.parquet")
    table = read_refs(tmp_path / "refs.parquet")
    assert paths_of(table) == ["a.png", "b.png"]
    np.testing.assert_array_equal(table.boxes_xyxy, [[1, 2, 3, 4], [NAN] * 4])
    assert texts_of(table.class_codes, table.classes) == ["cat", None]
    assert table.labels.tolist() == [1, -1]


def test_bad_parquet_rows_and_files_are_told(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"path": ["a", None], "x1": [1, 9], "y1": [1, 1], "x2": [2, 2], "y2": [2, 2]})
    frame.to_parquet(tmp_path / "refs.parquet")
    with pytest.raises(RefsError, match=r"refs.parquet, row 2: the path is missing; the box .* = 9 1 2 2 is inverted"):
        read_refs(tmp_path / "refs.parquet")
    assert "not a Parquet file that can be read" in error_of(tmp_path, "broken.parquet", "PAR1 no")


def test_the_example_and_the_forms_in_the_docs_can_be_read(tmp_path):
    project = Path(__file__).parents[2]
    assert len(read_refs(project / "examples" / "instance_references_EXAMPLE.txt").path_codes) == 12
    (tmp_path / "tile_3.png").touch()
    blocks = (project / "docs" / "refs.md").read_text().split("```")[1::2]
    read_items = []
    for block in blocks:
        form, _, content = block.partition("\n")
        read_items.append((form, len(read(tmp_path, f"refs.{form}", content).path_codes)))
    assert read_items == [("txt", 3), ("txt", 1), ("csv", 3), ("json", 1), ("json", 2), ("json", 2)]
