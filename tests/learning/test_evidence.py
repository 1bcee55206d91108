import numpy as np
import pytest
from proposals_helpers import scored

from winnow.learning.attributes import Attributes
from winnow.learning.evidence import WEIGHTS, fit_evidence

NOBODY, NOTHING = np.empty(0, np.int64), np.empty(0, np.int8)


def _logits(attributes: Attributes, rows: np.ndarray, values: np.ndarray, kernel: np.ndarray | None = None):
    told = attributes.told(rows, values)
    evidence, left_out = fit_evidence(attributes, told, rows, values, kernel)
    return evidence, left_out, evidence.table(attributes, told) @ evidence.table_weights


def test_without_a_verdict_the_score_is_taken_at_its_word():
    attributes, _ = scored(50)
    _, left_out, logits = _logits(attributes, NOBODY, NOTHING)
    np.testing.assert_allclose(logits, attributes.fixed[:, 0], atol=1e-6)
    assert len(left_out) == 0


def test_a_misleading_score_is_unlearnt():
    attributes, truth = scored(400)
    rows = np.arange(200)
    evidence, _, logits = _logits(attributes, rows, 1 - truth[rows])
    assert evidence.weights[0] < 0
    open_rows = np.arange(200, 400)
    assert logits[open_rows][truth[open_rows] == 0].mean() > logits[open_rows][truth[open_rows] == 1].mean()


def test_a_class_that_is_always_wrong_sinks_and_the_others_stay():
    attributes, _ = scored(400, n_classes=3)
    rows = np.arange(300)
    values = ((attributes.classes[rows] != 2) & (rows % 2 == 0)).astype(np.int8)
    evidence, *_ = _logits(attributes, rows, values)
    assert evidence.class_effects[2] < evidence.class_effects[[1, 3]].min() - 1.5


def test_a_class_nobody_judged_has_the_common_offset():
    attributes, truth = scored(100, n_classes=3)
    rows = np.flatnonzero(attributes.classes != 3)
    evidence, *_ = _logits(attributes, rows, truth[rows])
    effects = evidence.class_effects[[0, 3]]
    assert effects[0] == pytest.approx(effects[1])


def test_the_pictures_part_grows_as_it_proves_right():
    attributes, _ = scored(300)
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2, 300).astype(np.int8)
    says_it = (0.6 * (2 * values - 1) + 0.4 * rng.standard_normal(300)).astype(np.float32)
    says_nothing = rng.standard_normal(300).astype(np.float32)
    weights = [
        _logits(attributes, np.arange(n), values[:n], kernel[:n])[0].kernel_weight
        for n, kernel in ((4, says_it), (300, says_it), (300, says_nothing))
    ]
    assert 2 * weights[0] < weights[1]
    assert abs(weights[2]) < 0.3


def test_left_out_log_odds_are_those_of_fits_without_the_label():
    attributes, truth = scored(60, n_classes=2)
    rows, told = np.arange(60), np.zeros((60, 4), np.float32)
    _, left_out = fit_evidence(attributes, told, rows, truth)
    for i in range(0, 60, 7):
        others = np.delete(rows, i)
        evidence, _ = fit_evidence(attributes, told, others, truth[others])
        logit = (evidence.table(attributes, told) @ evidence.table_weights)[i]
        assert left_out[i] == pytest.approx(logit, abs=0.05)


def test_the_fit_is_the_most_probable_one():
    attributes, truth = scored(80)
    rows = np.arange(80)
    told = attributes.told(rows, truth)
    evidence, *_ = _logits(attributes, rows, truth)
    names = list(WEIGHTS)[:7]
    columns = np.c_[attributes.fixed, told].astype(np.float64)
    logits = columns @ evidence.weights + evidence.class_effects[attributes.classes]
    mean, precision = np.array([WEIGHTS[name] for name in names]).T
    gradient = columns.T @ (1 / (1 + np.exp(-logits)) - truth) + precision * (evidence.weights - mean)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)


def test_separable_labels_can_be_fitted():
    attributes, _ = scored(40)
    values = (attributes.fixed[:, 0] > 0).astype(np.int8)
    _, left_out, logits = _logits(attributes, np.arange(40), values, (100 * (2.0 * values - 1)).astype(np.float32))
    assert np.isfinite(logits).all()
    assert np.isfinite(left_out).all()
