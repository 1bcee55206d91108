"""What an audit says, by the labels as they stand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.auto.certificate import Look, Zone, passed
from winnow.auto.files import Audit, Course
from winnow.auto.planning import LABEL_OF, Side, SidePlan
from winnow.board import UNJUDGED


@dataclass(frozen=True)
class Decision:
    """What the head would decide of a side: rows (k,) that nobody judged, `wrong_max` of them wrong at most."""

    zone: Zone
    rows: NDArray[np.int64]
    probability: NDArray[np.float32]
    threshold: float  # P(label = 1) of the least certain candidate of the zone
    wrong_max: int


@dataclass(frozen=True)
class NextLook:
    """The next look at which the widest zone can pass: of so many more verdicts, at most so many are wrong."""

    look: int
    verdicts: int
    wrong_max: int


@dataclass(frozen=True)
class SideReading:
    """One side's audit. wrong and decision are None until the look is complete; a skip counts as wrong."""

    side: Side
    candidates: int
    threshold: float
    look: int
    looks: int
    size: int
    judged: int
    wrong: int | None
    decision: Decision | None
    is_widest: bool
    next_look: NextLook | None


@dataclass(frozen=True)
class Reading:
    sides: tuple[SideReading, ...]
    unjudged: NDArray[np.int64]  # rows of the sample that wait for a verdict, in the order of showing
    is_complete: bool


def read_audit(
    audit: Audit, course: Course, codes: NDArray[np.int16], ids: NDArray[np.uint64], is_decided: NDArray[np.bool_]
) -> Reading:
    """Read an audit by codes (n,), the board's labels of the pool's rows; ids (n,) order what is still to be judged.

    is_decided (n,) bool: rows that a head labelled already. Until every verdict of a look is there nothing is read.
    """
    samples = [plan.rows[plan.sample[: _look(plan, course).size]] for plan in audit.sides]
    rows = np.concatenate(samples)
    unjudged = rows[codes[rows] == UNJUDGED]
    unjudged = unjudged[np.argsort(ids[unjudged], kind="stable")]  # ids are hashes: both sides in random order
    is_complete = len(unjudged) == 0
    sides = tuple(_read_side(plan, audit, course, codes, is_decided, is_complete) for plan in audit.sides)
    return Reading(sides, unjudged, is_complete)


def _look(plan: SidePlan, course: Course) -> Look:
    return plan.looks[min(course.looks, len(plan.looks)) - 1]


def _read_side(
    plan: SidePlan,
    audit: Audit,
    course: Course,
    codes: NDArray[np.int16],
    is_decided: NDArray[np.bool_],
    is_complete: bool,
) -> SideReading:
    number = min(course.looks, len(plan.looks))
    look = plan.looks[number - 1]
    labels = codes[plan.rows[plan.sample[: look.size]]]
    is_wrong = labels != LABEL_OF[plan.side]
    zones = [passed(one, plan.sample[: one.size], is_wrong[: one.size]) for one in plan.looks[:number]]
    zone = max((zone for zone in zones if zone), key=lambda zone: zone.n, default=None) if is_complete else None
    decision = _decision(plan, zone, audit.target, codes, is_decided) if zone else None
    is_widest = zone is not None and zone.n == len(plan.rows)
    return SideReading(
        side=plan.side,
        candidates=len(plan.rows),
        threshold=float(plan.probability[-1]),
        look=number,
        looks=len(plan.looks),
        size=look.size,
        judged=int((labels != UNJUDGED).sum()),
        wrong=int(is_wrong.sum()) if is_complete else None,
        decision=decision,
        is_widest=is_widest,
        next_look=_next_look(plan, number, is_wrong) if is_complete and not is_widest else None,
    )


def _decision(
    plan: SidePlan, zone: Zone, target: float, codes: NDArray[np.int16], is_decided: NDArray[np.bool_]
) -> Decision | None:
    """What is left to decide; None where so much was judged by hand meanwhile that the target is not proved for it."""
    rows = plan.rows[: zone.n]
    is_found = (codes[rows] >= 0) & (codes[rows] != LABEL_OF[plan.side])
    wrong_max = max(0, zone.wrong_max - int(is_found.sum()))
    is_left = (codes[rows] == UNJUDGED) & ~is_decided[rows]
    if wrong_max > (1 - target) * is_left.sum() + 1e-9 or not is_left.any():
        return None
    probability = plan.probability[: zone.n]
    return Decision(zone, rows[is_left], probability[is_left], float(probability[-1]), wrong_max)


def _next_look(plan: SidePlan, number: int, is_wrong: NDArray[np.bool_]) -> NextLook | None:
    """is_wrong (k,) bool of the sample so far. The verdicts to come may be wrong where it does most harm."""
    for later, look in enumerate(plan.looks[number:], start=number + 1):
        places = plan.sample[: look.size]
        is_new = np.arange(look.size) >= len(is_wrong)
        worst_first = np.flatnonzero(is_new)[np.argsort(places[is_new], kind="stable")]
        known = np.zeros(look.size, dtype=bool)
        known[: len(is_wrong)] = is_wrong
        borne = -1
        while borne + 1 <= len(worst_first) and passed(look, places, known) == look.zones[-1]:
            borne += 1
            known[worst_first[borne : borne + 1]] = True
        if borne >= 0:
            return NextLook(later, len(worst_first), borne)
    return None
