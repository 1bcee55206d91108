"""An image reviewed as a whole: one press, all its events or none, taken back as one."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from proposal_pool import HEIGHT, PROPOSALS, WIDTH, draw_proposals

from winnow.errors import BadBox, ImageChanged, KeyTaken, SegmenterError, UnknownItem
from winnow.image_review import Drawn, ImageReview
from winnow.masks.rle import encode
from winnow.pool.identity import item_id_of
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.truth import ImageRecord, Truth

PATH = "photos/00.png"
DOG, DOG_AGAIN, CAT, CAT_INSIDE, BIRD, EDGE_BIRD = (tuple(map(float, box)) for _, _, box in PROPOSALS)
MOVED = (50.0, 50.0, 130.0, 130.0)
MOVED_AGAIN = (55.0, 50.0, 130.0, 130.0)


def id_of(box: tuple[float, ...]) -> str:
    return item_id_of(PATH, box)  # type: ignore[arg-type]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(Settings(refs=draw_proposals(tmp_path, 2), annotator="ana"))
    yield session
    session.close()


def review(session: Session, key: str = "k1", annotator: str = "ana", **said: object) -> list:
    more = {name: said.pop(name) for name in ("based_on", "elapsed_ms") if name in said}
    asked = ImageReview(**said)  # type: ignore[arg-type]
    return session.review_image(id_of(DOG), asked, key=key, annotator=annotator, **more).events  # type: ignore[arg-type]


def record(session: Session) -> ImageRecord:
    with session.reading() as ledger:
        return Truth(session.pool, ledger).record(PATH)


def accepted(session: Session) -> list[tuple]:
    return [(region.box_xyxy, region.class_name) for region in record(session).accepted]


def test_an_image_accepted_as_it_is_completes_it_and_says_how_long_it_took(session: Session) -> None:
    events = review(session, kept=(id_of(DOG), id_of(CAT)), elapsed_ms=2500)
    assert [(e.kind, e.label, e.strategy, e.reason) for e in events] == [
        ("verdict", 1, "review", None),
        ("verdict", 1, "review", None),
        ("complete", None, "review", "accepted"),
    ]
    assert (events[0].proposed_class, events[0].score) == ("dog", 0.91)
    assert events[-1].elapsed_ms == 2500
    assert record(session).state == "complete"
    assert accepted(session) == [(DOG, "dog"), (CAT, "cat")]
    assert record(session).unreviewed == ()


def test_what_was_accepted_before_gets_no_second_verdict(session: Session) -> None:
    session.judge(id_of(DOG), 1, key="j", annotator="ana")
    assert [e.item_id for e in review(session, kept=(id_of(DOG), id_of(CAT)))][:-1] == [id_of(CAT)]


def test_a_moved_box_replaces_the_predicted_one_which_was_a_bad_box(session: Session) -> None:
    events = review(session, kept=(id_of(CAT),), drawn=(Drawn(MOVED, "dog", replaces=id_of(DOG)),))
    assert [(e.item_id, e.label, e.reason, e.replaces, e.strategy) for e in events] == [
        (id_of(DOG), 0, "bad_box", None, "review"),
        (id_of(MOVED), 1, None, id_of(DOG), "correction"),
        (id_of(CAT), 1, None, None, "review"),
        (item_id_of(PATH, None), None, "refined", None, "review"),
    ]
    assert accepted(session) == [(MOVED, "dog"), (CAT, "cat")]
    assert record(session).to_correct == ()
    row = session.pool.row_of(id_of(DOG))
    assert row not in session.queue(12).rows


def test_another_class_or_mask_stays_the_same_item(session: Session) -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[40:120, 40:120] = True
    events = review(session, drawn=(Drawn(DOG, "wolf", encode(mask), replaces=id_of(DOG)),))
    assert [(e.item_id, e.label, e.class_name, e.replaces) for e in events[:-1]] == [(id_of(DOG), 1, "wolf", None)]
    (region,) = record(session).accepted
    assert (region.class_name, region.claimed, region.mask) == ("wolf", "dog", encode(mask))


def test_an_item_accepted_once_more_keeps_the_mask_it_was_given(session: Session) -> None:
    mask = encode(np.ones((HEIGHT, WIDTH), bool))
    review(session, drawn=(Drawn(DOG, "dog", mask, replaces=id_of(DOG)),))
    session.judge(id_of(DOG), 1, key="again", annotator="ana")
    assert [region.mask for region in record(session).accepted] == [mask]


def test_of_a_box_moved_twice_only_the_last_place_counts(session: Session) -> None:
    review(session, "k1", drawn=(Drawn(MOVED, "dog", replaces=id_of(DOG)),))
    review(session, "k2", drawn=(Drawn(MOVED_AGAIN, "dog", replaces=id_of(MOVED)),))
    assert accepted(session) == [(MOVED_AGAIN, "dog")]


def test_a_box_moved_and_moved_back_is_the_predicted_one(session: Session) -> None:
    review(session, "k1", drawn=(Drawn(MOVED, "dog", replaces=id_of(DOG)),))
    review(session, "k2", drawn=(Drawn(DOG, "dog", replaces=id_of(MOVED)),))
    assert accepted(session) == [(DOG, "dog")]


def test_deleting_a_moved_box_does_not_bring_back_what_it_replaced(session: Session) -> None:
    review(session, "k1", drawn=(Drawn(MOVED, "dog", replaces=id_of(DOG)),))
    review(session, "k2", deleted=(id_of(MOVED),))
    assert accepted(session) == []
    assert record(session).state == "complete"
    assert id_of(DOG) not in {region.item_id for region in record(session).rejected}


def test_one_undo_takes_back_the_whole_review(session: Session) -> None:
    session.judge(id_of(EDGE_BIRD), 1, key="before", annotator="ana")
    before = record(session)
    review(session, kept=(id_of(CAT),), drawn=(Drawn(MOVED, "dog", replaces=id_of(DOG)),), deleted=(id_of(BIRD),))
    taken = session.undo(key="u1", annotator="ana")
    assert (taken.verdict.kind, taken.verdict.reason) == ("complete", "refined")
    assert record(session) == before
    assert session.undo(key="u1", annotator="ana").verdict == taken.verdict  # the same press
    assert session.undo(key="u2", annotator="ana").verdict.key == "before"


def test_the_same_key_writes_once(session: Session) -> None:
    events = review(session, kept=(id_of(DOG),))
    again = session.review_image(id_of(DOG), ImageReview(deleted=(id_of(DOG),)), key="k1", annotator="ana")
    assert (again.events, again.outcome, again.is_new) == (events, "accepted", False)
    with pytest.raises(KeyTaken):
        session.judge(id_of(CAT), 1, key="k1", annotator="ana")


def test_objects_drawn_by_hand_may_lie_on_each_other(session: Session) -> None:
    review(session, kept=(id_of(DOG),), drawn=(Drawn(MOVED, "dog"), Drawn(MOVED_AGAIN, "dog")))
    assert accepted(session) == [(DOG, "dog"), (MOVED, "dog"), (MOVED_AGAIN, "dog")]


def test_a_box_drawn_on_a_kept_one_stays_whichever_is_said_first(session: Session) -> None:
    on_the_dog = (42.0, 40.0, 122.0, 118.0)
    review(session, "k1", drawn=(Drawn(on_the_dog, "dog"),), kept=(id_of(DOG),))
    assert accepted(session) == [(DOG, "dog"), (on_the_dog, "dog")]
    session.undo(key=None, annotator="ana")
    session.correct(id_of(CAT), on_the_dog, "dog", is_replaced=False, key="k2", annotator="ana")
    review(session, "k3", kept=(id_of(DOG),))
    assert accepted(session) == [(DOG, "dog"), (on_the_dog, "dog")]


def test_a_rejected_prediction_holds_the_image_open_until_it_is_reviewed_again(session: Session) -> None:
    review(session, "k1", kept=(id_of(DOG),))
    review(session, "k2", is_rejected=True)
    assert (record(session).is_rejected, record(session).state) == (True, "in_progress")
    assert id_of(CAT) in {region.item_id for region in record(session).unreviewed}
    review(session, "k3", kept=(id_of(DOG),))
    assert (record(session).is_rejected, record(session).state) == (False, "complete")


def test_somebody_elses_newer_review_is_not_written_over(session: Session) -> None:
    seen = session.image_seq(PATH)
    review(session, "k1", annotator="ben", deleted=(id_of(DOG),))
    with pytest.raises(ImageChanged, match="ben changed photos"):
        review(session, "k2", kept=(id_of(DOG),), based_on=seen)
    assert accepted(session) == []
    review(session, "k3", kept=(id_of(DOG),), based_on=session.image_seq(PATH))
    review(session, "k4", kept=(id_of(CAT),), based_on=seen + 3)  # what is newer is one's own
    session.undo(key=None, annotator="ben")
    with pytest.raises(ImageChanged, match="ben"):
        review(session, "k5", kept=(id_of(CAT),), based_on=seen + 3)


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        ({"drawn": (Drawn((10.0, 10.0, 10.0, 20.0), "dog"),)}, BadBox, "x1 < x2"),
        ({"drawn": (Drawn((10.0, 10.0, 400.0, 20.0), "dog"),)}, BadBox, "320 × 240"),
        ({"drawn": (Drawn((1.0, 1.0, float("nan"), 2.0), "dog"),)}, BadBox, "nan"),
        ({"drawn": (Drawn(MOVED, "dog"), Drawn(MOVED, "cat"))}, BadBox, "the same box"),
        ({"drawn": (Drawn(MOVED, "dog", encode(np.ones((8, 8), bool))),)}, SegmenterError, "another size"),
        ({"drawn": (Drawn(MOVED, "dog", replaces="0" * 16),)}, UnknownItem, "has no item"),
        ({"kept": ("0" * 16,)}, UnknownItem, "has no item"),
        ({"deleted": (item_id_of("photos/01.png", CAT),)}, UnknownItem, "has no item"),  # type: ignore[arg-type]
        ({"kept": (id_of(CAT),), "is_rejected": True}, BadBox, "rejected as a whole"),
    ],
)
def test_a_review_with_anything_wrong_in_it_writes_nothing(
    session: Session, said: dict, error: type[Exception], text: str
) -> None:
    said = {"deleted": (id_of(BIRD),), **said} if not said.get("is_rejected") and "deleted" not in said else said
    with pytest.raises(error, match=text):
        review(session, **said)
    assert session.image_seq(PATH) == 0


def test_ten_thousand_boxes_are_one_press_and_one_undo(session: Session) -> None:
    boxes = [(float(x), float(y), x + 3.0, y + 3.0) for y in range(0, 200, 2) for x in range(0, 200, 2)]
    review(session, drawn=tuple(Drawn(box, "cell") for box in boxes))
    assert len(accepted(session)) == 10_000
    session.undo(key=None, annotator="ana")
    assert (accepted(session), record(session).state) == ([], "untouched")


def test_reviews_of_two_people_at_once_are_each_whole(session: Session) -> None:
    people = [f"p{i}" for i in range(4)]

    def say(name: str) -> None:
        for i in range(5):
            review(session, f"{name}-{i}", annotator=name, kept=(id_of(CAT),), deleted=(id_of(BIRD),))

    threads = [threading.Thread(target=say, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with session.reading() as ledger:
        events = ledger.image_events()[PATH]
        assert len(events) == 20
        assert all(len(ledger.batch_of(event)) in (2, 3) for event in events)
