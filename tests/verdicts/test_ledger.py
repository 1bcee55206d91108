"""What events add up to, whatever their order: checked against a recomputation from the whole log."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Undo, Verdict


def verdict(seq: int, item: str, label: int | None, annotator: str = "ana", **more: Any) -> Verdict:
    return Verdict(f"k{seq}", item, label, annotator, f"{item}.png", **{"strategy": "entropy", "seq": seq, **more})


def undo(seq: int, undoes: int) -> Undo:
    return Undo(seq, f"k{seq}", undoes, "ana", 0.0)


def test_undo_restores_the_label_before() -> None:
    ledger = Ledger([verdict(1, "a", 1), verdict(2, "a", 0)])
    assert ledger.current("a").label == 0
    ledger.apply(undo(3, 2))
    assert ledger.current("a").label == 1
    ledger.apply(undo(4, 1))
    assert ledger.current("a") is None


def test_undo_is_each_annotators_own() -> None:
    ledger = Ledger([verdict(1, "a", 1, "ana"), verdict(2, "b", 0, "ben")])
    assert ledger.newest_of("ana").seq == 1
    assert ledger.newest_of("ben").seq == 2
    assert ledger.newest_of("cem") is None


def test_what_somebody_else_took_back_is_not_taken_back_again() -> None:
    ledger = Ledger([verdict(1, "a", None, "ana"), undo(2, 1)])
    assert ledger.newest_of("ana") is None


def test_the_running_metrics_are_those_of_the_series() -> None:
    ledger = Ledger()
    for seq, (label, probability) in enumerate([(1, 0.9), (0, 0.6), (None, 0.5), (1, None), (0, 0.1)], start=1):
        ledger.apply(verdict(seq, f"i{seq}", label, probability=probability))
    points = ledger.points()
    assert [point.seq for point in points] == [1, 2, 5]
    assert [round(point.brier, 4) for point in points] == [0.01, 0.36, 0.01]
    assert [point.error_rate for point in points] == [0, 1 / 2, 1 / 3]
    assert points[-1].brier_mean == pytest.approx(0.38 / 3)
    assert ledger.running(ledger.verdict(5)) == points[-1]


@pytest.mark.parametrize("strategy", ["review", "import"])
def test_labels_the_head_may_know_are_no_tests(strategy: str) -> None:
    assert Ledger([verdict(1, "a", 1, probability=0.9, strategy=strategy)]).points() == []


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 0, None, "undo"]), st.sampled_from(["ana", "ben"])))
)
def test_the_current_label_is_the_newest_live_verdict(presses: list[tuple[str, Any, str]]) -> None:
    ledger, live = Ledger(), []
    for seq, (item, label, annotator) in enumerate(presses, start=1):
        if label != "undo":
            live.append(ledger.apply(verdict(seq, item, label, annotator, probability=0.7)))
        elif (newest := ledger.newest_of(annotator)) is not None:
            assert newest == [v for v in live if v.annotator == annotator][-1]
            live.remove(ledger.apply(undo(seq, newest.seq)))
    for item in "abc":
        assert ledger.current(item) == next((v for v in reversed(live) if v.item_id == item), None)
    points = ledger.points()
    assert [point.seq for point in points] == [v.seq for v in live if v.label is not None]
    if live and live[-1].label is not None:
        assert ledger.running(live[-1]).brier_mean == pytest.approx(points[-1].brier_mean)
