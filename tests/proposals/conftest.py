"""Small real detectors, made once."""

from pathlib import Path

import drawn
import pytest


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def detector_pt(weights_folder: Path) -> Path:
    return drawn.untrained(weights_folder / "small.pt", "yolo11n.yaml")


@pytest.fixture(scope="session")
def segmenter_pt(weights_folder: Path) -> Path:
    return drawn.untrained(weights_folder / "small-seg.pt", "yolo11n-seg.yaml")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of seven drawn images."""
    drawn.draw_folder(tmp_path / "images", 7)
    return tmp_path / "images"
