"""Refs written into a folder and read back, or the error that they give."""

import json
from pathlib import Path

import numpy as np
import pytest

from winnow.errors import RefsError
from winnow.pool.refs import RefsTable, read_refs


def read(folder: Path, name: str, content: str | bytes | list | dict) -> RefsTable:
    path = folder / name
    if isinstance(content, list | dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_refs(path)


def error_of(folder: Path, name: str, content: str | bytes | list | dict) -> str:
    with pytest.raises(RefsError) as caught:
        read(folder, name, content)
    return str(caught.value).replace(str(folder) + "/", "")


def paths_of(table: RefsTable) -> list[str]:
    return [table.paths[code] for code in table.path_codes]


def texts_of(codes: np.ndarray, names: list[str]) -> list[str | None]:
    return [None if code < 0 else names[code] for code in codes]
