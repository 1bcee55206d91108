"""Masks beside a refs file, read a line at a time."""

from pathlib import Path

import numpy as np
import pytest

from winnow.errors import ProposalError
from winnow.masks.mask_lines import MaskLines, fingerprint_of_masks
from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line, read_masks, sidecar_path


def mask(n: int) -> np.ndarray:
    return np.arange(12).reshape(3, 4) < n


def test_each_row_has_its_own_mask_whatever_the_order_of_the_lines(tmp_path: Path) -> None:
    refs = tmp_path / "refs.csv"
    lines = [mask_line(3, encode(mask(5)), 0.9), mask_line(0, encode(mask(2)))]
    sidecar_path(refs).write_text("".join(lines) + '{"size": [3, 4], "counts": [0, 12], "row": 1}\n')
    found = MaskLines(refs, 4)
    assert [one and (one.rle, one.stability) for one in map(found.of, range(4))] == [
        (encode(mask(2)), None), (encode(mask(12)), None), None, (encode(mask(5)), 0.9),
    ]  # fmt: skip
    assert {row: one.rle for row in range(4) if (one := found.of(row))} == read_masks(refs, 4)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert MaskLines(tmp_path / "refs.csv", 2).of(1) is None
    assert fingerprint_of_masks(tmp_path / "refs.csv") is None


@pytest.mark.parametrize(
    "line", ['{"row": 9, "size": [3, 4], "counts": ""}', "no json", "[]", '{"row": true}', '{"row": -1}']
)
def test_a_line_of_no_row_is_named(tmp_path: Path, line: str) -> None:
    sidecar_path(tmp_path / "refs.csv").write_text(mask_line(0, encode(mask(1))) + line + "\n")
    with pytest.raises(ProposalError, match="line 2"):
        MaskLines(tmp_path / "refs.csv", 4)


def test_a_damaged_mask_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    sidecar_path(tmp_path / "refs.csv").write_text(mask_line(0, encode(mask(1))) + '{"row": 1, "size": [3')
    found = MaskLines(tmp_path / "refs.csv", 4)
    assert found.of(0) is not None
    with pytest.raises(ProposalError, match="the mask of row 1"):
        found.of(1)
