"""What the readers of the four refs forms hand over: values of the right type, with every line they refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

BOX_COLUMNS = ("x1", "y1", "x2", "y2")


class BadLine(NamedTuple):
    """A line (CSV, text), row (Parquet) or entry (JSON) that cannot be used; `number` is as the user counts it."""

    number: int
    text: str
    reason: str


@dataclass
class RawRefs:
    """Columns of n items, not yet checked for meaning.

    `boxes_xyxy` (n, 4) float64, any values where `has_box` (n,) bool; `scores` (n,) float64, any values where
    `has_score`; `labels` likewise. `numbers` (n,) are the items' lines as the user counts them, `text_of(row)` how one
    stands in the file, `unit` what to call it.
    """

    unit: str
    numbers: Sequence[int]
    text_of: Callable[[int], str]
    paths: Sequence[str]
    boxes_xyxy: np.ndarray
    has_box: np.ndarray
    texts: dict[str, Sequence[str | None]] = field(default_factory=dict)  # class, source, group
    values: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # score, label: (values, given)
    bad: list[BadLine] = field(default_factory=list)

    def refuse(self, row: int, reason: str) -> None:
        self.bad.append(BadLine(self.numbers[row], self.text_of(row), reason))

    def set_values(self, title: str, column: Sequence[Any]) -> None:
        """Take a column of numbers or blanks; a word in it is refused."""
        floats, given, bad = _floats(column)
        self._refuse_words(title, column, bad)
        given[bad] = False
        self.values[title] = floats, given

    def set_boxes(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Take the four columns of boxes, in whatever form; a row has all four numbers or none."""
        corners = {title: _floats(column) for title, column in columns.items()}
        given = np.stack([given for _, given, _ in corners.values()], axis=1)
        is_partial = given.any(axis=1) & ~given.all(axis=1)
        for row in np.flatnonzero(is_partial).tolist():
            self.refuse(row, f"a box needs all of {', '.join(columns)}; leave all four blank for a whole image")
        self.boxes_xyxy = np.stack([values for values, _, _ in corners.values()], axis=1)
        self.has_box = np.asarray(given.all(axis=1))
        for title, (_, _, bad) in corners.items():
            self._refuse_words(title, columns[title], bad)
            self.has_box[bad] = False

    def _refuse_words(self, title: str, column: Sequence[Any], bad: list[int]) -> None:
        for row in bad:
            self.refuse(row, f"{title} {column[row]!r} is not a number")


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _floats(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """(n,) float64 values, (n,) bool whether one was given, and the positions of those given that are no numbers."""
    try:
        return np.fromiter(map(float, values), float, len(values)), np.ones(len(values), bool), []
    except (TypeError, ValueError):  # blanks or words among them: look at each
        floats = np.full(len(values), np.nan)
    given = np.fromiter((not is_blank(value) for value in values), bool, len(values))
    bad = []
    for position in np.flatnonzero(given).tolist():
        try:
            floats[position] = float(values[position])
        except (TypeError, ValueError):
            bad.append(position)
    return floats, given, bad


def as_texts(values: Iterable[Any]) -> list[str | None]:
    """Each value as stripped text; a blank one is None."""
    return [None if is_blank(value) else str(value).strip() for value in values]
