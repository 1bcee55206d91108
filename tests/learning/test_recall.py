"""The recall bounds: fair bets by exact enumeration, coverage by simulation, and orders that break an assumption."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from winnow.learning.head_check import Bin, check_head, exact_interval
from winnow.learning.looks import SAVE_EVERY, Look, Looks
from winnow.learning.recall import Prevalence, RecallBound, UpperBound

Step = tuple[str, bool, int, int]  # kind, positive, found before, open


def bound_of(labels: list[bool], *, n: int | None = None) -> UpperBound:
    bound, found = UpperBound(n or len(labels)), 0
    for i, is_positive in enumerate(labels):
        bound.take(is_positive, found=found, n_open=(n or len(labels)) - i)
        found += is_positive
    return bound


def money_against(total: int, labels: tuple[bool, ...], *, follows_estimate: bool) -> list[float]:
    """What a bet of 1 against `total` or more positives has become after each of the looks."""
    n, found, money = len(labels), 0, []
    bound = UpperBound(n, follows_estimate=follows_estimate)
    for i, is_positive in enumerate(labels):
        bound.take(is_positive, found=found, n_open=n - i)
        found += is_positive
        money.append(float(np.exp(bound._money[:, total - 1]).mean()))
    return money


@pytest.mark.parametrize("follows_estimate", [False, True])
@pytest.mark.parametrize(("n", "positives", "total"), [(7, 3, 3), (7, 3, 2), (7, 2, 1), (8, 4, 3), (8, 1, 1)])
def test_no_bet_on_a_random_order_can_be_expected_to_win(
    n: int, positives: int, total: int, follows_estimate: bool
) -> None:
    orders = [
        tuple(i in chosen for i in range(n)) for chosen in itertools.combinations(range(n), positives)
    ]  # all equally probable
    paths = {order: [1.0, *money_against(total, order, follows_estimate=follows_estimate)] for order in orders}
    for k in range(n):
        for past in {order[:k] for order in orders}:
            going_on = [order for order in orders if order[:k] == past]
            now = paths[going_on[0]][k]
            assert np.mean([paths[order][k + 1] for order in going_on]) <= now * (1 + 1e-9)


@pytest.mark.parametrize(("n", "positives"), [(40, 2), (80, 10), (80, 50)])
def test_bounds_hold_at_every_moment_of_random_orders(n: int, positives: int) -> None:
    rng = np.random.default_rng(n + positives)
    wrong = {"dry": 0, "estimate": 0, "prevalence": 0}
    runs = 80
    for _ in range(runs):
        labels = rng.permutation(n) < positives
        bounds = {"dry": UpperBound(n), "estimate": UpperBound(n, follows_estimate=True)}
        prevalence, found, failed = Prevalence(n), 0, set()
        for i, is_positive in enumerate(labels.tolist()):
            for bound in bounds.values():
                bound.take(is_positive, found=found, n_open=n - i)
            prevalence.take(is_positive, found=found, n_open=n - i)
            found += is_positive
            failed |= {
                name for name, bound in bounds.items() if bound.at_most(found=found, n_open=n - i - 1) < positives
            }
            _, low, high = prevalence.interval(found=found, n_open=n - i - 1)
            if not low <= positives <= high:
                failed.add("prevalence")
        for name in failed:
            wrong[name] += 1
    assert max(wrong.values()) <= 0.05 * runs + 4  # two standard errors


def every_tenth(labels: list[bool]) -> bool:
    return len(labels) % 10 == 9


def mixed_run(
    n: int,
    truth: np.ndarray,
    next_ranked: Callable[[np.ndarray], int],
    seed: int,
    is_next_random: Callable[[list[bool]], bool] = every_tenth,
) -> dict[str, bool]:
    """Whether each bound was ever wrong: some looks by lot, as the labels before them say, others by next_ranked."""
    lot = np.random.default_rng(seed).permutation(n)
    is_open, bound, found, wrong = np.ones(n, bool), RecallBound(n), 0, {"random": False, "ranked": False}
    labels: list[bool] = []
    for i in range(n):
        is_random = is_next_random(labels)
        row = int(lot[is_open[lot]][0]) if is_random else next_ranked(is_open)
        bound.take("random" if is_random else "ranked", bool(truth[row]), found=found, n_open=n - i)
        is_open[row], found = False, found + int(truth[row])
        labels.append(bool(truth[row]))
        for kind, by in (("random", bound.random), ("ranked", bound.ranked)):
            wrong[kind] |= by.at_most(found=found, n_open=n - i - 1) < truth.sum()
    return wrong


def test_random_looks_bound_whatever_else_is_judged_between_them() -> None:
    truth = np.arange(120) < 12

    def negatives_first(is_open: np.ndarray) -> int:
        return int(np.flatnonzero(is_open)[-1])

    runs = [mixed_run(120, truth, negatives_first, seed) for seed in range(30)]
    assert sum(run["random"] for run in runs) <= 4


def test_the_labels_so_far_may_decide_which_look_is_random() -> None:
    """At random only while little is found, by an order that finds half of the positives and then passes over them."""
    truth = np.arange(120) < 12

    def half_then_none(is_open: np.ndarray) -> int:
        return int(np.flatnonzero(is_open)[0 if is_open[:6].any() else -1])

    def finds_little(labels: list[bool]) -> bool:
        return len(labels) % 3 == 2 and sum(labels[-5:]) <= 1

    runs = [mixed_run(120, truth, half_then_none, seed, finds_little) for seed in range(60)]
    assert sum(run["random"] for run in runs) <= 6


def test_an_order_that_passes_over_positives_is_what_the_ranked_bound_excludes() -> None:
    truth = np.arange(120) < 3

    def negatives_first(is_open: np.ndarray) -> int:
        return int(np.flatnonzero(is_open)[-1])

    runs = [mixed_run(120, truth, negatives_first, seed) for seed in range(20)]
    assert sum(run["ranked"] for run in runs) > 10
    assert sum(run["random"] for run in runs) <= 3


def test_a_ranking_no_worse_than_chance_keeps_the_ranked_bound() -> None:
    truth = np.arange(120) < 10
    wrong = 0
    for seed in range(30):
        score = np.random.default_rng([seed, 1]).random(120) + 0.3 * truth
        wrong += mixed_run(120, truth, lambda is_open, score=score: int(np.argmax(score * is_open)), seed)["ranked"]
    assert wrong <= 4


def test_random_hits_while_the_ranking_is_dry_throw_its_evidence_away() -> None:
    bound = RecallBound(200)
    for i in range(120):
        bound.take("random" if i % 20 == 0 else "ranked", False, found=1, n_open=199 - i)
    before = bound.ranked.at_most(found=1, n_open=79)
    bound.take("random", True, found=1, n_open=79)
    assert before < 10
    assert (bound.is_contradicted, bound.n_contradictions) == (False, 0)  # one of seven may be chance: 7/121 > 0.05
    bound.take("random", True, found=2, n_open=78)
    assert (bound.is_contradicted, bound.n_contradictions) == (True, 1)
    assert bound.ranked.at_most(found=3, n_open=77) == 80
    bound.take("ranked", True, found=3, n_open=77)
    assert not bound.is_contradicted


def test_the_bound_is_what_is_found_once_nothing_is_open() -> None:
    labels = [True, False, True, False, False]
    assert bound_of(labels).at_most(found=2, n_open=0) == 2


def test_without_looks_everything_open_may_be_positive() -> None:
    assert UpperBound(50).at_most(found=3, n_open=40) == 43


@pytest.mark.parametrize("follows_estimate", [False, True])
@pytest.mark.parametrize(("n", "found", "judged", "total"), [(500, 20, 60, 21), (500, 0, 0, 5), (3000, 40, 100, 42)])
def test_looks_to_a_target_are_those_it_then_takes(
    n: int, found: int, judged: int, total: int, follows_estimate: bool
) -> None:
    bound, n_open = UpperBound(n, follows_estimate=follows_estimate), n - judged
    promised = bound.misses_until(total, found=found, n_open=n_open)
    taken = 0
    while bound.at_most(found=found, n_open=n_open - taken) > total:
        bound.take(False, found=found, n_open=n_open - taken)
        taken += 1
    assert taken <= promised
    assert promised == taken or follows_estimate  # the other half of the money helps, and is not counted on


def test_large_pools_are_tested_at_totals_ever_wider_apart() -> None:
    bound = UpperBound(1_000_000)
    assert len(bound._totals) < 3500
    assert bound._totals[-1] == 1_000_000
    for i in range(200):
        bound.take(False, found=0, n_open=1_000_000 - i)
    assert 15_000 < bound.at_most(found=0, n_open=999_800) < 25_000  # three in 200, and a little for the bets' reserve


def look(seq: int, is_positive: bool | None, kind: str | None = "ranked", n_open: int | None = None) -> Look:
    return Look(seq, seq, kind, is_positive, n_open)  # type: ignore[arg-type]


def state_of(looks: Looks) -> tuple[int, ...]:
    bound, found = looks.bound()
    n_open = looks.n - len(looks)
    ranked, by_random = (by.at_most(found=found, n_open=n_open) for by in (bound.ranked, bound.random))
    return found, ranked, by_random, *bound.n_looks.values()


@pytest.mark.parametrize("at", [0, 5, SAVE_EVERY, 3 * SAVE_EVERY - 1, 3 * SAVE_EVERY + 40])
def test_a_change_of_an_earlier_look_leads_to_what_all_looks_read_anew_lead_to(at: int) -> None:
    rng = np.random.default_rng(at)
    given = [
        look(i, bool(rng.random() < 0.1), "random" if i % 9 == 0 else "ranked") for i in range(3 * SAVE_EVERY + 50)
    ]
    grown, anew = Looks(1000), Looks(1000)
    for i, one in enumerate(given):
        grown.put(one.row, one)
        if i % 70 == 0:
            grown.bound()
    grown.bound()
    grown.put(at, look(at, not given[at].is_positive))
    grown.put(at + 1, None)
    for one in given:
        anew.put(one.row, look(at, not one.is_positive) if one.row == at else one if one.row != at + 1 else None)
    assert state_of(grown) == state_of(anew)


def test_what_is_no_look_only_moves_what_is_open() -> None:
    looks = Looks(10)
    for i, kind in enumerate([None, "random", None]):
        looks.put(i, look(i, True, kind))
    bound, found = looks.bound()
    assert (found, bound.n_looks) == (3, {"random": 1, "ranked": 0})


def test_a_skipped_look_is_no_look() -> None:
    looks = Looks(10)
    looks.put(0, look(0, None, "random"))
    bound, found = looks.bound()
    assert (found, bound.n_looks["random"], len(looks)) == (0, 0, 1)


def test_the_log_knows_of_fewer_open_items_than_the_pool_has() -> None:
    few, many = Looks(1000), Looks(1000)
    for i in range(40):
        few.put(i, look(i, False, "random", n_open=100 - i))
        many.put(i, look(i, False, "random", n_open=None))
    assert few.bound()[0].random.at_most(found=0, n_open=60) < many.bound()[0].random.at_most(found=0, n_open=60)


def test_exact_interval_of_a_share() -> None:
    assert exact_interval(0, 20) == pytest.approx((0.0, 0.168433), abs=1e-6)
    assert exact_interval(5, 20) == pytest.approx((0.086571, 0.491046), abs=1e-6)
    assert exact_interval(20, 20) == pytest.approx((0.831567, 1.0), abs=1e-6)


def test_the_head_is_checked_in_bins() -> None:
    check = check_head([(0.01, False), (0.03, False), (0.9, True), (0.9, False), (None, True)])
    assert check is not None
    assert (check.looks, check.errors, check.error_rate) == (4, 1, 0.25)
    assert check.bins == (Bin(0.0, 0.05, 0.02, 0.0, 2), Bin(0.8, 1.0, 0.9, 0.5, 2))
    assert check.brier == pytest.approx((0.0001 + 0.0009 + 0.01 + 0.81) / 4)
    assert check_head([(None, True)]) is None
