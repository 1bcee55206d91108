"""Which images come next: the parts by hand, and one contract over every choice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from winnow.errors import ProposalError
from winnow.pool import Pool, open_pool
from winnow.proposals.uncertainty import DIVERSITY, RankingOptions, rank_images


def pool_of(folder: Path, *lines: str) -> Pool:
    (folder / "refs.csv").write_text("\n".join(["path,x1,y1,x2,y2,class,score", *lines]) + "\n")
    return open_pool(folder / "refs.csv")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def ranked(pool: Pool, **options: Any) -> list[str]:
    return [image.path for image in rank_images(pool, RankingOptions(**options), rng=rng())]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Twelve images, the later the surer; classes in turn."""
    lines = [
        f"{i:02d}.png,{j},0,{j + 5},5,{'cat' if i % 3 else 'dog'},{0.5 + 0.04 * i:.2f}"
        for i in range(12)
        for j in range(2)
    ]
    return pool_of(tmp_path, *lines)


def test_the_parts_are_those_of_the_scores(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,0,0,5,5,cat,0.5", "a.png,1,1,5,5,cat,0.9", "b.png,0,0,5,5,cat,1", "c.png,,,,,,")
    c, a, b = rank_images(pool, RankingOptions(), rng=rng())
    assert (c.path, c.uncertainty, c.n_boxes) == ("c.png", 1.0, 0)
    entropy = (1 - (0.9 * np.log2(0.9) + 0.1 * np.log2(0.1))) / 2
    assert a.parts == pytest.approx({"confidence": 0.1, "variance": 0.16, "entropy": entropy})
    assert a.uncertainty == pytest.approx(0.4 * 0.1 + 0.3 * 0.16 + 0.3 * entropy)
    assert (b.path, b.uncertainty) == ("b.png", pytest.approx(0, abs=1e-6))


def test_weights_are_relative(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, "a.png,0,0,5,5,cat,0.7")
    (image,) = rank_images(
        pool, RankingOptions(weight_confidence=2, weight_variance=0, weight_entropy=0), rng=rng()
    )  # fmt: skip
    assert image.uncertainty == pytest.approx(0.3)


def test_surer_images_and_those_not_asked_for_are_left_out(pool: Pool) -> None:
    assert ranked(pool, max_samples=3) == ["00.png", "01.png", "02.png"]
    assert ranked(pool, min_uncertainty=0.4)[-1] == "04.png"  # 0.4 · 0.34 + 0.3 · 0.925 = 0.41; the next has 0.38
    asked = ["11.png", "05.png", "unknown.png"]
    assert [image.path for image in rank_images(pool, RankingOptions(), asked, rng=rng())] == ["05.png", "11.png"]


def test_strata_take_turns(pool: Pool) -> None:
    assert ranked(pool, max_samples=5, diversity="stratified") == ["00.png", "03.png", "06.png", "09.png", "01.png"]


def test_clusters_take_turns(pool: Pool) -> None:
    features = np.zeros((pool.n_rows, 3), np.float16)
    features[:, 0] = 1
    features[pool.path_codes >= 8] = (0, 1, 0)  # the four surest images look otherwise
    features[3] = np.nan
    options = RankingOptions(max_samples=2, diversity="kmeans")
    found = rank_images(pool, options, features=features, rng=rng())
    assert {image.path for image in found} == {"00.png", "08.png"}


def test_rare_classes_come_first(pool: Pool) -> None:
    found = ranked(pool, max_samples=3, balance_classes=True, class_counts={"cat": 50, "dog": 0})
    assert found == ["00.png", "03.png", "06.png"]  # the dogs
    assert ranked(pool, max_samples=4, balance_classes=True) == ["00.png", "01.png", "03.png", "02.png"]


@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("diversity", DIVERSITY)
class TestEveryChoice:
    def rank(self, pool: Pool, diversity: str, balance: bool, **more: Any) -> list[str]:
        options = RankingOptions(diversity=diversity, balance_classes=balance, max_samples=more.pop("n", 5))
        features = np.random.default_rng(0).normal(size=(pool.n_rows, 4)).astype(np.float32)
        found = rank_images(pool, options, features=features, rng=more.pop("rng", rng()), **more)
        assert all(0 <= image.uncertainty <= 1 for image in found)
        return [image.path for image in found]

    def test_the_seed_decides(self, pool: Pool, diversity: str, balance: bool) -> None:
        assert self.rank(pool, diversity, balance) == self.rank(pool, diversity, balance)

    def test_each_image_comes_once_and_no_more_than_asked(self, pool: Pool, diversity: str, balance: bool) -> None:
        assert len(set(self.rank(pool, diversity, balance))) == 5
        assert sorted(self.rank(pool, diversity, balance, n=50)) == [f"{i:02d}.png" for i in range(12)]

    def test_ties_are_broken_by_chance(self, tmp_path: Path, diversity: str, balance: bool) -> None:
        pool = pool_of(tmp_path, *(f"{i}.png,0,0,5,5,cat,0.5" for i in range(9)))
        seeds = [np.random.default_rng(seed) for seed in range(6)]
        assert len({tuple(self.rank(pool, diversity, balance, rng=seed)) for seed in seeds}) > 1

    def test_one_candidate_and_none(self, pool: Pool, diversity: str, balance: bool) -> None:
        assert self.rank(pool, diversity, balance, candidates=["04.png"]) == ["04.png"]
        assert self.rank(pool, diversity, balance, candidates=[]) == []

    def test_images_without_boxes_come_first(self, tmp_path: Path, diversity: str, balance: bool) -> None:
        pool = pool_of(tmp_path, "b.png,0,0,5,5,,0.99", "a.png,,,,,,")
        assert set(self.rank(pool, diversity, balance)) == {"a.png", "b.png"}


@pytest.mark.parametrize(
    "options",
    [{"weight_variance": -1}, {"weight_confidence": 0, "weight_variance": 0, "weight_entropy": 0},
     {"weight_entropy": float("nan")}, {"min_uncertainty": 2}, {"max_samples": 0}, {"diversity": "luck"}],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProposalError):
        RankingOptions(**options)


def test_clusters_need_features(pool: Pool) -> None:
    with pytest.raises(ProposalError, match="needs the pool's features"):
        ranked(pool, diversity="kmeans")
