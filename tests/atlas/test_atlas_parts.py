"""Clusters, neighbours, pairs, orders and the map, as functions of small pools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from winnow.atlas import Clusters, cluster_coverage, example_order, tour_order, unusual_order
from winnow.atlas.clusters import make_clusters, n_clusters_of
from winnow.atlas.layout import make_layout
from winnow.atlas.neighbours import NEIGHBOURS, build_index, exact_table, index_table, read_index, search, write_index
from winnow.atlas.pairs import pairs_of
from winnow.atlas.sphere import direction_on_sphere, on_sphere
from winnow.learning.space import FeatureSpace

N, D, GROUPS = 240, 24, 6


def blobs(n: int = N, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, 24) float32 vectors in six groups far apart, and each row's group."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % GROUPS
    centres = 6 * rng.standard_normal((GROUPS, D))
    return (centres[group] + rng.standard_normal((n, D))).astype(np.float32), group


def space_of(vectors: np.ndarray) -> FeatureSpace:
    return FeatureSpace.build(vectors, np.ones(len(vectors), bool), np.random.default_rng(0))


@pytest.fixture(scope="module")
def space() -> FeatureSpace:
    return space_of(blobs()[0])


def likenesses(space: FeatureSpace) -> np.ndarray:
    rows = np.arange(space.n)
    return space.cosines(rows, space.directions(rows))


def test_the_dot_product_on_the_sphere_is_the_likeness(space: FeatureSpace) -> None:
    rows = np.arange(space.n)
    points = on_sphere(space, rows)
    np.testing.assert_allclose(points @ points.T, likenesses(space), atol=1e-5)
    np.testing.assert_allclose(direction_on_sphere(space, space.directions(rows)), points, atol=1e-5)


def test_clusters_find_the_groups_and_number_them_by_size(space: FeatureSpace) -> None:
    clusters = make_clusters(space, np.arange(N), np.random.default_rng(0))
    _, group = blobs()
    for number in range(clusters.n_clusters):
        assert len(set(group[clusters.labels == number])) == 1
    assert clusters.sizes.tolist() == sorted(np.bincount(clusters.labels), reverse=True)
    assert clusters.sizes.sum() == N
    assert clusters.labels[clusters.representatives].tolist() == list(range(clusters.n_clusters))


def test_rows_that_are_not_shown_are_in_no_cluster(space: FeatureSpace) -> None:
    clusters = make_clusters(space, np.arange(10, N), np.random.default_rng(0))
    assert clusters.labels[:10].tolist() == [-1] * 10
    assert clusters.labels[10:].min() == 0
    assert clusters.representatives.min() >= 10


def test_a_pool_of_one_picture_many_times_is_one_cluster() -> None:
    space = space_of(np.tile(np.arange(4, dtype=np.float32), (60, 1)) + 1)
    clusters = make_clusters(space, np.arange(60), np.random.default_rng(0))
    assert clusters.sizes.tolist() == [60]


def test_no_rows_make_no_clusters_and_an_empty_map(space: FeatureSpace) -> None:
    none = np.empty(0, np.int64)
    assert make_clusters(space, none, np.random.default_rng(0)).n_clusters == 0
    assert np.isnan(make_layout(space, none, np.random.default_rng(0))).all()


def test_the_number_of_clusters_goes_with_the_root_of_the_pool() -> None:
    assert [n_clusters_of(n) for n in (3, 50, 1344, 9144, 1_000_000)] == [1, 10, 37, 96, 100]


def test_the_table_holds_each_rows_nearest_rows(space: FeatureSpace) -> None:
    rows, likeness = exact_table(space, np.arange(N))
    true = likenesses(space)
    np.fill_diagonal(true, -np.inf)
    assert rows.tolist() == np.argsort(-true, axis=1, kind="stable")[:, :NEIGHBOURS].tolist()
    np.testing.assert_allclose(likeness, -np.sort(-true, axis=1)[:, :NEIGHBOURS], atol=1e-5)


def test_the_table_of_a_tiny_pool_says_where_there_is_nobody() -> None:
    rows, likeness = exact_table(space_of(blobs(5)[0]), np.array([0, 2, 4]))
    assert (rows >= 0).sum(axis=1).tolist() == [2, 0, 2, 0, 2]
    assert np.isfinite(likeness).sum(axis=1).tolist() == [2, 0, 2, 0, 2]
    assert sorted(rows[2, :2].tolist()) == [0, 4]


def test_a_row_with_twins_is_never_its_own_neighbour() -> None:
    vectors = blobs(30)[0]
    vectors[1:12] = vectors[0]
    rows, _ = exact_table(space_of(vectors), np.arange(30))
    assert not (rows == np.arange(30)[:, None]).any()


def test_an_index_read_from_disk_finds_the_rows_that_are_allowed(space: FeatureSpace, tmp_path) -> None:
    write_index(build_index(space, np.arange(N), np.random.default_rng(0)), tmp_path / "index.faiss")
    index = read_index(tmp_path / "index.faiss")
    allowed = np.arange(N) % 2 == 0
    found = search(index, on_sphere(space, np.array([7])), 5, allowed)
    assert allowed[found].all()
    true = np.where(allowed, likenesses(space)[7], -np.inf)
    assert set(np.argsort(-true)[:5]) <= set(found.tolist())


def test_the_table_by_the_index_has_exact_likenesses_of_nearly_the_same_rows(space: FeatureSpace) -> None:
    index = build_index(space, np.arange(N), np.random.default_rng(0))
    rows, likeness = index_table(space, np.arange(N), index)
    exact_rows, exact_likeness = exact_table(space, np.arange(N))
    np.testing.assert_allclose(likeness[:, 0], exact_likeness[:, 0], atol=0.02)
    assert np.mean([len(set(a) & set(b)) for a, b in zip(rows, exact_rows, strict=True)]) > 7


def test_pairs_are_there_from_both_sides_and_within_a_group_only() -> None:
    rows = np.array([[1, 2], [0, -1], [3, 0], [2, -1]], np.int32)
    likeness = np.array([[0.99, 0.97], [0.99, np.nan], [0.96, 0.9], [0.96, np.nan]], np.float32)
    pairs = pairs_of(rows, likeness, 0.96)
    assert pairs.n_pairs == 3
    assert pairs.of(np.array([0])).tolist() == [1, 2]
    assert pairs.of(np.array([1, 3])).tolist() == [0, 2]
    assert pairs.of(np.empty(0, np.int64)).tolist() == []
    grouped = pairs_of(rows, likeness, 0.96, groups=np.array([5, 5, 7, 7]))
    assert [grouped.of(np.array([row])).tolist() for row in range(4)] == [[1], [0], [3], [2]]


@given(arrays(np.float32, (12, 3), elements=st.floats(-1, 1, width=32)), st.integers(0, 2**32 - 1))
def test_every_pair_has_its_mirror(likeness: np.ndarray, seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 12, (12, 3)).astype(np.int32)
    pairs = pairs_of(rows, likeness, 0.5)
    there = {(one, int(other)) for one in range(12) for other in pairs.of(np.array([one]))}
    assert there == {(other, one) for one, other in there}


def test_unusual_are_those_least_like_their_neighbours() -> None:
    likeness = np.array([[0.9, 0.8], [0.2, np.nan], [np.nan, np.nan], [0.5, 0.1]], np.float32)
    assert unusual_order(likeness, 9).tolist() == [1, 3, 0]
    assert unusual_order(likeness, 2).tolist() == [1, 3]


def test_a_tour_takes_one_of_each_cluster_in_turn_beginning_with_its_representative() -> None:
    clusters = Clusters(
        np.array([0, 1, 0, 0, -1, 1, 2], np.int16), representatives=np.array([3, 5, 6]), sizes=np.array([3, 2, 1])
    )
    order = tour_order(clusters, 9, np.random.default_rng(0))
    assert order[:3].tolist() == [3, 5, 6]
    assert clusters.labels[order].tolist() == [0, 1, 2, 0, 1, 0]
    assert tour_order(clusters, 2, np.random.default_rng(0)).tolist() == [3, 5]


def test_coverage_counts_groups_with_a_judged_row_and_the_items_in_them() -> None:
    clusters = Clusters(np.array([0, 1, 0, 0, -1, 1], np.int16), np.array([0, 1]), np.array([3, 2]))
    assert cluster_coverage(clusters, np.array([4])) == (0, 2, 0.0)
    assert cluster_coverage(clusters, np.array([2, 3])) == (1, 2, 0.6)


def test_what_is_like_any_of_the_examples_comes_first(space: FeatureSpace) -> None:
    allowed = np.ones(N, bool)
    allowed[0] = False
    order = example_order(space, space.directions(np.array([0, 1])), allowed, 80)
    assert order[0] == 1
    assert 0 not in order
    assert set((order % GROUPS)[:79].tolist()) == {0, 1}
    true = likenesses(space)[:, :2].max(axis=1)
    assert order.tolist() == [row for row in np.argsort(-true, kind="stable") if row][:80]


def test_a_map_keeps_groups_together_also_for_rows_beyond_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("winnow.atlas.layout.SAMPLE_ROWS", 120)
    monkeypatch.setattr("winnow.atlas.layout.EARLY", 60)
    monkeypatch.setattr("winnow.atlas.layout.LATE", 60)
    vectors, group = blobs()
    shares: list[float] = []
    layout = make_layout(space_of(vectors), np.arange(2, N), np.random.default_rng(0), shares.append)
    assert np.isnan(layout[:2]).all()
    assert np.abs(layout[2:]).max() == pytest.approx(1)
    centres = np.array([layout[2:][group[2:] == number].mean(axis=0) for number in range(GROUPS)])
    nearest = np.square(layout[2:, None] - centres).sum(axis=2).argmin(axis=1)
    assert (nearest == group[2:]).mean() > 0.98
    assert shares == sorted(shares)
    assert shares[-1] == 1
