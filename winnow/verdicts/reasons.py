"""Reasons for a rejection, and where each sends the region."""

from dataclasses import dataclass


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
