"""Refs as a table: CSV or Parquet with a header of `path[,x1,y1,x2,y2,class,score,source,label,group]`."""

import csv
import io
from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import RefsError
from winnow.pool.raw_refs import BOX_COLUMNS, BadLine, RawRefs, as_texts, is_blank

TEXT_COLUMNS = ("class", "source", "group")
NUMBER_COLUMNS = ("score", "label")
COLUMNS = ("path", *BOX_COLUMNS, "class", "score", "source", "label", "group")


def read_csv(text: str, name: str) -> RawRefs:
    """Items of a CSV file; `name` is for the error about a header that cannot be used."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [title.strip() for title in next(reader, [])]
    except csv.Error as error:
        raise RefsError(f"{name}: the header cannot be read ({error}). It must be {','.join(COLUMNS)}.") from error
    _check_header(header, name)
    rows, numbers, bad = _csv_rows(reader, len(header))
    values = list(zip(*rows, strict=True)) or [()] * len(header)
    columns = {title: values[header.index(title)] for title in COLUMNS if title in header}
    raw = _from_columns("line", columns, numbers, lambda row: ",".join(rows[row]))
    raw.bad += bad
    return raw


def read_parquet(path: Path) -> RawRefs:
    """Items of a Parquet file, rows counted from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        header = pq.read_schema(path).names
        _check_header(header, path.name)
        table = pq.read_table(path, columns=[title for title in COLUMNS if title in header])
    except pa.ArrowException as error:
        raise RefsError(f"{path}: not a Parquet file that can be read ({error}). Write it again.") from error
    columns = {title: table[title].to_pylist() for title in table.column_names}
    return _from_columns("row", columns, range(1, len(table) + 1), lambda row: str(table.slice(row, 1).to_pylist()[0]))


def _check_header(header: list[str], name: str) -> None:
    known = [title for title in header if title in COLUMNS]
    boxes = [title for title in BOX_COLUMNS if title in header]
    if "path" not in header:
        problem = f"the header has no `path` column; it is {','.join(header)[:200]!r}"
    elif len(known) != len(set(known)):
        problem = f"the header names a column twice: {','.join(header)[:200]!r}"
    elif boxes and len(boxes) < 4:
        problem = f"the header has {', '.join(boxes)} but a box needs all of x1, y1, x2, y2"
    else:
        return
    raise RefsError(f"{name}, line 1: {problem}. The first line must be `path` and any of {','.join(COLUMNS[1:])}.")


def _csv_rows(reader: Any, width: int) -> tuple[list[list[str]], array, list[BadLine]]:
    rows: list[list[str]] = []
    bad: list[BadLine] = []
    numbers = array("l")
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return rows, numbers, bad
        except csv.Error as error:
            bad.append(BadLine(number, "", f"not CSV: {error}"))
            continue
        if len(row) == width:
            rows.append(row)
            numbers.append(number)
        elif row:
            bad.append(BadLine(number, ",".join(row), f"wrong number of columns, {len(row)}; the header has {width}"))


def _from_columns(
    unit: str, columns: Mapping[str, Sequence[Any]], numbers: Sequence[int], text_of: Callable[[int], str]
) -> RawRefs:
    n = len(numbers)
    paths = ["" if is_blank(path) else str(path) for path in columns["path"]]
    raw = RawRefs(unit, numbers, text_of, paths, np.full((n, 4), np.nan), np.zeros(n, bool))
    raw.texts = {title: as_texts(columns[title]) for title in TEXT_COLUMNS if title in columns}
    for title in NUMBER_COLUMNS:
        if title in columns:
            raw.set_values(title, columns[title])
    if "x1" in columns:
        raw.set_boxes({title: columns[title] for title in BOX_COLUMNS})
    return raw
