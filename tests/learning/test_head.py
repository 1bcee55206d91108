import re
from pathlib import Path

import numpy as np
import pytest
from learning_helpers import clustered, labels_of, space_of

from winnow.learning.calibration import calibrate
from winnow.learning.head import RIDGE, Head, average_precision, best_gamma, fit_head
from winnow.learning.step import next_snapshot

VECTORS, TRUTH = clustered(200)
SPACE = space_of(VECTORS)
DOCS = Path(__file__).parents[2] / "docs"


def _head() -> Head:
    labels = labels_of(list(range(40)), TRUTH)
    head = next_snapshot(SPACE, labels, "entropy", previous=None, rng=np.random.default_rng(0)).head
    assert head is not None
    return head


@pytest.mark.parametrize("landmarks", [np.arange(30), np.arange(0, 30, 3)], ids=["all", "some"])
def test_left_out_decisions_equal_fits_without_the_label(landmarks: np.ndarray):
    rows = np.arange(30)
    _, left_out = fit_head(SPACE, rows, TRUTH[rows], landmarks, gamma=2.0)
    for i in rows:
        others = np.delete(rows, i)
        remaining = np.flatnonzero(np.isin(others, landmarks))
        refitted, _ = fit_head(SPACE, others, TRUTH[others], remaining, gamma=2.0)
        assert left_out[i] == pytest.approx(refitted.decision(SPACE, rows[i : i + 1])[0], abs=1e-3)


def test_fit_on_all_labels_solves_the_ridge_equations():
    rows = np.arange(30)
    head, _ = fit_head(SPACE, rows, TRUTH[rows], rows, gamma=2.0)
    target = 2.0 * TRUTH[rows] - 1
    np.testing.assert_allclose(head.decision(SPACE, rows) + RIDGE * head.coefficients, target, atol=2e-3)


def test_equal_rows_with_opposite_labels_can_be_fitted():
    vectors = VECTORS.copy()
    vectors[1] = vectors[0]
    space = space_of(vectors)
    head, left_out = fit_head(space, np.array([0, 1]), np.array([1, 0], np.int8), np.array([0, 1]), gamma=2.0)
    assert head.decision(space, np.array([0]))[0] == pytest.approx(0, abs=1e-3)
    assert left_out == pytest.approx([-1 / (1 + RIDGE), 1 / (1 + RIDGE)], abs=1e-3)


def test_average_precision_is_the_mean_share_of_positives_down_to_each():
    decision = np.array([0.9, 0.1, 0.5, 0.7], np.float32)
    assert average_precision(decision, np.array([1, 1, 0, 0], np.int8)) == pytest.approx((1 + 2 / 4) / 2)


def test_a_wide_kernel_is_chosen_where_kinds_overlap_and_a_narrow_one_where_they_lie_apart():
    rng = np.random.default_rng(0)
    overlapping = rng.standard_normal((300, 40)).astype(np.float32)
    tilted = (overlapping[:, 0] + rng.standard_normal(300) > 0.8).astype(np.int8)
    spots = 0.3 * rng.standard_normal((300, 40)) + np.repeat(np.sqrt(3) * np.eye(30, 40), 10, axis=0)
    every_fourth = (np.arange(300) // 10 % 4 == 0).astype(np.int8)
    rows = np.arange(300)
    chosen = [
        best_gamma(space_of(vectors.astype(np.float32)), rows, truth, rows)
        for vectors, truth in ((overlapping, tilted), (spots, every_fourth))
    ]
    assert chosen == [0.5, 2.0]


def test_a_saved_head_is_the_same_when_loaded(tmp_path: Path):
    head = _head()
    head.save(tmp_path / "head.npz")
    loaded = Head.load(tmp_path / "head.npz")
    np.testing.assert_array_equal(loaded.probability(SPACE), head.probability(SPACE))
    assert [path.name for path in tmp_path.iterdir()] == ["head.npz"]


def test_the_example_in_the_documentation_applies_the_head_with_numpy_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    code = re.search(r"```python\n(import numpy as np\n.*?)```", (DOCS / "head.md").read_text(), re.DOTALL)
    assert code is not None
    head = _head()
    head.save(tmp_path / "head.npz")
    np.save(tmp_path / "features.npy", VECTORS.astype(np.float16))
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(code.group(1), found)
    np.testing.assert_allclose(found["probability"], head.probability(space_of(VECTORS)), atol=5e-3)
    assert len(code.group(1).strip().splitlines()) <= 11


def test_calibration_recovers_the_logistic_that_made_the_labels():
    rng = np.random.default_rng(0)
    decision = rng.uniform(-2, 2, 20_000)
    values = (rng.random(20_000) < 1 / (1 + np.exp(-(1.7 * decision - 0.8)))).astype(np.int8)
    assert calibrate(decision, values, decision) == pytest.approx((1.7, -0.8), abs=0.08)


def test_calibration_never_turns_the_order_round():
    decision = np.array([1.0, 0.9, 0.8, -0.9, -1.0, -0.8])
    slope, _ = calibrate(decision, np.array([0, 0, 0, 1, 1, 1], np.int8), decision)
    assert slope > 0


def test_calibration_on_perfectly_separated_decisions_stays_finite():
    decision = np.repeat([-1.0, 1.0], 500)
    slope, offset = calibrate(decision, np.repeat([0, 1], 500).astype(np.int8), decision)
    assert 1 < slope < 20
    assert abs(offset) < 1


def test_probabilities_are_close_to_the_shares_they_promise():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((3000, 8)).astype(np.float32)
    truth = (rng.random(3000) < 1 / (1 + np.exp(-2.5 * vectors[:, 0] + 1))).astype(np.int8)
    space = space_of(vectors)
    labels = labels_of(np.arange(300), truth)
    probability = next_snapshot(space, labels, "random", previous=None, rng=rng).probability[300:]
    bins = np.digitize(probability, [0.2, 0.4, 0.6, 0.8])
    for number in range(5):
        inside = bins == number
        assert probability[inside].mean() == pytest.approx(truth[300:][inside].mean(), abs=0.12)
