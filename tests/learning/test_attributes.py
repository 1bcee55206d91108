from pathlib import Path

import numpy as np
import pytest

from winnow.learning import attributes as module
from winnow.learning.attributes import Attributes, attributes_of, logit_scores
from winnow.pool import open_pool

# On a.png: a dog of 0.9, half of it again as a dog of 0.8 and as a cat of 0.7; far off a cat of 0.6. On b.png a dog.
REFS = """path,x1,y1,x2,y2,class,score
a.png,0,0,10,10,dog,0.9
a.png,0,0,10,5,dog,0.8
a.png,0,5,10,10,cat,0.7
a.png,50,0,60,10,cat,0.6
b.png,0,0,10,10,dog,0.5
"""


def _attributes(folder: Path, refs: str = REFS, cache: Path | None = None) -> Attributes | None:
    (folder / "refs.csv").write_text(refs)
    return attributes_of(open_pool(folder / "refs.csv"), cache=cache)


@pytest.fixture
def attributes(tmp_path: Path) -> Attributes:
    found = _attributes(tmp_path)
    assert found is not None
    return found


def test_an_overlap_counts_for_the_one_with_the_lower_score(attributes: Attributes):
    assert attributes.fixed[:, 1].tolist() == [0, 0.5, 0, 0, 0]  # dog on dog
    assert attributes.fixed[:, 2].tolist() == [0, 0.5, 0.5, 0, 0]
    np.testing.assert_allclose(attributes.prior, [0.9, 0.8, 0.7, 0.6, 0.5], atol=1e-6)


def test_of_two_equal_scores_the_earlier_line_is_the_better(tmp_path: Path):
    found = _attributes(tmp_path, REFS.replace("0.9", "0.8"))
    assert found is not None
    assert found.fixed[:2, 1].tolist() == [0, 0.5]


def test_an_accepted_box_tells_all_its_neighbours(attributes: Attributes):
    told = attributes.told(np.array([0]), np.array([1], np.int8))
    assert told.tolist() == [[0, 0, 0, 0], [0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    told = attributes.told(np.array([1]), np.array([1], np.int8))
    assert told.tolist() == [[0.5, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_rejected_box_tells_those_with_a_lower_score(attributes: Attributes):
    told = attributes.told(np.array([0, 1]), np.array([0, 0], np.int8))
    assert told.tolist() == [[0, 0, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, 0.5], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_repeated_lines_and_whole_images_overlap_nothing(tmp_path: Path):
    found = _attributes(tmp_path, REFS + "a.png,0,0,10,10,dog,0.9\nc.png,,,,,dog,0.3\n")
    assert found is not None
    assert found.fixed[:, 2].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0]


def test_a_pool_without_scores_has_no_attributes(tmp_path: Path):
    assert _attributes(tmp_path, "path,x1,y1,x2,y2,class\na.png,0,0,10,10,dog\n") is None


def test_proposals_without_a_class_are_one_class(tmp_path: Path):
    found = _attributes(tmp_path, "path,x1,y1,x2,y2,score\na.png,0,0,4,4,0.9\na.png,0,0,4,4.0001,0.8\n")
    assert found is not None
    assert (found.classes.tolist(), found.n_classes) == ([0, 0], 1)
    assert found.fixed[1, 1] == pytest.approx(1, abs=1e-3)


def test_scores_become_log_odds_and_a_missing_one_their_mean():
    logit = logit_scores(np.array([0.5, 0.75, np.nan, 1.0]))
    np.testing.assert_allclose(logit, [0, np.log(3), (0 + np.log(3) + np.log(9999)) / 3, np.log(9999)], rtol=1e-4)


def test_scores_beyond_one_count_by_their_rank():
    np.testing.assert_allclose(logit_scores(np.array([310.0, 2, 80, 80])), np.log([3, 1 / 3, 1, 1]), atol=1e-6)


def test_overlaps_are_found_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache = tmp_path / "overlaps.npz"
    first = _attributes(tmp_path, cache=cache)
    monkeypatch.setattr(module, "find_overlaps", lambda *_: pytest.fail("found again"))
    second = _attributes(tmp_path, cache=cache)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.fixed, second.fixed)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip"])
def test_a_damaged_cache_or_one_of_other_refs_is_made_again(tmp_path: Path, damage: bytes):
    cache = tmp_path / "overlaps.npz"
    cache.write_bytes(damage)
    assert _attributes(tmp_path, cache=cache).fixed[:, 2].tolist() == [0, 0.5, 0.5, 0, 0]
    assert _attributes(tmp_path, REFS.replace("50,0,60", "5,0,15"), cache=cache).fixed[3, 2] == pytest.approx(1 / 3)
