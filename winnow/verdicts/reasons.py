"""Reasons for a rejection, and where a verdict puts its region."""

from dataclasses import dataclass
from typing import Literal

from winnow.verdicts.log import Verdict

Place = Literal["accepted", "rejected", "to_correct", "duplicate", "unsettled"]


@dataclass(frozen=True)
class Reason:
    """`holds_object` says that something is there all the same: the region must never become background."""

    name: str
    label: str
    help: str
    holds_object: bool


REASONS: dict[str, Reason] = {
    "background": Reason("background", "Background", "Nothing of interest is there: a hard negative.", False),
    "wrong_class": Reason("wrong_class", "Wrong class", "The box is good, its class is another.", True),
    "duplicate": Reason("duplicate", "Duplicate", "Another box has this object already.", True),
    "bad_box": Reason("bad_box", "Bad box", "The object is there, the box is not on it: to be corrected.", True),
}


def place_of(verdict: Verdict) -> Place:
    """Where a verdict puts its region; a skip, or a reason in words of one's own, settles nothing."""
    if verdict.label is None:
        return "unsettled"
    if verdict.label == 1 or (verdict.reason == "wrong_class" and verdict.class_name):
        return "accepted"
    if verdict.reason == "duplicate":
        return "duplicate"
    if not verdict.reason:
        return "rejected"
    reason = REASONS.get(verdict.reason)
    return "unsettled" if reason is None else "to_correct" if reason.holds_object else "rejected"
