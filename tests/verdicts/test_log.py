"""The log keeps what it acknowledged, refuses a second writer and says what is wrong with a disk."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from winnow.errors import DatabaseError
from winnow.verdicts.log import NewVerdict, Undo, Verdict, VerdictLog


def new(key: str, label: int | None = 1, item_id: str = "00000000000000aa") -> NewVerdict:
    return NewVerdict(
        key,
        item_id,
        label,
        "ana",
        "a.png",
        (1.5, 2.0, 3.0, 4.0),
        elapsed_ms=350,
        probability=0.25,
        model_version=7,
        strategy="entropy",
        selection_probability=1.0,
        rank=3,
        reason="blur",
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/winnow.db"


def test_events_come_back_as_they_were_written(url: str) -> None:
    log = VerdictLog(url)
    (first,) = log.append([new("k1")])
    (second,) = log.append([new("k2", None)])
    (undo,) = log.undo([second], key="u1", annotator="ben")
    log.close()
    reopened = VerdictLog(url)
    assert list(reopened.replay()) == [first, second, undo]
    assert first.box_xyxy == (1.5, 2.0, 3.0, 4.0)
    assert (undo.undoes, undo.annotator, undo.key) == (second.seq, "ben", "u1")
    reopened.close()


def test_many_verdicts_are_taken_back_in_one_transaction(url: str) -> None:
    log = VerdictLog(url)
    verdicts = log.append([new("k1"), new("k2"), new("k3")])
    undone = log.undo(verdicts, key="u", annotator="ana")
    assert [event.undoes for event in undone] == [verdict.seq for verdict in verdicts]
    assert [event.key for event in undone] == ["u", "u/1", "u/2"]
    log.close()


def test_a_batch_with_a_known_key_writes_nothing(url: str) -> None:
    log = VerdictLog(url)
    log.append([new("k1")])
    with pytest.raises(DatabaseError):
        log.append([new("k2"), new("k1")])
    assert [event.key for event in log.replay()] == ["k1"]
    log.close()


def test_a_verdict_is_undone_once_at_most(url: str) -> None:
    log = VerdictLog(url)
    (verdict,) = log.append([new("k1")])
    log.undo([verdict], key="u1", annotator="ana")
    with pytest.raises(DatabaseError):
        log.undo([verdict], key="u2", annotator="ana")
    log.close()


def test_state_is_remembered(url: str) -> None:
    log = VerdictLog(url)
    assert log.read_state("strategy") is None
    log.write_state("strategy", "random")
    log.write_state("strategy", "entropy")
    log.close()
    reopened = VerdictLog(url)
    assert reopened.read_state("strategy") == "entropy"
    reopened.close()


def test_sqlite_writes_through_to_the_disk(url: str, tmp_path: Path) -> None:
    log = VerdictLog(url)
    with log._readable() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    log.close()


def test_a_second_server_on_the_database_is_refused(url: str) -> None:
    log = VerdictLog(url)
    code = f"from winnow.verdicts.log import VerdictLog; VerdictLog({url!r})"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert second.returncode != 0
    assert "Another Winnow server has the database" in second.stderr
    log.close()
    VerdictLog(url).close()


def test_a_full_disk_is_said_and_nothing_is_half_written(url: str, tmp_path: Path) -> None:
    log = VerdictLog(url)
    log.append([new("k1")])
    with log._readable() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="full"):
        log.append([new(f"big{i}") for i in range(1000)])
    assert [event.key for event in log.replay()] == ["k1"]
    log.close()


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "winnow.db"
    path.write_bytes(b"this is my diary, not a database" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        VerdictLog(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is my diary")


def test_an_unwritable_folder_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, whose parents only its owner may enter
        os.chmod(folder, 0o555)
        as_nobody = "import os, sqlite3; os.geteuid() or os.seteuid(65534)"  # root may write anywhere
        opening = f"VerdictLog('sqlite:///{folder}/winnow.db')"
        code = f"from winnow.verdicts.log import VerdictLog; {as_nobody}; {opening}"
        opened = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Make its folder writable" in opened.stderr


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "nonsense", "nosuchdb://x", "sqlite:////no/such/x.db"]
)
def test_urls_that_cannot_hold_a_log_are_refused(url: str) -> None:
    with pytest.raises(DatabaseError):
        VerdictLog(url)


def test_a_database_of_a_newer_winnow_is_refused(url: str, tmp_path: Path) -> None:
    VerdictLog(url).close()
    with sqlite3.connect(tmp_path / "winnow.db") as connection:
        connection.execute("UPDATE state SET value = '99' WHERE name = 'schema_version'")
    connection.close()
    with pytest.raises(DatabaseError, match="Update Winnow"):
        VerdictLog(url)


def test_events_are_told_apart_by_kind(url: str) -> None:
    log = VerdictLog(url)
    (verdict,) = log.append([new("k1")])
    log.undo([verdict], key="u", annotator="ana")
    assert [type(event) for event in log.replay()] == [Verdict, Undo]
    log.close()
