import os
from pathlib import Path

import numpy as np
import pytest
from learning_helpers import clustered, space_of

from winnow.learning.space import FeatureSpace


def test_a_row_is_wholly_like_itself():
    space = space_of(clustered()[0])
    rows = np.arange(space.n)
    likeness = space.cosines(rows, space.directions(rows))
    np.testing.assert_allclose(np.diag(likeness), 1, atol=1e-5)
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-5)
    assert np.abs(likeness).max() <= 1 + 1e-5


def test_likeness_is_the_cosine_after_half_whitening():
    vectors, _ = clustered()
    centred = vectors - vectors.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    variances, axes = np.linalg.eigh(unit.T @ unit / len(unit))
    whitened = centred @ axes * np.maximum(variances, 0.05 * variances.mean()) ** -0.25
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True)
    space = space_of(vectors)
    rows = np.arange(space.n)
    np.testing.assert_allclose(space.cosines(rows, space.directions(rows)), whitened @ whitened.T, atol=1e-4)


def test_axes_beyond_the_first_share_one_variance():
    vectors = np.random.default_rng(0).standard_normal((500, 80), dtype=np.float32) * np.linspace(3, 0.1, 80)
    space = space_of(vectors.astype(np.float32))
    assert space.axes.shape == (80, 64)
    assert (np.diff(space.gain) >= 0).all()  # the larger an axis' variance, the more it is shrunk
    assert (space.gain <= 0).all()
    assert (space.gain > -1).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("n_columns", [1, 7])
def test_scan_equals_the_cosines_of_all_rows(dtype: type, n_columns: int):
    vectors, _ = clustered(2500, dtype=dtype)
    space = space_of(vectors)
    directions = space.directions(np.arange(n_columns))
    scanned = space.scan(directions, lambda cosines: cosines.sum(axis=1))
    expected = space.cosines(np.arange(space.n), directions).sum(axis=1)
    np.testing.assert_allclose(scanned, expected, atol=2e-5)


def test_halves_scan_like_floats():
    halves, _ = clustered(2500, dtype=np.float16)
    halves[0, :4] = [6e-8, -3e-5, 0.0, -0.0]  # the smallest numbers have a form of their own
    floats = halves.astype(np.float32)
    scans = [
        space.scan(space.directions(np.arange(2)), lambda cosines: cosines[:, 1].copy())
        for space in (space_of(halves), space_of(floats))
    ]
    np.testing.assert_allclose(scans[0], scans[1], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_not_usable(dtype: type, bad: float):
    vectors, _ = clustered(dtype=dtype)
    vectors[7, 3] = bad
    space = space_of(vectors)
    assert np.flatnonzero(~space.is_usable).tolist() == [7]
    scanned = space.scan(space.directions(np.array([0])), lambda cosines: cosines[:, 0].copy())
    assert np.flatnonzero(np.isnan(scanned)).tolist() == [7]


def test_rows_marked_invalid_are_not_usable():
    vectors, _ = clustered()
    is_valid = np.ones(len(vectors), bool)
    is_valid[[2, 5]] = False
    assert np.flatnonzero(~space_of(vectors, is_valid).is_usable).tolist() == [2, 5]


def test_equal_rows_are_usable_and_alike_to_nothing():
    space = space_of(np.ones((6, 4), np.float32))
    assert space.is_usable.all()
    assert space.cosines(np.arange(6), space.directions(np.arange(6))).tolist() == np.zeros((6, 6)).tolist()


def test_an_empty_pool_is_measured():
    space = space_of(np.empty((0, 4), np.float32))
    assert space.n == 0
    assert space.scan(np.ones((1, 4), np.float32), lambda cosines: cosines[:, 0]).tolist() == []


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    np.save(tmp_path / "features.npy", clustered()[0])
    return tmp_path / "features.npy"


def _build(stored: Path, seed: int = 0) -> tuple[FeatureSpace, float]:
    vectors = np.load(stored, mmap_mode="r")
    rng = np.random.default_rng(seed)
    space = FeatureSpace.build(vectors, np.ones(len(vectors), bool), rng, cache=stored.with_name("space.npz"))
    return space, float(rng.random())


def test_figures_are_read_from_the_cache(stored: Path):
    first, next_draw = _build(stored)
    cache = stored.with_name("space.npz")
    with np.load(cache) as figures:
        changed = {name: figures[name] for name in figures.files} | {"mean": first.mean + 1}
    np.savez(cache, **changed)
    second, next_draw_again = _build(stored)
    np.testing.assert_array_equal(second.mean, first.mean + 1)
    assert next_draw_again == next_draw


def test_figures_of_an_older_matrix_are_measured_anew(stored: Path):
    first, _ = _build(stored)
    np.save(stored, np.load(stored) + 5)
    os.utime(stored, (1, 1))
    second, _ = _build(stored)
    np.testing.assert_allclose(second.mean, first.mean + 5, atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_cache_is_replaced(stored: Path, content: bytes):
    first, _ = _build(stored)
    cache = stored.with_name("space.npz")
    cache.write_bytes(content)
    second, _ = _build(stored)
    np.testing.assert_array_equal(second.mean, first.mean)
    with np.load(cache) as figures:
        np.testing.assert_array_equal(figures["mean"], first.mean)
