"""Labels made elsewhere: an older tool's `index,label` rows, or Winnow's own annotations.csv."""

import csv
import hashlib
from pathlib import Path

from winnow.errors import UnknownItem, WinnowError
from winnow.pool import Pool
from winnow.verdicts.log import NewVerdict

SHOWN_BAD_ROWS = 20


class ImportFileError(WinnowError):
    """The file of labels is missing or has bad rows; nothing was imported."""

    code = "bad_import"


def read_annotations(path: Path, pool: Pool, *, annotator: str) -> list[NewVerdict]:
    """The verdicts in a CSV file whose rows are `index,label` (no header), or have a header with `id` or `index`, and
    `label`. Keys follow from the file's content, so importing the same file twice records nothing twice.

    Raises:
        ImportFileError: names every bad row (the first 20) with its line number.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFileError(f"{path} cannot be read: {error}. Nothing was imported.") from error
    header = rows[0] if rows and "label" in rows[0] else None
    stamp = hashlib.blake2b(content, digest_size=8).hexdigest()
    verdicts, bad = [], []
    for line, fields in enumerate(rows[1:] if header else rows, start=2 if header else 1):
        if not fields:
            continue
        try:
            row, label = _row_and_label(fields, header, pool)
        except ValueError as error:
            bad.append(f"  {path}:{line}: {','.join(fields)!r}: {error}")
            continue
        item = pool.item(row)
        key = f"import-{stamp}-{line}"
        verdicts.append(NewVerdict(key, item.id, label, annotator, item.path, item.box_xyxy, strategy="import"))
    _refuse(bad)
    return verdicts


def _row_and_label(fields: list[str], header: list[str] | None, pool: Pool) -> tuple[int, int]:
    named = dict(zip(header or ["index", "label"], fields, strict=False))
    if named.get("label") not in ("0", "1"):
        raise ValueError(f"label must be 0 or 1, got {named.get('label')!r}")
    label = int(named["label"])
    if "id" in named:
        try:
            return pool.row_of(named["id"]), label
        except UnknownItem:
            raise ValueError(f"the pool has no item {named['id']!r}") from None
    index = named.get("index", "")
    if not index.isdecimal() or int(index) >= pool.n_rows:
        raise ValueError(f"index must be a row of the refs, 0 to {pool.n_rows - 1}, got {index!r}")
    return int(index), label


def _refuse(bad: list[str]) -> None:
    if bad:
        more = f"\n  and {len(bad) - SHOWN_BAD_ROWS} more" if len(bad) > SHOWN_BAD_ROWS else ""
        raise ImportFileError("Nothing was imported; bad rows:\n" + "\n".join(bad[:SHOWN_BAD_ROWS]) + more)
