"""Agreement with oneself and with others, and verdicts that came too quickly."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from small_pool import is_red

from winnow.self_check import Agreement, SecondLook, SelfCheck
from winnow.session import Session
from winnow.settings import Settings
from winnow.verdicts.log import NewVerdict, Verdict
from winnow.verdicts.second_looks import second_looks

Say = Callable[..., None]
WAIT_S = 60.0


@pytest.fixture
def session(settings: Settings) -> Iterator[Session]:
    session = Session(settings)
    yield session
    session.close()


@pytest.fixture
def say(session: Session) -> Say:
    """Records a verdict on a row, truthful unless told otherwise."""
    keys = count()

    def record(
        row: int, label: int | None = -1, *, way: str = "entropy", by: str = "ana", ms: int | None = None
    ) -> None:
        item = session.pool.item(row)
        truth = is_red(row) if label == -1 else label
        said = NewVerdict(f"k{next(keys)}", item.id, truth, by, item.path, elapsed_ms=ms, strategy=way)
        session.import_labels([said])

    return record


def verdict(label: int | None, way: str = "entropy", annotator: str = "ana") -> Verdict:
    return Verdict("k", "0" * 16, label, annotator, "a.png", strategy=way)


@pytest.mark.parametrize(
    ("history", "looks"),
    [
        ([verdict(1)], []),
        ([verdict(1), verdict(1, "repeat")], [SecondLook("ana", "own", True)]),
        ([verdict(1), verdict(0, "repeat")], [SecondLook("ana", "own", False)]),
        ([verdict(1, "sweep"), verdict(0, "repeat")], [SecondLook("ana", "bulk", False)]),
        ([verdict(1, "sweep"), verdict(1, "repeat", "ben")], [SecondLook("ben", "bulk", True)]),
        ([verdict(1), verdict(1, "repeat", "ben")], [SecondLook("ben", "between", True)]),
        ([verdict(1), verdict(0, "entropy", "ben")], [SecondLook("ben", "between", False)]),
        (
            [verdict(1), verdict(0, "repeat"), verdict(0, "repeat")],
            [SecondLook("ana", "own", False), SecondLook("ana", "own", True)],
        ),
        ([verdict(1), verdict(None, "repeat")], []),  # a skip says nothing
        ([verdict(None), verdict(1)], []),
        ([verdict(1), verdict(0)], []),  # a slip put right
        ([verdict(1), verdict(0, "review", "ben")], []),  # the review shows what was said
        ([verdict(1), verdict(0, "disagreement", "ben")], []),
        ([verdict(1, "import"), verdict(0, "repeat")], []),
    ],
)  # fmt: skip
def test_a_second_look_is_a_label_given_without_knowing_the_first(history: list[Verdict], looks: list[SecondLook]):
    assert [SecondLook.of(before, now) for before, now in second_looks(history)] == looks


def test_agreement_counts_and_bounds_the_share(session: Session, say: Say):
    check = SelfCheck(session)
    assert check.agreement("own") == Agreement(0, 0, None)
    for row in range(4):
        say(row)
        say(row, way="repeat")
    say(8, way="grid")
    say(8, 1 - is_red(8), way="repeat", by="ben")
    low, high = check.agreement("own", "ana").interval or (0, 0)
    assert (check.agreement("own").repeats, check.agreement("own").agreed) == (4, 4)
    assert (round(low, 3), high) == (0.398, 1.0)  # 0.025 ** (1 / 4)
    assert check.agreement("bulk") == Agreement(1, 0, check.agreement("bulk").interval)
    assert check.agreement("between") == Agreement(0, 0, None)
    assert check.agreement("own", "ben") == Agreement(0, 0, None)


def test_an_undone_second_look_counts_no_more(session: Session, say: Say):
    check = SelfCheck(session)
    say(3, 0)
    say(3, 1, way="repeat")
    assert (check.agreement("own").repeats, check.disagreed()) == (1, {3: 0})
    session.undo(key=None, annotator="ana")
    assert (check.agreement("own").repeats, check.disagreed()) == (0, {})


def test_what_is_said_later_settles_a_disagreement(session: Session, say: Say):
    check = SelfCheck(session)
    say(3, 0)
    say(3, 1, way="repeat")
    say(3, 1, way="review")
    assert check.disagreed() == {}
    assert check.agreement("own").repeats == 1


def test_a_check_made_later_knows_what_one_that_followed_knows(session: Session, say: Say):
    following = SelfCheck(session)
    for row in range(24):
        say(row, ms=1000)
    say(3, 1, way="repeat", ms=90)
    later = SelfCheck(session)
    assert following.agreement("own") == later.agreement("own")
    assert following.disagreed() == later.disagreed() == {3: 0}
    assert following.hasty_below_ms("ana") == later.hasty_below_ms("ana") == 400


def test_hasty_is_quick_and_doubted(session: Session, say: Say):
    check = SelfCheck(session)
    for row in range(24):
        say(row, ms=1000)
    say(28, 0, ms=120)  # red, and quickly called blue
    say(29, ms=120)  # quick and right
    say(32, 0, ms=900)  # wrong in one's own time
    session.learner.wait_for(session.ledger.last_seq, timeout_s=WAIT_S)
    assert check.hasty_rows().tolist() == [28]
    assert check.hasty_rows("ana").tolist() == [28]
    assert check.hasty_rows("ben").tolist() == []


def test_a_second_look_in_the_review_ends_the_haste(session: Session, say: Say):
    check = SelfCheck(session)
    for row in range(24):
        say(row, ms=1000)
    say(28, 0, ms=120)
    say(28, 0, way="review")
    session.learner.wait_for(session.ledger.last_seq, timeout_s=WAIT_S)
    assert check.hasty_rows().tolist() == []


@pytest.mark.parametrize(
    ("times_ms", "below"), [([500] * 19, None), ([500] * 20, 250), ([3000] * 20, 400), ([100] * 10 + [300] * 10, 100)]
)
def test_haste_goes_by_the_persons_own_median(session: Session, say: Say, times_ms: list[int], below: float | None):
    check = SelfCheck(session)
    for row, ms in enumerate(times_ms):
        say(row, ms=ms)
    say(30, ms=1, way="sweep")  # the time of many items says nothing of one
    say(31, ms=1, by="ben")
    assert check.hasty_below_ms("ana") == below
    assert check.hasty_below_ms("nobody") is None
