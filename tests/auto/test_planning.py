"""Plans: which candidates, what is said where an audit makes no sense, and what earlier random looks change."""

import numpy as np
import pytest

from winnow.auto.planning import AutoError, Known, Wish, plan_sides

NOTHING = Known(np.empty(0, np.float32), np.empty(0, np.int8))
ROWS = np.arange(1000) + 7
PROBABILITY = np.linspace(0.01, 0.4, 1000, dtype=np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_candidates_stand_most_certain_first_and_the_sample_is_among_them() -> None:
    (plan,) = plan_sides(Wish(("reject",), 0.95, 100), ROWS, PROBABILITY, NOTHING, rng())
    assert plan.rows.tolist() == ROWS[: len(plan.rows)].tolist()
    assert plan.looks[-1].zones[-1].n == len(plan.rows)
    assert len(np.unique(plan.sample)) == len(plan.sample) == plan.looks[-1].size
    assert (plan.sample >= 0).all()
    assert (plan.sample < len(plan.rows)).all()
    assert plan.looks[0].size == 100


def test_both_sides_share_the_chance_of_a_wrong_word() -> None:
    probability = np.concatenate([PROBABILITY, 1 - PROBABILITY])
    rows = np.arange(2000)
    accept, reject = plan_sides(Wish(("accept", "reject"), 0.95, None), rows, probability, NOTHING, rng())
    assert sum(look.alpha for plan in (accept, reject) for look in plan.looks) == pytest.approx(0.05)
    assert (probability[accept.rows] >= 0.5).all()
    assert (probability[reject.rows] < 0.5).all()
    assert accept.probability[0] == probability.max()


def test_earlier_random_looks_that_were_wrong_make_the_zone_narrower() -> None:
    (wide,) = plan_sides(Wish(("reject",), 0.95, None), ROWS, PROBABILITY, NOTHING, rng())
    looked = np.linspace(0.01, 0.4, 200, dtype=np.float32)
    wrong_at_the_end = (looked > 0.3).astype(np.int8)
    (narrow,) = plan_sides(Wish(("reject",), 0.95, None), ROWS, PROBABILITY, Known(looked, wrong_at_the_end), rng())
    assert len(wide.rows) > 900
    assert 0.25 < narrow.probability[-1] < 0.33


def test_too_few_candidates_are_refused_with_the_way_out() -> None:
    with pytest.raises(AutoError, match=r"would accept 0 items.*leave this side out"):
        plan_sides(Wish(("accept",), 0.98, None), ROWS, PROBABILITY, NOTHING, rng())


def test_an_audit_that_can_prove_nothing_is_refused_with_the_number_it_takes() -> None:
    with pytest.raises(AutoError, match=r"An audit of 20 cannot prove that 98\.0% of 1,000 items.*takes 196 verdicts"):
        plan_sides(Wish(("reject",), 0.98, 20), ROWS, PROBABILITY, NOTHING, rng())
