"""A folder of YOLO label files: a .txt an image, a box or an outline a line, with or without a score."""

from pathlib import Path

from winnow.errors import ProposalError
from winnow.proposals.foreign_rows import (
    BadRow,
    ForeignBox,
    ForeignRows,
    checked_box,
    number,
    read_names,
    read_text,
    score_of,
)

_CLASSES = "classes.txt"  # a list of names that some tools put beside the labels


def read_yolo_folder(rows: ForeignRows, names: dict[str, str] | None) -> None:
    """Takes every line of every .txt below the folder; an empty file is an image without boxes."""
    files = sorted(path for path in rows.path.rglob("*.txt") if path.name != _CLASSES)
    if not files:
        raise ProposalError(f"{rows.path} holds no .txt files. Give the folder of labels, one .txt an image.")
    if names is None and (rows.path / _CLASSES).is_file():
        names = read_names(rows.path / _CLASSES)
    for path in files:
        _read_file(rows, path, names or {})


def _read_file(rows: ForeignRows, path: Path, names: dict[str, str]) -> None:
    name = path.relative_to(rows.path)
    stem = path.stem
    try:
        rows.boxes.setdefault(rows.find(stem), [])
    except BadRow as error:
        rows.refuse(str(name), str(error))
        return
    for position, line in enumerate(read_text(path).splitlines(), 1):
        where = f"{name}, line {position}"
        if line.strip():
            rows.take(where, stem, lambda where=where, line=line: _box(where, line.split(), names))  # type: ignore[misc]


def _box(where: str, fields: list[str], names: dict[str, str]) -> ForeignBox:
    class_number, *rest = fields
    if not class_number.isdecimal():
        raise BadRow(f"the class must be a whole number, it is {class_number[:40]!r}")
    key = str(int(class_number)) if len(class_number) < 10 else class_number
    if names and key not in names:
        raise BadRow(f"class {key} is not among the {len(names)} names")
    if len(rest) < 4:
        raise BadRow(f"has {len(fields)} fields; a line is `class cx cy w h` and perhaps a score")
    coordinates = [number("a coordinate", value) for value in rest[: len(rest) - len(rest) % 2]]
    score = score_of(rest[-1]) if len(rest) % 2 else None
    name = names.get(key, key)
    if len(coordinates) == 4:
        cx, cy, width, height = coordinates
        box = checked_box((cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2))
        return ForeignBox(where, box, name, score, is_normalised=True)
    xs, ys = coordinates[0::2], coordinates[1::2]
    box = checked_box((min(xs), min(ys), max(xs), max(ys)))
    return ForeignBox(where, box, name, score, is_normalised=True, mask=[coordinates])
