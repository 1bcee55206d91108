"""A CSV of boxes, in any of the usual spellings of its columns; columns of other names are left alone."""

import csv
import io

from winnow.errors import ProposalError
from winnow.proposals.foreign_rows import BadRow, ForeignBox, ForeignRows, checked_box, number, read_text, score_of

SPELLINGS = {
    "path": ("path", "image", "image_path", "file", "filename", "file_name", "image_name", "image_id", "img"),
    "x1": ("x1", "xmin", "x_min", "left"),
    "y1": ("y1", "ymin", "y_min", "top"),
    "x2": ("x2", "xmax", "x_max", "right"),
    "y2": ("y2", "ymax", "y_max", "bottom"),
    "class": ("class", "class_name", "label", "label_name", "category", "category_name", "name"),
    "score": ("score", "confidence", "conf", "probability", "prob"),
}
_NEEDED = ("path", "x1", "y1", "x2", "y2")


def read_csv_boxes(rows: ForeignRows) -> None:
    """Takes every row; raises ProposalError for a header without path and box."""
    reader = csv.reader(io.StringIO(read_text(rows.path), newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise ProposalError(f"{rows.path}: the header cannot be read: {error}.") from error
    columns = _columns(header, rows)
    while True:
        where = f"line {reader.line_num + 1}"
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rows.refuse(where, f"not CSV: {error}")
            continue
        if fields:
            _take(rows, where, fields, columns, len(header))


def _columns(header: list[str], rows: ForeignRows) -> dict[str, int]:
    titles = [title.strip().lower() for title in header]
    columns = {
        meaning: next(titles.index(spelling) for spelling in spellings if spelling in titles)
        for meaning, spellings in SPELLINGS.items()
        if set(spellings) & set(titles)
    }
    missing = [meaning for meaning in _NEEDED if meaning not in columns]
    if missing:
        known = "; ".join(f"{meaning}: {', '.join(SPELLINGS[meaning])}" for meaning in missing)
        raise ProposalError(
            f"{rows.path}, line 1: no column for {', '.join(missing)} in {','.join(header)[:99]!r}. Name it ({known}). "
            "Boxes are corners in pixels."
        )
    return columns


def _take(rows: ForeignRows, where: str, fields: list[str], columns: dict[str, int], width: int) -> None:
    if len(fields) != width:
        rows.refuse(where, f"has {len(fields)} columns, the header {width}")
        return
    values = {meaning: fields[column].strip() for meaning, column in columns.items()}
    rows.take(where, values["path"], lambda: _box(where, values))


def _box(where: str, values: dict[str, str]) -> ForeignBox:
    if not values["path"]:
        raise BadRow("the path is missing")
    x1, y1, x2, y2 = (number(name, values[name]) for name in _NEEDED[1:])
    return ForeignBox(where, checked_box((x1, y1, x2, y2)), values.get("class", ""), score_of(values.get("score")))
