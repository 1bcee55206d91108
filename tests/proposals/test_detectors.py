"""Weights in: what can propose is told from what cannot, in words that say what to do."""

from pathlib import Path

import drawn
import numpy as np
import pytest

from winnow.errors import DetectorError, ProposalError
from winnow.proposals.detector import DetectorFacts, DetectorOptions, YoloDetector, check_detector
from winnow.proposals.weights import find_weights, ultralytics


def test_task_and_classes_are_read_from_weights(detector_pt: Path, segmenter_pt: Path) -> None:
    names = tuple(str(number) for number in range(80))
    assert check_detector(detector_pt) == DetectorFacts("detect", names)
    assert check_detector(segmenter_pt) == DetectorFacts("segment", names)


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 cut short", b"\x80\x02}q\x00."])
@pytest.mark.parametrize("suffix", [".pt", ".onnx"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(DetectorError, match=r"bad\.(pt|onnx) is no detector that ultralytics can load"):
        check_detector(path)


def test_weights_of_another_task_are_refused(tmp_path: Path) -> None:
    drawn.untrained(tmp_path / "pose.pt", "yolo11n-pose.yaml")
    with pytest.raises(DetectorError, match="task 'pose'"):
        check_detector(tmp_path / "pose.pt")


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="no such file"):
        check_detector(tmp_path / "none.pt")
    with pytest.raises(DetectorError, match=r"\.pt or \.onnx"):
        check_detector(tmp_path / "none.safetensors")


def test_weights_are_found_by_path_then_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in (tmp_path / "here.pt", folder / "here.pt", folder / "there.pt"):
        path.write_bytes(b"x")
    assert find_weights("here.pt", folder) == tmp_path / "here.pt"
    assert find_weights("there", folder) == folder / "there.pt"
    assert find_weights(str(folder / "here.pt"), folder) == folder / "here.pt"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yolo11n.yaml", "train it with"),
        ("weights.h5", "Name another file"),
        ("mine", "neither a file here"),
        ("sub/mine.pt", "there is no such file"),
    ],
)
def test_a_name_that_leads_nowhere_says_what_to_do(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DetectorError, match=message):
        find_weights(name, tmp_path)


def test_a_download_that_fails_names_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ultralytics()
    from ultralytics.utils import downloads

    def refuse(**_: object) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(downloads, "safe_download", refuse)
    with pytest.raises(DetectorError, match=r"no route to host.*Copy the weights to .*yolo11n\.pt"):
        find_weights("yolo11n", tmp_path / "weights")


def test_damaged_images_are_still_told_in_our_words(tmp_path: Path) -> None:
    from winnow.errors import UnreadableImage
    from winnow.pool.images import load_image

    ultralytics()
    (tmp_path / "a.jpg").write_text("no image")
    with pytest.raises(UnreadableImage, match="not an image"):
        load_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "options",
    [DetectorOptions(conf=1.1), DetectorOptions(iou=-0.1), DetectorOptions(imgsz=8), DetectorOptions(batch=0),
     DetectorOptions(max_det=0)],
)  # fmt: skip
def test_options_out_of_range_are_refused(detector_pt: Path, options: DetectorOptions) -> None:
    with pytest.raises(ProposalError, match="must"):
        YoloDetector(detector_pt, options)


def test_unknown_classes_are_named(detector_pt: Path) -> None:
    with pytest.raises(DetectorError, match="no class dog"):
        YoloDetector(detector_pt, DetectorOptions(classes=("dog", "3")))


def test_a_device_that_is_not_there_is_told(detector_pt: Path) -> None:
    detector = YoloDetector(detector_pt, DetectorOptions(device="cuda:99"))
    with pytest.raises(DetectorError, match="--device cuda:99"):
        detector.detect([np.zeros((32, 32, 3), np.uint8)])


def test_weights_of_a_model_version_are_named_by_it(detector_pt: Path, tmp_path: Path) -> None:
    (tmp_path / "v0003").mkdir()
    (tmp_path / "v0003/weights.pt").symlink_to(detector_pt)
    assert YoloDetector(tmp_path / "v0003/weights.pt", DetectorOptions()).source == "v0003"
    assert YoloDetector(detector_pt, DetectorOptions()).source == "small"
    assert YoloDetector(detector_pt, DetectorOptions(), source="mine").source == "mine"


@pytest.mark.filterwarnings("ignore:Converting a tensor", "ignore:.*legacy", "ignore::DeprecationWarning")
def test_an_exported_model_proposes_as_its_weights_do(detector_pt: Path, tmp_path: Path) -> None:
    (tmp_path / "small.pt").symlink_to(detector_pt)
    exported = Path(ultralytics().YOLO(tmp_path / "small.pt").export(format="onnx", imgsz=96, simplify=False))
    options = DetectorOptions(conf=0.05, imgsz=640, batch=4, max_det=5, device="cpu")
    onnx = YoloDetector(exported, options)
    assert onnx.batch == 1  # what the export is fixed to
    image = drawn.draw(np.random.default_rng(5))[0]
    weights = YoloDetector(detector_pt, DetectorOptions(conf=0.05, imgsz=96, max_det=5))
    (one,), (two,) = onnx.detect([image]), weights.detect([image])
    assert one.classes == two.classes != []
    assert np.allclose(one.boxes_xyxy, two.boxes_xyxy, atol=0.1)
    assert np.allclose(one.scores, two.scores, atol=1e-3)
