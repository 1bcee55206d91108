"""A round's figures from literal events."""

from typing import Any

from winnow.training.rounds import ScoreBin, Seconds, events_of_round, figures_of
from winnow.verdicts.log import Undo, Verdict


def verdict(seq: int, item: str, label: int | None, **more: Any) -> Verdict:
    values = {"strategy": "entropy", "proposed_class": "cell", "box_xyxy": (0.0, 0.0, 5.0, 5.0), **more}
    return Verdict(key=f"k{seq}", item_id=item, label=label, annotator="ana", path="a.png", seq=seq, **values)


def undo(seq: int, undoes: int) -> Undo:
    return Undo(seq, f"k{seq}", undoes, "ana", 0.0)


def test_a_round_has_the_events_after_the_one_and_up_to_the_other() -> None:
    events = [verdict(seq, f"i{seq}", 1) for seq in range(1, 8)]
    assert [event.seq for event in events_of_round(events, 2, 5)] == [3, 4, 5]
    assert events_of_round(events, 5, 5) == []


def test_what_was_taken_back_by_the_end_does_not_count_and_what_is_taken_back_later_does() -> None:
    events = [verdict(1, "a", 1), verdict(2, "b", 0), undo(3, 1), verdict(4, "c", 1), undo(5, 2)]
    assert [event.seq for event in events_of_round(events, 0, 4)] == [2, 4]
    assert [event.seq for event in events_of_round(events, 0, 5)] == [4]


def test_verdicts_are_counted_by_what_they_say() -> None:
    live = [
        verdict(1, "a", 1),
        verdict(2, "b", 0),
        verdict(3, "c", 0, reason="background"),
        verdict(4, "d", 0, reason="background"),
        verdict(5, "e", 0, reason="wrong_class", class_name="dog"),
        verdict(6, "f", None),
        verdict(7, "g", 1, strategy="correction", replaces="b", proposed_class=None),
        verdict(8, "whole", None, kind="miss", strategy="miss"),
        verdict(9, "whole", None, kind="complete", strategy="complete"),
        verdict(10, "h", 1, strategy="import"),
    ]
    figures = figures_of(live)
    assert (figures.judged, figures.accepted, figures.skipped, figures.corrected) == (6, 1, 1, 1)
    assert figures.rejected == {"none given": 1, "background": 2, "wrong_class": 1}
    assert (figures.missed, figures.completed, figures.imported) == (1, 1, 1)
    assert figures.classes == {"cell": (1, 4)}


def test_mistakes_looked_at_again_are_no_proposals() -> None:
    live = [
        verdict(1, "a", 1, score=0.9, source="yolo"),
        verdict(2, "b", 0, score=0.95, reason="background", source="false_positive v3"),
        verdict(3, "a", 0, source="false_negative v3"),
        verdict(4, "c", 1, source="false_negative v3"),
        verdict(5, "c", None, source="false_negative v3"),
        verdict(6, "d", 1, score=0.9, strategy="correction", replaces="b", proposed_class=None),
    ]
    figures = figures_of(live)
    assert (figures.judged, figures.accepted, figures.rejected, figures.skipped) == (1, 1, {}, 0)
    assert (figures.looked_again, figures.corrected) == (3, 1)
    assert figures.acceptance[9] == ScoreBin(0.9, 1.0, 1, 1)
    assert figures.classes == {"cell": (1, 0)}


def test_an_item_judged_again_counts_once_by_its_newest_verdict_and_all_its_seconds() -> None:
    figures = figures_of([verdict(1, "a", 0, elapsed_ms=1000), verdict(2, "a", 1, elapsed_ms=500)])
    assert (figures.judged, figures.accepted, figures.rejected) == (1, 1, {})
    assert figures.seconds == Seconds(total=1.5, median=0.75, timed=2, untimed=0)


def test_verdicts_without_a_time_are_told_apart() -> None:
    live = [verdict(1, "a", 1, elapsed_ms=400), verdict(2, "b", 1), verdict(3, "c", None, elapsed_ms=2000)]
    assert figures_of(live).seconds == Seconds(total=2.4, median=1.2, timed=2, untimed=1)
    assert figures_of([verdict(1, "a", 1)]).seconds == Seconds(total=0, median=None, timed=0, untimed=1)


def test_acceptance_is_counted_in_ten_bins_of_the_score() -> None:
    live = [
        verdict(1, "a", 1, score=1.0),
        verdict(2, "b", 0, score=0.95),
        verdict(3, "c", 1, score=0.1),
        verdict(4, "d", 0, score=0.0999),
        verdict(5, "e", None, score=0.5),
        verdict(6, "f", 1),
    ]
    bins = figures_of(live).acceptance
    assert len(bins) == 10
    assert bins[0] == ScoreBin(0.0, 0.1, 1, 0)
    assert bins[1] == ScoreBin(0.1, 0.2, 1, 1)
    assert bins[9] == ScoreBin(0.9, 1.0, 2, 1)
    assert sum(one.judged for one in bins) == 4
