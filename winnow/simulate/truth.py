"""The truth of a pool that is labelled already: a column of its refs, or a file of labels."""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from winnow.errors import WinnowError
from winnow.pool import Pool
from winnow.pool.identity import item_ids, normalise_paths
from winnow.pool.raw_refs import BOX_COLUMNS, is_blank

UNKNOWN = -1
SHOWN = 12  # values or columns that an error lists
_TABLES = (".csv", ".parquet", ".pq")


class TruthError(WinnowError):
    """A column or file of truth that is missing, or does not say what is positive."""

    code = "bad_truth"


def read_truth(pool: Pool, source: str, positive: Sequence[str] = ()) -> NDArray[np.int8]:
    """(n,) int8 by row of the pool: 1 positive, 0 negative, -1 where the source says nothing.

    `source` is a file (.csv or .parquet, with the columns path and label) or else the name of a column of the refs;
    `positive` are the values that count as positive, all others being negative; without it values are 0 and 1.

    Raises:
        TruthError: naming the columns, values or items there are.
    """
    path = Path(source)
    is_file = path.suffix.lower() in _TABLES
    values = _of_file(pool, path) if is_file else _of_column(pool, source)
    truth = _labels(values, positive, source)
    counts = {label: int((truth == label).sum()) for label in (1, 0)}
    if not all(counts.values()):
        raise TruthError(
            f"{source} makes {counts[1]:,} items positive and {counts[0]:,} negative; a simulation needs both. "
            f"{_counted(values)}; choose with --positive VALUE."
        )
    return truth


def _of_column(pool: Pool, name: str) -> list[str]:
    """The column's values by row, as text; blank = none."""
    suffix = pool.refs_path.suffix.lower()
    columns = _read_table(pool.refs_path) if suffix in _TABLES else _columns_of(pool)
    if name not in columns:
        known = ", ".join(list(columns)[:SHOWN]) or "none"
        raise TruthError(
            f"{pool.refs_path} has no column {name!r}; its columns are: {known}. "
            "Name one of them, or a .csv file with the columns path and label."
        )
    return [_text(value) for value in columns[name]]


def _columns_of(pool: Pool) -> dict[str, Iterable[Any]]:
    """The columns of refs that are no table: those that the pool knows, where any of them says something."""
    columns: dict[str, Iterable[Any]] = {
        "label": (None if label < 0 else label for label in pool.given_labels.tolist()),
        "class": (pool.classes.get(code) for code in pool.class_codes.tolist()),
    }
    said = {"label": bool((pool.given_labels >= 0).any()), "class": len(pool.classes) > 0}
    return {name: column for name, column in columns.items() if said[name]}


def _of_file(pool: Pool, path: Path) -> list[str]:
    """The file's labels by row of the pool, as text; its paths are written as in the refs."""
    columns = {name: list(column) for name, column in _read_table(path).items()}
    missing = [name for name in ("path", "label") if name not in columns]
    if missing:
        raise TruthError(f"{path} has no column {missing[0]!r}; it needs path and label, and x1,y1,x2,y2 for boxes.")
    paths, codes = normalise_paths([_text(value) for value in columns["path"]], pool.refs_path)
    rows = pool.rows_of(item_ids(paths, codes, _boxes(pool, columns, path)))
    values = [""] * pool.n_rows
    for line, (row, value) in enumerate(zip(rows.tolist(), map(_text, columns["label"]), strict=True), start=2):
        if row >= 0 and values[row] not in ("", value):
            raise TruthError(
                f"{path}, line {line}: {columns['path'][line - 2]} is {value!r} here and {values[row]!r} before."
            )
        if row >= 0:
            values[row] = value
    if not (rows >= 0).any():
        raise TruthError(f"{path} names no item of {pool.refs_path}; write its paths as they stand in the refs.")
    return values


def _boxes(pool: Pool, columns: dict[str, list[Any]], path: Path) -> NDArray[np.float64]:
    """(k, 4) the file's boxes; all NaN for a pool of whole images, whatever the file says of places in them."""
    n = len(columns["path"])
    if np.isnan(pool.boxes_xyxy[:, 0]).all():
        return np.full((n, 4), np.nan)
    if not set(BOX_COLUMNS) <= columns.keys():
        raise TruthError(f"{pool.refs_path} has boxes; {path} needs the columns {', '.join(BOX_COLUMNS)} beside path.")
    try:
        corners = [[math.nan if is_blank(value) else float(value) for value in columns[side]] for side in BOX_COLUMNS]
    except ValueError as error:
        raise TruthError(f"{path}: a box has a corner that is no number ({error}).") from error
    return np.array(corners, np.float64).T


def _read_table(path: Path) -> dict[str, Iterable[Any]]:
    """Column name -> values, blank lines left out; raises TruthError where it cannot be read."""
    try:
        if path.suffix.lower() == ".csv":
            return _read_csv(path)
        return _read_parquet(path)
    except (OSError, ValueError) as error:
        raise TruthError(f"{path} cannot be read as a table: {error}. Mend it, or name another file.") from error


def _read_csv(path: Path) -> dict[str, Iterable[Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *lines = [line for line in csv.reader(file) if line] or [[]]
    uneven = next((i for i, line in enumerate(lines, start=1) if len(line) != len(header)), None)
    if uneven is not None:
        raise ValueError(f"its item {uneven} has {len(lines[uneven - 1])} fields, the header {len(header)}")
    columns = zip(*lines, strict=True) if lines else [()] * len(header)
    return dict(zip((name.strip() for name in header), columns, strict=True))


def _read_parquet(path: Path) -> dict[str, Iterable[Any]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)  # its errors are ValueErrors and OSErrors
    return {name: table[name].to_pylist() for name in table.column_names}


def _text(value: Any) -> str:
    """A value in one spelling: 1, 1.0 and true are the same."""
    if is_blank(value) or value != value:  # NaN, as a table writes none
        return ""
    if isinstance(value, bool | int | float):
        return f"{float(value):g}"
    return str(value).strip()


def _labels(values: list[str], positive: Sequence[str], source: str) -> NDArray[np.int8]:
    if positive:
        absent = sorted(set(positive) - set(values))
        if absent:
            raise TruthError(f"{source} never says {absent[0]!r}. {_counted(values)}.")
        known = {value: int(value in positive) for value in set(values)}
    else:
        known = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
        if not set(values) <= {*known, ""}:
            raise TruthError(f"{source} says more than 0 and 1. {_counted(values)}; say --positive VALUE.")
    known[""] = UNKNOWN
    return np.array([known[value] for value in values], np.int8)


def _counted(values: list[str]) -> str:
    """The values there are, the most common first."""
    texts, counts = np.unique(np.array(values, dtype=object), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    told = [f"{texts[i]!r} ({counts[i]:,})" if texts[i] else f"blank ({counts[i]:,})" for i in order[:SHOWN]]
    more = f" and {len(order) - SHOWN} more" if len(order) > SHOWN else ""
    return f"Its values are {', '.join(told)}{more}"
