"""Files are on the disk before their name is."""

import os
from pathlib import Path

import pytest

from winnow.errors import WinnowError
from winnow.files import write_atomically


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = tmp_path / "holdout.json", []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        status = os.fstat(handle)
        steps.append(("sync folder" if status.st_ino == tmp_path.stat().st_ino else "sync file", status.st_size))
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append(("rename", 0))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_atomically(path, b"seven b")
    assert steps[0] == ("sync file", 7)
    assert [name for name, _ in steps] == ["sync file", "rename", "sync folder"]
    assert path.read_bytes() == b"seven b"


def test_a_disk_that_does_not_take_it_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "holdout.json"
    write_atomically(path, b"old")

    def refuse(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(WinnowError, match=r"holdout.json cannot be written: .*Input/output error"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
