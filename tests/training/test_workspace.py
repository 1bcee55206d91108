"""Numbered entries of the workspace."""

from pathlib import Path

from winnow.training.workspace import numbered

NAMES = ["v0002", "v0010", "v12345", "v0003.bak", "v3", "v00004", "writing-v0005-abc", "xv0006", "v0007 copy"]


def test_only_whole_names_are_numbers(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).mkdir()
    assert list(numbered(tmp_path).items()) == [(n, tmp_path / f"v{n:04d}") for n in (2, 10, 12345)]


def test_files_are_told_apart_by_their_ending(tmp_path: Path) -> None:
    for name in ("0001.json", "0002.deleted.json", "0003.json.77.tmp", "0004.html", "0005"):
        (tmp_path / name).write_text("")
    assert numbered(tmp_path, prefix="", suffix=".json") == {1: tmp_path / "0001.json"}


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert numbered(tmp_path / "gone") == {}
