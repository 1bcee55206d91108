"""Cases: images whose prediction somebody reviewed. What came of each, and how long it took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from winnow.corrections.changes import Change
from winnow.verdicts.log import Verdict

OUTCOMES = ("accepted", "refined", "rejected")
MANUAL_MINUTES = 5.0  # what an image would take by hand, where nobody says otherwise


@dataclass(frozen=True)
class Case:
    """An image as its reviews left it; `seconds` are those of all of them, None where one came without a time."""

    path: str
    outcome: str
    seconds: float | None


@dataclass(frozen=True)
class CaseFigures:
    """What some cases came to.

    accepted + refined + rejected = cases; acceptance_rate is accepted / cases. Seconds and hours are of the `timed`
    cases alone: hours_saved = timed × manual minutes − seconds_total, also where that is negative. box_iou and mask_iou
    are means over `box_pairs` and `mask_pairs` changed objects of prediction and correction. None without any.
    """

    cases: int
    accepted: int
    refined: int
    rejected: int
    acceptance_rate: float | None
    timed: int
    untimed: int
    seconds_total: float
    seconds_median: float | None
    seconds_mean: float | None
    hours_saved: float | None
    box_iou: float | None
    box_pairs: int
    mask_iou: float | None
    mask_pairs: int


def is_review(event: Verdict) -> bool:
    """Whether the event closes the review of an image: one case."""
    return event.kind in ("complete", "reject") and event.strategy == "review" and event.reason in OUTCOMES


def cases_of(live: Iterable[Verdict]) -> list[Case]:
    """The cases among events, oldest first by their first review; of an image reviewed again the newest review counts.

    Only that what was refined and then left as it is stays refined: the prediction did need a correction.
    """
    reviews: dict[str, list[Verdict]] = {}
    for event in live:
        if is_review(event):
            reviews.setdefault(event.path, []).append(event)
    return [Case(path, _outcome(of_image), _seconds(of_image)) for path, of_image in reviews.items()]


def figures_of(cases: Sequence[Case], changes: Sequence[Change], *, manual_minutes: float) -> CaseFigures:
    """Count cases and average the changes made in them."""
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in OUTCOMES}
    times = [case.seconds for case in cases if case.seconds is not None]
    masks = [change.mask_iou for change in changes if change.mask_iou is not None]
    return CaseFigures(
        cases=len(cases),
        **counts,
        acceptance_rate=counts["accepted"] / len(cases) if cases else None,
        timed=len(times),
        untimed=len(cases) - len(times),
        seconds_total=round(sum(times), 3),
        seconds_median=median(times) if times else None,
        seconds_mean=fmean(times) if times else None,
        hours_saved=(len(times) * manual_minutes - sum(times) / 60) / 60 if times else None,
        box_iou=fmean(change.box_iou for change in changes) if changes else None,
        box_pairs=len(changes),
        mask_iou=fmean(masks) if masks else None,
        mask_pairs=len(masks),
    )


def _outcome(reviews: Sequence[Verdict]) -> str:
    """Of one image's reviews, oldest first."""
    outcome = ""
    for review in reviews:
        assert review.reason is not None, "a review has its outcome"
        is_left_refined = review.reason == "accepted" and outcome == "refined"
        outcome = outcome if is_left_refined else review.reason
    return outcome


def _seconds(reviews: Sequence[Verdict]) -> float | None:
    times = [review.elapsed_ms for review in reviews if review.elapsed_ms is not None]
    return sum(times) / 1000 if len(times) == len(reviews) else None
