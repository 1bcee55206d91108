"""What an audit says at each look, by the labels as they stand."""

import numpy as np
import pytest

from winnow.auto.files import Audit, Course
from winnow.auto.planning import Known, SidePlan, Wish, plan_sides
from winnow.auto.reading import Reading, read_audit
from winnow.board import SKIPPED, UNJUDGED

N = 2000
IDS = np.arange(N, dtype=np.uint64)
NOTHING = Known(np.empty(0, np.float32), np.empty(0, np.int8))


@pytest.fixture
def plan() -> SidePlan:
    """Reject: row i is the i-th most certain."""
    probability = np.linspace(0.001, 0.49, N, dtype=np.float32)
    (plan,) = plan_sides(Wish(("reject",), 0.9, None), np.arange(N), probability, NOTHING, np.random.default_rng(0))
    return plan


def read(plan: SidePlan, codes: np.ndarray, looks: int = 1, decided: int = 0) -> Reading:
    audit = Audit(1, "refs.csv", 5, 0.9, (plan,))
    return read_audit(audit, Course(looks), codes, IDS, np.arange(N) < decided)


def judged(plan: SidePlan, looks: int, *, wrong: tuple[int, ...] = ()) -> np.ndarray:
    """The looks' sample labelled as the head has it, but for the places `wrong` in the order of the sample."""
    codes = np.full(N, UNJUDGED, np.int16)
    codes[plan.rows[plan.sample[: plan.looks[looks - 1].size]]] = 0
    codes[plan.rows[plan.sample[list(wrong)]]] = 1
    return codes


def test_nothing_is_read_before_the_last_verdict_of_a_look(plan: SidePlan) -> None:
    codes = judged(plan, 1)
    codes[plan.sample[0]] = UNJUDGED
    reading = read(plan, codes)
    (side,) = reading.sides
    assert (reading.is_complete, reading.unjudged.tolist()) == (False, [int(plan.sample[0])])
    assert (side.wrong, side.decision, side.next_look) == (None, None, None)


def test_what_was_judged_is_not_decided_and_the_bound_is_for_the_rest(plan: SidePlan) -> None:
    (side,) = read(plan, judged(plan, 1)).sides
    assert side.decision
    assert set(side.decision.rows.tolist()) == set(range(N)) - set(plan.sample[: plan.looks[0].size].tolist())
    assert side.decision.wrong_max == plan.looks[0].zones[-1].wrong_max
    assert side.decision.wrong_max <= 0.1 * len(side.decision.rows)


def test_a_skip_counts_as_wrong(plan: SidePlan) -> None:
    codes = judged(plan, 1)
    codes[plan.sample[0]] = SKIPPED
    (side,) = read(plan, codes).sides
    assert (side.wrong, side.decision) == (1, None)


def test_what_more_takes_is_true_wherever_the_wrong_ones_are(plan: SidePlan) -> None:
    (side,) = read(plan, judged(plan, 1, wrong=(0,))).sides
    promised = side.next_look
    assert promised
    first, last = plan.looks[0].size, plan.looks[promised.look - 1].size
    new = np.arange(first, last)
    worst = new[np.argsort(plan.sample[new])][: promised.wrong_max].tolist()
    (then,) = read(plan, judged(plan, promised.look, wrong=(0, *worst)), promised.look).sides
    assert (then.is_widest, then.next_look) == (True, None)
    assert (promised.verdicts, then.look) == (last - first, promised.look)


def test_so_much_judged_meanwhile_that_the_target_is_not_proved_any_more(plan: SidePlan) -> None:
    codes = judged(plan, 1)
    codes[: N - 100] = 0
    assert read(plan, codes).sides[0].decision is None


def test_what_a_head_decided_before_is_left_out(plan: SidePlan) -> None:
    (side,) = read(plan, judged(plan, 1), decided=30).sides
    assert side.decision
    assert side.decision.rows.min() >= 30
