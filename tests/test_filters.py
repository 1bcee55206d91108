"""Filters: what is hidden leaves the queue, nothing is lost, and a restart remembers."""

from pathlib import Path

import numpy as np
import pytest
from small_pool import draw_pool

from winnow.errors import BadBox, NotReady, UnknownGroup
from winnow.filters import Filter
from winnow.pool import open_pool
from winnow.session import Session
from winnow.settings import Settings

REFS = """path,x1,y1,x2,y2,class,score
0.png,0,0,10,10,cat,0.9
0.png,2,2,20,20,dog,0.4
1.png,0,0,10,10,cat,0.2
1.png,,,,,,
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path)


def open_session(folder: Path) -> Session:
    if not (folder / "refs.csv").exists():
        draw_pool(folder, 2)
        (folder / "refs.csv").write_text(REFS)
        np.save(folder / "features.npy", np.eye(4, dtype=np.float32))
    return Session(Settings(refs=folder / "refs.csv", annotator="ana"))


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        (Filter(), [1, 1, 1, 1]),
        (Filter(classes=("cat",)), [1, 0, 1, 0]),
        (Filter(score_min=0.4), [1, 1, 0, 1]),
        (Filter(score_max=0.4), [0, 1, 1, 1]),
        (Filter(images=("1.png",)), [0, 0, 1, 1]),
        (Filter(set_aside=("tiny",)), [0, 1, 1, 1]),
        (Filter(classes=("cat",), images=("1.png",)), [0, 0, 1, 0]),
        (Filter(classes=("cow",)), [0, 0, 0, 0]),
    ],
)
def test_a_filter_shows_what_passes_all_of_it(session: Session, chosen: Filter, shown: list[int]) -> None:
    members = {"tiny": np.array([True, False, False, False])}
    assert chosen.shown(session.pool, members).tolist() == [bool(value) for value in shown]
    session.close()


def test_an_unknown_group_is_refused_by_name(session: Session) -> None:
    with pytest.raises(UnknownGroup, match="'round'"):
        session.set_filter(Filter(set_aside=("round",)), {"tiny": np.zeros(4, bool)})
    assert session.filter == Filter()
    session.close()


def test_the_queue_holds_only_what_is_shown_and_gets_the_rest_back(session: Session) -> None:
    session.set_filter(Filter(classes=("cat",)), {})
    assert sorted(session.queue(9).rows.tolist()) == [0, 2]
    session.set_filter(Filter(), {})
    assert sorted(session.queue(9).rows.tolist()) == [0, 1, 2, 3]
    session.close()


def test_a_filter_survives_a_restart(session: Session, tmp_path: Path) -> None:
    chosen = Filter(classes=("dog",), score_min=0.1, images=("0.png",))
    session.set_filter(chosen, {})
    session.close()
    again = open_session(tmp_path)
    assert again.saved_filter == chosen
    again.close()


def test_a_miss_is_recorded_once_and_taken_back_by_undo(session: Session) -> None:
    item = session.pool.item(0)
    first = session.mark_image(item.id, "miss", key="m1", annotator="ana")
    again = session.mark_image(item.id, "miss", key="m1", annotator="ana")
    assert (first.is_new, again.is_new, again.verdict) == (True, False, first.verdict)
    assert [event.kind for event in session.ledger.image_events()["0.png"]] == ["miss"]
    assert session.board.progress().labeled == 0
    assert session.undo(key=None, annotator="ana").verdict == first.verdict
    assert session.ledger.image_events() == {}
    session.close()


def test_a_correction_is_an_accepted_box_that_names_the_one_it_replaces(session: Session) -> None:
    item = session.pool.item(1)
    session.judge(item.id, 0, key="v1", annotator="ana", reason="bad_box")
    done = session.correct(item.id, (2.0, 3.0, 30.0, 31.0), "cow", is_replaced=True, key="c1", annotator="ana")
    verdict = done.verdict
    assert (verdict.label, verdict.class_name, verdict.replaces, verdict.box_xyxy) == (
        1,
        "cow",
        item.id,
        (2.0, 3.0, 30.0, 31.0),
    )
    session.close()


@pytest.mark.parametrize("box", [(5.0, 5.0, 5.0, 9.0), (0.0, 0.0, 49.0, 10.0), (-1.0, 0.0, 4.0, 4.0)])
def test_a_box_without_area_or_off_the_image_is_refused(session: Session, box: tuple) -> None:
    with pytest.raises(BadBox, match="48 × 32 pixels"):
        session.correct(session.pool.item(0).id, box, "cow", is_replaced=False, key="c1", annotator="ana")
    assert session.ledger.last_seq == 0
    session.close()


def test_a_closed_session_records_nothing(session: Session) -> None:
    session.close()
    with pytest.raises(NotReady):
        session.judge(session.pool.item(0).id, 1, key="v1", annotator="ana")


def test_what_was_proposed_is_in_the_log(session: Session, tmp_path: Path) -> None:
    session.judge(open_pool(tmp_path / "refs.csv").item(1).id, 1, key="v1", annotator="ana")
    (verdict,) = session.ledger.currents()
    assert (verdict.proposed_class, verdict.score, verdict.source) == ("dog", 0.4, None)
    session.close()


def test_features_named_like_the_refs_come_first(tmp_path: Path) -> None:
    settings = Settings(refs=tmp_path / "proposals.csv")
    assert settings.features_path == tmp_path / "features.npy"
    (tmp_path / "proposals.npy").touch()
    assert settings.features_path == tmp_path / "proposals.npy"


def test_a_models_mistakes_are_shown_again_though_they_were_judged(session: Session, tmp_path: Path) -> None:
    session.judge(session.pool.item(0).id, 1, key="v1", annotator="ana")
    session.close()
    (tmp_path / "errors-0001.csv").write_text(
        "path,x1,y1,x2,y2,class,score\n0.png,0,0,10,10,cat,\n1.png,1,1,9,9,cat,0.8\n"
    )
    np.save(tmp_path / "errors-0001.npy", np.eye(2, dtype=np.float32))
    again = Session(Settings(refs=tmp_path / "errors-0001.csv", annotator="ana"))
    assert sorted(again.queue(9).rows.tolist()) == [0, 1]
    again.judge(again.pool.item(0).id, 0, key="v2", annotator="ana", reason="bad_box")
    assert again.queue(9).rows.tolist() == [1]
    again.close()
