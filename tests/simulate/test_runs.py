"""A run is the learner's own replay, measured after each verdict."""

import numpy as np
import pytest

from winnow.learning.replay import replay
from winnow.learning.space import FeatureSpace
from winnow.simulate.runs import PLANS, LabelledPool, run_once, runs_of

N, POSITIVES = 120, 12


def clusters() -> tuple[np.ndarray, np.ndarray]:
    """Vectors (120, 8) and truth: every tenth is of a kind of its own."""
    rng = np.random.default_rng(1)
    truth = (np.arange(N) % 10 == 0).astype(np.int8)
    return (rng.normal(0, 0.3, (N, 8)) + 2 * np.eye(8)[truth]).astype(np.float32), truth


@pytest.fixture
def pool() -> LabelledPool:
    vectors, truth = clusters()
    space = FeatureSpace.build(vectors, np.ones(N, bool), np.random.default_rng(0))
    return LabelledPool(space, truth, np.arange(N))


@pytest.mark.parametrize("plan", PLANS)
def test_a_run_shows_what_the_learner_shows(pool: LabelledPool, plan: str):
    run = run_once(pool, plan, seed=3, budget=30)
    shown = replay(pool.space, pool.truth, plan=plan, budget=30, seed=3)
    assert run.rows.tolist() == shown.rows.tolist()
    assert run.ways == shown.ways
    assert run.found[-1] == shown.labels.sum()
    assert {len(run.found), len(run.accuracy), len(run.head_accuracy), len(run.bound)} == {31}


def test_looking_for_positives_finds_them_and_the_rest_is_decided_rightly(pool: LabelledPool):
    run = run_once(pool, "find_all", seed=0, budget=40)
    assert run.found[-1] == POSITIVES
    assert run.accuracy[0] == pytest.approx(1 - POSITIVES / N)
    assert run.accuracy[-1] == 1
    assert np.isnan(run.head_accuracy[0])
    assert run.head_accuracy[-1] == 1


def test_a_run_ends_with_its_pool_and_then_everything_is_found(pool: LabelledPool):
    run = run_once(pool, "find_all", seed=0, budget=1000)
    assert sorted(run.rows.tolist()) == list(range(N))
    assert run.found[-1] == POSITIVES
    assert run.accuracy[-1] == 1
    assert run.bound[-1] == 1


def test_the_meter_never_promises_what_is_not_there(pool: LabelledPool):
    for plan in ("find_all", "audit"):
        run = run_once(pool, plan, seed=0, budget=N)
        spoken = ~np.isnan(run.bound)
        assert spoken.sum() > 60
        assert (run.bound[spoken] <= run.found[spoken] / POSITIVES + 1e-12).all()


def test_a_plan_without_looks_leaves_the_meter_silent(pool: LabelledPool):
    bound = run_once(pool, "entropy", seed=0, budget=N).bound
    assert np.isnan(bound[:-1]).all()
    assert bound[-1] == 1  # everything was looked at


def test_rows_that_cannot_be_shown_are_not_shown(pool: LabelledPool):
    vectors, truth = clusters()
    is_known = np.arange(N) % 3 > 0
    space = FeatureSpace.build(vectors, is_known, np.random.default_rng(0))
    shown = LabelledPool(space, np.where(is_known, truth, -1).astype(np.int8), np.flatnonzero(is_known))
    run = run_once(shown, "find_all", seed=0, budget=1000)
    assert sorted(run.rows.tolist()) == np.flatnonzero(is_known).tolist()
    assert shown.positives == run.found[-1] == truth[is_known].sum()


def test_runs_come_plan_by_plan_and_every_verdict_is_told(pool: LabelledPool):
    told: list[tuple[str, int]] = []
    runs = list(
        runs_of(pool, ["random", "audit"], seeds=2, budget=5, tell=lambda plan, seed: told.append((plan, seed)))
    )
    assert [(run.plan, run.seed) for run in runs] == [("random", 0), ("random", 1), ("audit", 0), ("audit", 1)]
    assert told == [one for run in runs for one in [(run.plan, run.seed)] * 5]
    assert runs[0].rows.tolist() != runs[1].rows.tolist()
