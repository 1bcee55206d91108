"""Logs of an older Winnow are brought up to date; readers need no lock and change nothing."""

import sqlite3
from pathlib import Path

import pytest

from winnow.errors import DatabaseError
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, VerdictLog


def make_old_log(path: Path) -> None:
    """A log as schema 1 wrote it, with one verdict."""
    log = VerdictLog(f"sqlite:///{path}")
    log.append([NewVerdict("k1", "0" * 16, 1, "ana", "a.png", (1.0, 2.0, 3.0, 4.0))])
    log.close()
    with sqlite3.connect(path) as connection:
        for column in ("proposed_class", "score", "source", "class_name", "replaces", "mask", "batch", "goal"):
            connection.execute(f"ALTER TABLE verdicts DROP COLUMN {column}")
        connection.execute("UPDATE state SET value = '1' WHERE name = 'schema_version'")


def test_an_old_log_keeps_its_verdicts_and_takes_new_ones(tmp_path: Path) -> None:
    make_old_log(tmp_path / "w.db")
    log = VerdictLog(f"sqlite:///{tmp_path / 'w.db'}")
    log.append([NewVerdict("k2", "1" * 16, 0, "ana", "a.png", reason="wrong_class", class_name="fox")])
    first, second = Ledger(log.replay()).currents()
    assert (first.key, first.class_name, second.class_name) == ("k1", None, "fox")
    log.close()
    assert sqlite3.connect(tmp_path / "w.db").execute("SELECT value FROM state").fetchall() == [("4",)]


def test_a_reader_sees_the_log_while_a_writer_has_it_open(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'w.db'}"
    writer = VerdictLog(url)
    reader = VerdictLog(url, is_writer=False)
    writer.append([NewVerdict("k1", "0" * 16, 1, "ana", "a.png")])
    assert [event.key for event in reader.replay()] == ["k1"]
    reader.close()
    writer.close()


def test_a_reader_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database at"):
        VerdictLog(f"sqlite:///{tmp_path / 'w.db'}", is_writer=False)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_asks_for_an_update_of_an_old_log(tmp_path: Path) -> None:
    make_old_log(tmp_path / "w.db")
    with pytest.raises(DatabaseError, match="Start its server once"):
        VerdictLog(f"sqlite:///{tmp_path / 'w.db'}", is_writer=False)


@pytest.mark.parametrize("is_writer", [True, False])
def test_a_newer_log_is_refused_untouched(tmp_path: Path, is_writer: bool) -> None:
    path = tmp_path / "w.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO state VALUES ('schema_version', '5')")
    with pytest.raises(DatabaseError, match="has schema 5; this Winnow knows 4"):
        VerdictLog(f"sqlite:///{path}", is_writer=is_writer)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [
        ("state",)
    ]


@pytest.mark.parametrize("url", ["mysql+none://ana:secret@host/log", "//ana:secret@host"])
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseError, match=r"ana:\*\*\*@host") as raised:
        VerdictLog(url)
    assert "secret" not in str(raised.value)


def test_misses_and_completions_are_undone_like_verdicts(tmp_path: Path) -> None:
    log = VerdictLog(f"sqlite:///{tmp_path / 'w.db'}")
    accepted = NewVerdict("k1", "0" * 16, 1, "ana", "a.png", strategy="entropy")
    log.append([accepted, NewVerdict("k2", "1" * 16, None, "ana", "a.png", strategy="miss", kind="miss")])
    ledger = Ledger(log.replay())
    assert [event.key for event in ledger.image_events()["a.png"]] == ["k2"]
    newest = ledger.newest_of("ana")
    assert newest is not None
    (undo,) = log.undo([newest], key="u", annotator="ana")
    ledger.apply(undo)
    assert ledger.image_events() == {}
    assert [verdict.key for verdict in ledger.currents()] == ["k1"]
    log.close()


def test_no_key_takes_back_what_was_imported(tmp_path: Path) -> None:
    log = VerdictLog(f"sqlite:///{tmp_path / 'w.db'}")
    log.append([NewVerdict("k1", "0" * 16, 1, "ana", "a.png")])
    assert Ledger(log.replay()).newest_of("ana") is None
    log.close()
