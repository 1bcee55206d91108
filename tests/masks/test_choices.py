"""Which segmenter is taken: the page's choice, the setting, the best of the weights folder, the tiny one."""

from pathlib import Path

import pytest

from winnow.errors import SegmenterError
from winnow.masks.choices import choices, chosen_name, segmenter_named


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("sam_vit_b_01ec64.pth", "sam_vit_h_4b8939.pth", "mobile_sam.pt", "yolo11n.pt", "sam2.1_t.pt", "a.txt"):
        (folder / name).touch()
    (folder / "sam2.1-hiera-tiny").mkdir()
    (folder / "sam2.1-hiera-tiny" / "config.json").write_text("{}")
    (folder / "sam-empty").mkdir()
    return folder


def test_what_lies_in_the_weights_folder_is_listed_best_first(weights: Path) -> None:
    assert [choice.name for choice in choices(weights)] == [
        *("sam2.1_t.pt", "sam_vit_h_4b8939.pth", "sam_vit_b_01ec64.pth", "sam2.1-hiera-tiny", "mobile_sam.pt", "tiny"),
    ]
    assert choices(weights)[1].label == "SAM: sam_vit_h_4b8939.pth"


def test_without_weights_there_is_the_tiny_one(tmp_path: Path) -> None:
    assert [choice.name for choice in choices(tmp_path / "nowhere")] == ["tiny"]
    assert chosen_name("auto", None, tmp_path / "nowhere") == "tiny"


def test_the_pages_choice_goes_before_the_setting_as_long_as_it_is_there(weights: Path) -> None:
    assert chosen_name("auto", None, weights) == "sam2.1_t.pt"
    assert chosen_name("tiny", None, weights) == "tiny"
    assert chosen_name("none", None, weights) is None
    assert chosen_name("none", "mobile_sam.pt", weights) == "mobile_sam.pt"
    assert chosen_name("auto", "none", weights) is None
    assert chosen_name("auto", "gone.pt", weights) == "sam2.1_t.pt"


def test_a_setting_may_name_what_lies_elsewhere(weights: Path, tmp_path: Path) -> None:
    elsewhere = str(weights / "mobile_sam.pt")
    assert chosen_name(elsewhere, None, tmp_path) == elsewhere
    assert [choice.name for choice in choices(tmp_path / "nowhere", elsewhere)] == [elsewhere, "tiny"]
    assert chosen_name("facebook/sam2.1-hiera-tiny", None, tmp_path) == "facebook/sam2.1-hiera-tiny"


def test_a_setting_that_names_nothing_leaves_the_others_to_choose_from(weights: Path, tmp_path: Path) -> None:
    assert [choice.name for choice in choices(tmp_path, "gone.pt")] == ["tiny"]
    assert chosen_name("gone.pt", None, tmp_path) == "gone.pt"
    assert chosen_name("gone.pt", "tiny", tmp_path) == "tiny"


@pytest.mark.parametrize("name", ["gone.pt", "yolo11n.pt", "nobody/gone.pt", "sam-empty", "../x"])
def test_what_is_no_segmenter_is_refused_with_the_ways_out(name: str, weights: Path) -> None:
    with pytest.raises(SegmenterError, match="weights folder"):
        segmenter_named(name, weights)
