"""Refs as plain text: `path` or `path x1 y1 x2 y2` a line."""

import re
from array import array

import numpy as np

from winnow.pool.raw_refs import BOX_COLUMNS, BadLine, RawRefs

_QUOTED = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)')(?=\s|$)(.*)""", re.DOTALL)
_BOX_ORDER = re.compile(r"#\s*boxes\s*:(.*)", re.IGNORECASE)
_ORDERS = {"x1 y1 x2 y2": (0, 1, 2, 3), "r1 c1 r2 c2": (1, 0, 3, 2)}
_FORM = "a line is `path` or `path x1 y1 x2 y2`; put quotes around a path with spaces"


def read_text(text: str) -> RawRefs:
    """Items of a text refs file, in order; blank lines and `#` comments are none."""
    lines = text.split("\n")
    paths: list[str] = []
    numbers, coordinates, has_box = array("l"), array("d"), bytearray()
    bad: list[BadLine] = []
    order = _box_order(lines, bad)
    for number, line in enumerate(lines, 1):
        try:
            fields = _split(line)
            if fields:
                box = _box(fields)
                coordinates.extend(box)
                paths.append(fields[0])
                has_box.append(len(fields) == 5)
                numbers.append(number)
        except ValueError as error:
            bad.append(BadLine(number, line, str(error)))
    boxes = np.frombuffer(coordinates, float).reshape(-1, 4)[:, order]
    mask = np.frombuffer(has_box, bool)
    raw = RawRefs("line", numbers, lambda row: lines[numbers[row] - 1], paths, boxes, mask, bad=bad)
    if paths and paths[0].startswith("path,"):
        raw.refuse(0, "this is a CSV header: give the file a name that ends in .csv")
    return raw


def _box_order(lines: list[str], bad: list[BadLine]) -> list[int]:
    """Which field is x1, y1, x2, y2, as the first line says; the same words further down would be overlooked."""
    for number, line in enumerate(lines[1:], 2):
        if line.startswith("#") and _said_order(line) in _ORDERS:
            bad.append(
                BadLine(number, line, "the order of box corners is for the whole file: say it in the first line")
            )
    said = _said_order(lines[0])
    if said is not None and said not in _ORDERS:
        bad.append(BadLine(1, lines[0], f"unknown order of box corners; there are {', '.join(_ORDERS)}"))
    return list(_ORDERS.get(said or "", (0, 1, 2, 3)))


def _said_order(line: str) -> str | None:
    match = _BOX_ORDER.match(line)
    return " ".join(match[1].split()).lower() if match else None


def _split(line: str) -> list[str]:
    """The line's fields, none for a blank line or a comment; raises ValueError for an open quote."""
    if '"' not in line and "'" not in line and "#" not in line:
        return line.split()
    path, rest = None, line.lstrip()
    if rest.startswith(('"', "'")):
        match = _QUOTED.match(rest)
        if match is None:
            raise ValueError("the quote is not closed, or something follows it without a space")
        path = match[2].replace("''", "'") if match[1] is None else match[1].replace('""', '"')
        rest = match[3]
    fields = rest.split()
    comment = next((i for i, word in enumerate(fields) if word.startswith("#")), len(fields))
    return ([] if path is None else [path]) + fields[:comment]


def _box(fields: list[str]) -> list[float]:
    """The four numbers after the path, NaN without any; raises ValueError naming what is wrong."""
    if len(fields) == 5:
        try:
            return [float(fields[1]), float(fields[2]), float(fields[3]), float(fields[4])]
        except ValueError:
            raise ValueError(f"{_first_word(fields[1:])!r} is not a number; {_FORM}") from None
    if len(fields) == 1:
        return [np.nan] * len(BOX_COLUMNS)
    raise ValueError(f"wrong number of columns, {len(fields)}; {_FORM}")


def _first_word(fields: list[str]) -> str:
    def is_number(word: str) -> bool:
        try:
            float(word)
        except ValueError:
            return False
        return True

    return next(word for word in fields if not is_number(word))
