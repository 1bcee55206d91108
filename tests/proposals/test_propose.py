"""Images through a real detector into a refs file: whole, resumable, each image decoded once."""

import csv
import resource
from collections import Counter
from pathlib import Path
from typing import Any

import drawn
import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from winnow.errors import ProposalError
from winnow.jobs.reporter import Stopped, TerminalReporter
from winnow.masks.rle import box_of
from winnow.masks.sidecar import read_masks
from winnow.pool import load_image, open_pool
from winnow.proposals import run
from winnow.proposals.detector import DetectorOptions, YoloDetector
from winnow.proposals.run import RunOptions, list_images, propose, read_sources
from winnow.proposals.weights import ultralytics

OPTIONS = DetectorOptions(conf=0.05, imgsz=96, batch=2, max_det=5)


class StopAfter(TerminalReporter):
    """Lets so many batches through, then stops as a person would."""

    def __init__(self, n_batches: int) -> None:
        super().__init__()
        self.left = n_batches

    def check_stop(self) -> None:
        if self.left == 0:
            raise Stopped
        self.left -= 1


def run_on(images: Path, detector: Any, out: Path, **more: Any) -> Any:
    report = more.pop("report", TerminalReporter())
    return propose(list_images(images), detector, RunOptions(**more), out, report)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_proposals_are_what_the_model_says(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    summary = run_on(images, YoloDetector(detector_pt, OPTIONS), tmp_path / "proposals.csv")
    rows = rows_of(tmp_path / "proposals.csv")
    model = ultralytics().YOLO(detector_pt)
    expected = []
    for path in sorted(images.iterdir()):
        boxes = model.predict(path, conf=0.05, iou=0.7, imgsz=96, max_det=5, verbose=False)[0].boxes.cpu().numpy()
        expected += [(f"images/{path.name}", *box, str(int(label)), score)
                     for box, label, score in zip(boxes.xyxy, boxes.cls, boxes.conf, strict=True)]  # fmt: skip
    assert [(row["path"], row["class"], row["source"]) for row in rows] == [(e[0], e[5], "small") for e in expected]
    numbers = [[float(row[name]) for name in ("x1", "y1", "x2", "y2", "score")] for row in rows]
    assert np.allclose(numbers, [[*e[1:5], e[6]] for e in expected], atol=0.02)
    assert (summary.n_images, summary.n_boxes, summary.n_unreadable) == (7, len(rows), 0)
    assert summary.classes == dict(Counter(row["class"] for row in rows).most_common())
    assert open_pool(tmp_path / "proposals.csv").n_rows == len(rows) > 7


def test_a_turned_image_is_proposed_on_upright(detector_pt: Path, tmp_path: Path) -> None:
    upright = Image.fromarray(drawn.draw(np.random.default_rng(3))[0]).crop((0, 0, 96, 64))
    (tmp_path / "images").mkdir()
    upright.save(tmp_path / "images/a.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90° to the right
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "images/b.png", exif=exif)
    run_on(tmp_path / "images", YoloDetector(detector_pt, OPTIONS), tmp_path / "p.csv")
    rows = rows_of(tmp_path / "p.csv")
    of = {name: [[*row.values()][1:] for row in rows if row["path"] == f"images/{name}.png"] for name in "ab"}
    assert of["a"] == of["b"] != []


def test_masks_lie_in_their_boxes(segmenter_pt: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(drawn.draw(np.random.default_rng(4))[0]).resize((150, 90)).save(tmp_path / "images/a.png")
    run_on(tmp_path / "images", YoloDetector(segmenter_pt, OPTIONS), tmp_path / "p.csv")
    pool = open_pool(tmp_path / "p.csv")
    masks = read_masks(tmp_path / "p.csv", pool.n_rows)
    assert masks.keys() == set(range(pool.n_rows))
    assert {rle.size_hw for rle in masks.values()} == {(90, 150)}
    around = {row: box for row, rle in masks.items() if (box := box_of(rle))}
    assert around
    for row, box in around.items():
        low, high = pool.boxes_xyxy[row][:2] - box[:2], np.array(box[2:]) - pool.boxes_xyxy[row][2:]
        assert max(low.max(), high.max()) <= 3


@pytest.mark.parametrize("n_batches", [0, 1, 3])
def test_a_stopped_run_goes_on_and_comes_out_the_same(
    images: Path, segmenter_pt: Path, tmp_path: Path, n_batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = YoloDetector(segmenter_pt, OPTIONS)
    run_on(images, detector, tmp_path / "whole/p.csv")
    out = tmp_path / "halves/p.csv"
    with pytest.raises(Stopped):
        run_on(images, detector, out, report=StopAfter(n_batches))
    assert not out.exists()
    journal = out.with_name("p.csv.unfinished")
    journal.write_bytes(journal.read_bytes() + b'[{"image": 99, "ro')  # as a kill in the middle of a line leaves it
    decoded = Counter[Path]()
    monkeypatch.setattr(run, "load_image", lambda path: (decoded.update([path]), load_image(path))[1])
    run_on(images, YoloDetector(segmenter_pt, OPTIONS), out)
    assert out.read_bytes() == (tmp_path / "whole/p.csv").read_bytes()
    assert out.with_name("p.masks.jsonl").read_bytes() == (tmp_path / "whole/p.masks.jsonl").read_bytes()
    assert decoded == Counter(sorted(images.iterdir())[2 * n_batches :])
    assert {path.name for path in out.parent.iterdir()} == {"p.csv", "p.masks.jsonl", ".p.csv.lock"}


def test_images_that_cannot_be_read_are_listed_and_the_others_done(
    images: Path, detector_pt: Path, tmp_path: Path
) -> None:
    (images / "03.png").write_bytes(b"no image")
    summary = run_on(images, YoloDetector(detector_pt, OPTIONS), tmp_path / "p.csv")
    assert [path for path, _ in summary.unreadable] == ["images/03.png"]
    assert "not an image" in summary.unreadable[0][1]
    assert {row["path"] for row in rows_of(tmp_path / "p.csv")} == {f"images/{i:02d}.png" for i in (0, 1, 2, 4, 5, 6)}


def test_nothing_is_replaced_without_being_told(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    detector, out = YoloDetector(detector_pt, OPTIONS), tmp_path / "p.csv"
    out.write_text("mine")
    with pytest.raises(ProposalError, match="is there already"):
        run_on(images, detector, out)
    assert out.read_text() == "mine"
    run_on(images, detector, out, is_overwriting=True)
    assert len(rows_of(out)) > 0


def test_an_unfinished_run_with_other_settings_is_not_gone_on_with(
    images: Path, detector_pt: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p.csv"
    with pytest.raises(Stopped):
        run_on(images, YoloDetector(detector_pt, OPTIONS), out, report=StopAfter(1))
    other = YoloDetector(detector_pt, DetectorOptions(conf=0.5, imgsz=96, batch=2))
    with pytest.raises(ProposalError, match="other settings"):
        run_on(images, other, out)
    run_on(images, other, out, is_overwriting=True)
    assert min(float(row["score"]) for row in rows_of(out)) >= 0.5


def test_only_the_classes_asked_for_are_proposed(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    run_on(images, YoloDetector(detector_pt, OPTIONS), tmp_path / "all.csv")
    name = rows_of(tmp_path / "all.csv")[0]["class"]
    only = DetectorOptions(conf=0.05, imgsz=96, batch=2, max_det=5, classes=(name,))
    summary = run_on(images, YoloDetector(detector_pt, only), tmp_path / "one.csv")
    assert summary.classes.keys() == {name}


def test_images_are_listed_by_name_without_hidden_and_skipped_folders(images: Path) -> None:
    for name in ("b/x.JPG", "a/y.png", ".hidden/z.png", "workspace/datasets/w.png", "b/notes.txt"):
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        (images / name).write_bytes(b"")
    found = [str(path.relative_to(images)) for path in list_images(images, skip=[images / "workspace"])]
    assert found == [*(f"0{i}.png" for i in range(7)), "a/y.png", "b/x.JPG"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProposalError, match="holds no images"):
        list_images(tmp_path)
    with pytest.raises(ProposalError, match="is no folder"):
        list_images(tmp_path / "missing")


def test_groups_of_the_refs_are_carried_on(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    (tmp_path / "refs.csv").write_text("path,group\nimages/00.png,day\nimages/01.png,\nimages/00.png,day\n")
    sources = read_sources(tmp_path / "refs.csv")
    assert (sources.images, sources.groups) == (
        [images / "00.png", images / "01.png"], {images / "00.png": "day"}
    )  # fmt: skip
    detector = YoloDetector(detector_pt, OPTIONS)
    propose(sources.images, detector, RunOptions(), tmp_path / "p.csv", TerminalReporter(), sources.groups)
    assert {(row["path"], row["group"]) for row in rows_of(tmp_path / "p.csv")} == {
        ("images/00.png", "day"), ("images/01.png", "")
    }  # fmt: skip


def test_one_run_at_a_time_writes_a_file(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".p.csv.lock"), pytest.raises(ProposalError, match="Another run is writing"):
        run_on(images, YoloDetector(detector_pt, OPTIONS), tmp_path / "p.csv")


def test_a_folder_that_cannot_be_made_is_told(images: Path, detector_pt: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProposalError, match="cannot be written"):
        run_on(images, YoloDetector(detector_pt, OPTIONS), tmp_path / "file/p.csv")


def test_a_full_disk_is_told_and_what_was_done_is_kept(images: Path, segmenter_pt: Path, tmp_path: Path) -> None:
    class Silent(TerminalReporter):
        def progress(self, done: int, total: int, text: str = "") -> None:
            """The limit below holds for the captured output too."""

    detector, out = YoloDetector(segmenter_pt, OPTIONS), tmp_path / "p.csv"
    run_on(images, detector, tmp_path / "whole.csv")
    size = (tmp_path / "whole.csv").stat().st_size + (tmp_path / "whole.masks.jsonl").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, limits[1]))  # files end here, as on a full disk
    try:
        with pytest.raises(ProposalError, match=r"cannot be written.*what was finished is kept"):
            run_on(images, detector, out, report=Silent())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not out.exists()
    assert out.with_name("p.csv.unfinished").read_bytes().count(b"\n") >= 2
    run_on(images, detector, out)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
