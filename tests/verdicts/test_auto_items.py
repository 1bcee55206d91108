"""What a head decided: one event, many members, all of it on disk or none of it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from winnow.errors import DatabaseError
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import AutoVerdict, NewVerdict, VerdictLog

ITEMS = AutoItems(
    ids=np.array([1, 2, 3], np.uint64),
    labels=np.array([1, 0, 0], np.int8),
    probability=np.array([0.75, 0.25, 0.125], np.float32),
    paths=["a.png", "b.png", "b.png"],
    boxes_xyxy=np.array([[np.nan] * 4, [0, 1, 2, 3], [4, 5, 6, 7]]),
    classes=[None, "cat", "dog"],
    scores=np.array([np.nan, 0.5, 0.25]),
    sources=[None, "yolo", "yolo"],
)
EVENT = NewVerdict("k", "", None, "ana", "", strategy="auto", kind="auto", model_version=7, reason="proved")
ONE, TWO, THREE = (f"{number:016x}" for number in (1, 2, 3))


def open_log(folder: Path) -> VerdictLog:
    return VerdictLog(f"sqlite:///{folder / 'winnow.db'}")


def labels_of(ledger: Ledger) -> dict[str, int | None]:
    return {verdict.item_id: verdict.label for verdict in ledger.auto_labels()}


def person(item_id: str, label: int | None, key: str) -> NewVerdict:
    return NewVerdict(key, item_id, label, "bob", "b.png", strategy="entropy")


def test_members_come_back_as_they_were_written(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append_auto(EVENT, ITEMS)
    log.close()
    (event,) = open_log(tmp_path).replay()
    assert isinstance(event, AutoVerdict)
    assert event.items
    assert (event.kind, event.strategy, event.model_version, event.reason) == ("auto", "auto", 7, "proved")
    assert list(event.items.rows()) == list(ITEMS.rows())
    assert list(event.items.rows()) == [
        (ONE, 1, 0.75, "a.png", None, None, None, None),
        (TWO, 0, 0.25, "b.png", [0, 1, 2, 3], "cat", 0.5, "yolo"),
        (THREE, 0, 0.125, "b.png", [4, 5, 6, 7], "dog", 0.25, "yolo"),
    ]


def test_one_undo_takes_all_members_back(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    event = log.append_auto(EVENT, ITEMS)
    ledger = Ledger(log.replay())
    assert labels_of(ledger) == {ONE: 1, TWO: 0, THREE: 0}
    newest = ledger.newest_of("ana")
    assert newest
    assert newest.seq == event.seq
    for undo in log.undo([event], key="u", annotator="ana"):
        ledger.apply(undo)
    assert labels_of(ledger) == {}
    log.close()
    again = Ledger(open_log(tmp_path).replay())
    assert (labels_of(again), again.newest_of("ana")) == ({}, None)


def test_a_persons_verdict_wins_and_its_undo_brings_the_heads_label_back(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append_auto(EVENT, ITEMS)
    ledger = Ledger(log.replay())
    accepted, skipped = log.append([person(TWO, 1, "p1"), person(THREE, None, "p2")])
    for verdict in (accepted, skipped):
        ledger.apply(verdict)
    assert labels_of(ledger) == {ONE: 1}
    for undo in log.undo([accepted], key="u", annotator="bob"):
        ledger.apply(undo)
    assert labels_of(ledger) == {ONE: 1, TWO: 0}
    assert ledger.current(TWO) is None


def test_what_a_head_decided_is_no_test_of_it(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append_auto(EVENT, ITEMS)
    ledger = Ledger(log.replay())
    assert (ledger.points(), ledger.n_live, list(ledger.currents())) == ([], 0, [])


def test_an_event_whose_members_cannot_be_written_is_not_written(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    twice = AutoItems(**{**vars(ITEMS), "ids": np.array([1, 2, 2], np.uint64)})
    with pytest.raises(DatabaseError, match="not acknowledged"):
        log.append_auto(EVENT, twice)
    assert list(log.replay()) == []


KILLED = """
import sys
import numpy as np
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.log import NewVerdict, VerdictLog
log = VerdictLog(sys.argv[1])
n = 60_000
items = AutoItems(np.arange(n, dtype=np.uint64), np.ones(n, np.int8), np.ones(n, np.float32), ["a.png"] * n,
                  np.full((n, 4), np.nan), [None] * n, np.full(n, np.nan), [None] * n)
print("writing", flush=True)
log.append_auto(NewVerdict("k", "", None, "ana", "", strategy="auto", kind="auto"), items)
print("written", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("written", [0, 500_000, 2_000_000, None])
def test_killed_while_it_writes_there_is_all_of_it_or_nothing(tmp_path: Path, written: int | None) -> None:
    """Killed once so many bytes of it are in the file, None = once it is acknowledged."""
    url = f"sqlite:///{tmp_path / 'winnow.db'}"
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    assert writer.stdout.readline() == "writing\n"
    before_it = (tmp_path / "winnow.db-wal").stat().st_size
    if written is None:
        assert writer.stdout.readline() == "written\n"
    else:
        while (tmp_path / "winnow.db-wal").stat().st_size < before_it + written:
            assert writer.poll() is None
    writer.kill()
    writer.communicate()
    log = VerdictLog(url)
    events = list(log.replay())
    log.close()
    with sa.create_engine(url).connect() as connection:
        members = connection.execute(sa.text("select count(*) from auto_items")).scalar()
    assert (len(events), members) in ([(1, 60_000)] if written is None else [(0, 0), (1, 60_000)])
