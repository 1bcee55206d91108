"""Refs, the input: one function reads every form into one typed table, or says what is wrong with each bad line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from winnow.errors import RefsError
from winnow.pool.raw_refs import BadLine, RawRefs
from winnow.pool.refs_coco import read_coco
from winnow.pool.refs_tables import read_csv, read_parquet
from winnow.pool.refs_text import read_text

SHOWN = 20
HIGHEST_LABEL = np.iinfo(np.int16).max


@dataclass(frozen=True)
class RefsTable:
    """Columns of n items in the file's order.

    `boxes_xyxy` (n, 4) float64 pixels, NaN rows for whole images; `scores` (n,) float64, NaN = none; `labels` (n,)
    int16, −1 = none. Texts are codes (n,) int32 into a list of distinct ones, −1 = none; paths are as they stand in
    the file.
    """

    path_codes: np.ndarray
    paths: list[str]
    boxes_xyxy: np.ndarray
    class_codes: np.ndarray
    classes: list[str]
    scores: np.ndarray
    source_codes: np.ndarray
    sources: list[str]
    labels: np.ndarray
    group_codes: np.ndarray
    groups: list[str]


def read_refs(path: Path) -> RefsTable:
    """Items of a refs file: text, CSV (.csv), Parquet (.parquet) or COCO (.json).

    Raises RefsError with every bad line; nothing is half-read.
    """
    try:
        raw = _read(path)
    except OSError as error:
        raise RefsError(
            f"{path}: the refs file cannot be read ({error.strerror or error}). "
            "Write one that lists an image path a line, or point WINNOW_REFS to yours."
        ) from error
    raw.bad += [BadLine(raw.numbers[row], raw.text_of(row), reason) for row, reason in _wrong_values(raw)]
    if raw.bad:
        raise RefsError(_report(path, raw.unit, raw.bad))
    if not len(raw.paths):
        raise RefsError(f"{path}: no items in it. Put an image path on each line, or `path x1 y1 x2 y2` for a box.")
    return _table(raw)


def _read(path: Path) -> RawRefs:
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        with path.open("rb"):  # a missing file fails here, as with the other forms
            return read_parquet(path)
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    text, undecodable = _decode(data)
    if undecodable and (suffix == ".json" or (suffix == ".csv" and undecodable[0].number == 1)):
        raise RefsError(_report(path, "line", undecodable))  # what follows would be told in the wrong words
    if suffix == ".json":
        raw = read_coco(text, path)
    elif suffix == ".csv":
        raw = read_csv(text, path.name)
    else:
        raw = read_text(text)
    raw.bad += undecodable
    return raw


def _decode(data: bytes) -> tuple[str, list[BadLine]]:
    """The text, and the lines that are not UTF-8 (these stand in the text with \\x escapes)."""
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        text = data.decode("utf-8", "backslashreplace")
    bad = []
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            shown = line.decode("utf-8", "backslashreplace")
            bad.append(BadLine(number, shown, f"not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"))
    return text, bad


def _wrong_values(raw: RawRefs) -> Iterator[tuple[int, str]]:
    """(row, reason) of each value that has the right type and no meaning."""
    for row, path in enumerate(raw.paths):
        if not path or "\0" in path or not (path.isascii() or _is_encodable(path)):
            yield row, "the path is missing" if not path else "the path has characters that no file name can have"
    yield from _wrong_boxes(raw.boxes_xyxy, raw.has_box)
    scores, given = raw.values.get("score", (np.zeros(0), np.zeros(0, bool)))
    for row in np.flatnonzero(given & ~np.isfinite(scores)).tolist():
        yield row, f"the score {scores[row]:g} is not finite"
    labels, given = raw.values.get("label", (np.zeros(0), np.zeros(0, bool)))
    for row in np.flatnonzero(given & ~((labels >= 0) & (labels <= HIGHEST_LABEL) & (labels % 1 == 0))).tolist():
        yield row, f"the label {labels[row]:g} is not a whole number from 0 to {HIGHEST_LABEL}; blank means none"


def _is_encodable(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _wrong_boxes(boxes_xyxy: np.ndarray, has_box: np.ndarray) -> Iterator[tuple[int, str]]:
    x1, y1, x2, y2 = boxes_xyxy.T
    wrong = {
        "has NaN or infinite values": ~np.isfinite(boxes_xyxy).all(axis=1),
        "is inverted (negative size): x2 must be right of x1 and y2 below y1": (x2 < x1) | (y2 < y1),
        "has no area": (x2 == x1) | (y2 == y1),
        "lies wholly at negative coordinates, where no image is": (x2 <= 0) | (y2 <= 0),
    }
    first_reason = np.select(list(wrong.values()), range(len(wrong)), default=-1)
    reasons = list(wrong)
    for row in np.flatnonzero(has_box & (first_reason >= 0)).tolist():
        corners = " ".join(f"{value:g}" for value in boxes_xyxy[row])
        yield row, f"the box x1 y1 x2 y2 = {corners} {reasons[first_reason[row]]}"


def _report(path: Path, unit: str, bad: list[BadLine]) -> str:
    by_number: dict[int, list[BadLine]] = {}
    for line in bad:
        by_number.setdefault(line.number, []).append(line)
    shown = [
        f"  {path}, {unit} {number}: {'; '.join(line.reason for line in lines)}\n      {_printable(lines[0].text)}"
        for number, lines in sorted(by_number.items())[:SHOWN]
    ]
    if len(by_number) > SHOWN:
        shown.append(f"  and {len(by_number) - SHOWN:,} more")
    noun = {"entry": "entries"}.get(unit, f"{unit}s")
    count = f"1 {unit}" if len(by_number) == 1 else f"{len(by_number):,} {noun}"
    return "\n".join([f"{path}: {count} cannot be used. Mend or remove them; nothing was read.", *shown])


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text.strip()[:300])


def _table(raw: RawRefs) -> RefsTable:
    n = len(raw.paths)
    path_codes, paths = _encode(raw.paths)
    class_codes, classes = _encode(raw.texts.get("class", [None] * n))
    source_codes, sources = _encode(raw.texts.get("source", [None] * n))
    group_codes, groups = _encode(raw.texts.get("group", [None] * n))
    nothing = np.zeros(n), np.zeros(n, bool)
    scores, has_score = raw.values.get("score", nothing)
    labels, has_label = raw.values.get("label", nothing)
    return RefsTable(
        path_codes, paths,
        np.where(raw.has_box[:, None], raw.boxes_xyxy + 0.0, np.nan),  # + 0.0 turns −0.0 into 0.0
        class_codes, classes,
        np.where(has_score, scores, np.nan),
        source_codes, sources,
        np.where(has_label, labels, -1).astype(np.int16),
        group_codes, groups,
    )  # fmt: skip


def _encode(texts: Sequence[str | None] | Iterable[str | None]) -> tuple[np.ndarray, list[str]]:
    codes: dict[str, int] = {}
    encoded = np.fromiter((-1 if text is None else codes.setdefault(text, len(codes)) for text in texts), np.int32)
    return encoded, list(codes)
