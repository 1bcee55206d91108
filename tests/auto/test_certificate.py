"""The statistics of an audit, against brute force and against what it must never do."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.auto.certificate import Look, Zone, looks_of, most_wrong, p_value, passed, smallest_audit


def test_the_p_value_is_the_share_of_samples_with_as_few_wrong_ones() -> None:
    # Of 8 items 3 would be too many; every sample of 4 is as likely as any other.
    samples = list(combinations(range(8), 4))
    few = [sample for sample in samples if sum(item < 3 for item in sample) <= 1]
    assert p_value(Zone(8, 2), 4, 1) == pytest.approx(len(few) / comb(8, 4))


def test_a_zone_that_could_not_hold_too_many_needs_no_look() -> None:
    assert p_value(Zone(5, 5), 0, 0) == 0
    assert most_wrong(Zone(5, 5), 3, 0.05) == 3


@settings(deadline=None)
@given(st.integers(2, 400), st.integers(0, 40), st.integers(1, 400), st.sampled_from([0.05, 0.03, 0.005]))
def test_most_wrong_is_the_last_count_that_passes(n: int, wrong_max: int, looked: int, alpha: float) -> None:
    zone, looked = Zone(n, min(wrong_max, n - 1)), min(looked, n)
    most = most_wrong(zone, looked, alpha)
    assert most < 0 or p_value(zone, looked, most) <= alpha
    assert most == looked or p_value(zone, looked, most + 1) > alpha


def test_zones_are_read_strictest_first_and_end_at_the_first_that_fails() -> None:
    look = Look(60, 0.05, (Zone(100, 5), Zone(200, 10), Zone(300, 15)))
    places = np.arange(0, 300, 5)
    right = np.zeros(60, bool)
    assert passed(look, places, right) is None  # 20 looks say too little of the strictest, and nothing else is asked
    places = np.concatenate([np.arange(50), np.arange(100, 110)])
    assert passed(look, places, right) == Zone(300, 15)
    wrong_at_105 = right.copy()
    wrong_at_105[[55, 56, 57, 58, 59]] = True
    assert passed(look, places, wrong_at_105) == Zone(100, 5)


def test_looks_are_planned_from_sizes_alone() -> None:
    looks = looks_of(5000, 100, 0.95, 0.05)
    assert [look.size for look in looks] == [100, 200, 300]
    assert [look.alpha for look in looks] == pytest.approx([0.03, 0.01, 0.01])
    assert [[zone.n for zone in look.zones][-1] for look in looks] == [5000] * 3
    assert [most_wrong(look.zones[-1], look.size, look.alpha) for look in looks] == [0, 2, 5]
    # What the model would decide alone keeps to the target even if the sample held no wrong one.
    assert looks[0].zones[-1] == Zone(5000, 240)
    assert looks_of(5000, 60, 0.95, 0.05) == ()


@pytest.mark.parametrize(("n", "target", "least"), [(5000, 0.95, 71), (5000, 0.98, 180), (1000, 0.99, 442)])
def test_the_smallest_audit_is_just_enough(n: int, target: float, least: int) -> None:
    assert smallest_audit(n, target, 0.05) == least
    assert looks_of(n, least, target, 0.05)
    assert not looks_of(n, least - 1, target, 0.05)


def test_an_audit_that_costs_as_much_as_it_saves_is_none() -> None:
    assert smallest_audit(100, 0.99, 0.05) is None
    assert smallest_audit(0, 0.9, 0.05) is None


@pytest.mark.parametrize("wrong_share", [0.021, 0.03, 0.05])
def test_a_batch_below_the_target_rarely_passes(wrong_share: float) -> None:
    """Errors among the least certain half, too many in the whole; all three looks are taken, nothing is held back."""
    rng = np.random.default_rng(0)
    n, target = 1200, 0.98
    looks = looks_of(n, 200, target, 0.05)
    assert len(looks) > 1
    false_claims = 0
    for _ in range(400):
        is_wrong = np.zeros(n, bool)
        is_wrong[n // 2 + rng.choice(n // 2, int(wrong_share * n), replace=False)] = True
        sample = rng.permutation(n)
        zones = [passed(look, sample[: look.size], is_wrong[sample[: look.size]]) for look in looks]
        for look, zone in zip(looks, zones, strict=True):
            rest = np.setdiff1d(np.arange(zone.n), sample[: look.size]) if zone else []
            if zone and is_wrong[rest].mean() > 1 - target:
                false_claims += 1
                break
    assert false_claims / 400 <= 0.07  # 0.05, and what 400 runs may stray
