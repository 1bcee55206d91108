"""The results folder: whose it is, what it holds, how it goes on after a stop, what it does with bad images."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corrections_helpers import Quiet, Reviewed, moved, write
from PIL import Image
from proposal_pool import HEIGHT, WIDTH

from winnow.__main__ import main
from winnow.corrections.image_results import status_of
from winnow.corrections.overlays import COLOURS, colours_of
from winnow.errors import ProposalError, WinnowError
from winnow.jobs.reporter import Stopped
from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.verdicts.log import Verdict


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Reviewed]:
    """Image 0 accepted, image 1 with its dog moved and painted and a bird added, image 2 rejected."""
    reviewed = Reviewed(tmp_path, 4)
    dog, *_ = reviewed.item_ids(1)
    reviewed.review(0, kept=reviewed.item_ids(0)[:1], seconds=4)
    dog_mask = np.zeros((HEIGHT, WIDTH), bool)
    dog_mask[50:100, 50:110] = True
    changed = moved((50, 50, 110, 100), "dog", dog, encode(dog_mask))
    reviewed.review(1, drawn=[changed, moved((5, 5, 25, 30), "bird")], deleted=reviewed.item_ids(1)[2:3], seconds=30)
    reviewed.review(2, is_rejected=True, annotator="ben", seconds=None)
    yield reviewed
    reviewed.close()


def record(folder: Path, image: int) -> dict[str, Any]:
    (path,) = folder.glob(f"{image:02d}-*.json")
    return json.loads(path.read_text())


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def times(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in names(folder)}


def test_a_record_says_what_stands_where_it_comes_from_and_what_went(project: Reviewed) -> None:
    folder = project.folder / "out"
    summary = write(project, folder)
    ids = project.item_ids(1)
    found = record(folder, 1)
    bird, dog = found["objects"]
    stem = f"01-{found['image_id']}"
    assert (bird["class_name"], bird["box_xyxy"], bird["origin"], bird["replaces"], bird["mask"]) == (
        "bird", [5.0, 5.0, 25.0, 30.0], "added", None, None,
    )  # fmt: skip
    assert dog == {
        "item_id": dog["item_id"], "box_xyxy": [50.0, 50.0, 110.0, 100.0], "class_name": "dog", "score": None,
        "source": "correction", "origin": "corrected", "replaces": ids[0], "mask": f"masks/{stem}-{dog['item_id']}.png",
    }  # fmt: skip
    went = {one["item_id"]: (one["because"], one["replaced_by"], one["class_name"]) for one in found["removed"]}
    assert went == {ids[0]: ("replaced", dog["item_id"], "dog"), ids[2]: ("deleted", None, "cat")}
    plain = ("schema", "path", "status", "size_wh", "unjudged", "annotator", "seconds")
    assert {name: found[name] for name in plain} == {
        "schema": 1, "path": "photos/01.png", "status": "corrected", "size_wh": [WIDTH, HEIGHT], "unjudged": 4,
        "annotator": "ana", "seconds": 30.0,
    }  # fmt: skip
    assert found["overlays"] == {"before": f"overlays/{stem}-before.jpg", "after": f"overlays/{stem}-after.jpg"}
    assert found["problem"] is None
    assert (summary.counts, summary.n_written, summary.problems) == ({"corrected": 1, "ok": 1, "rejected": 1}, 3, {})


def test_accepted_and_rejected_images_have_records_too(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder)
    accepted, rejected = record(folder, 0), record(folder, 2)
    (dog,) = accepted["objects"]
    assert (accepted["status"], dog["origin"], dog["score"], dog["source"]) == ("ok", "prediction", 0.91, "drawn")
    assert (rejected["status"], rejected["objects"], rejected["annotator"], rejected["seconds"]) == (
        "rejected", [], "ben", None,
    )  # fmt: skip
    assert not list(folder.glob("03-*.json"))


def test_the_index_lists_every_record(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder, masks="rle", overlays=False)
    index = json.loads((folder / "index.json").read_text())
    assert (index["schema"], index["masks"], index["overlays"]) == (1, "rle", False)
    assert index["last_event"] == project.session.ledger.last_seq
    assert index["counts"] == {"ok": 1, "corrected": 1, "rejected": 1}
    assert [(one["path"], one["status"], one["objects"]) for one in index["images"]] == [
        ("photos/00.png", "ok", 1), ("photos/01.png", "corrected", 2), ("photos/02.png", "rejected", 0),
    ]  # fmt: skip
    assert all((folder / one["record"]).is_file() for one in index["images"])


def test_masks_come_as_png_npy_or_run_lengths(project: Reviewed) -> None:
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[50:100, 50:110] = True
    folder = project.folder / "out"
    write(project, folder, overlays=False)
    png = Image.open(folder / record(folder, 1)["objects"][1]["mask"])
    assert (png.mode, np.array_equal(np.asarray(png), wanted * np.uint8(255))) == ("L", True)
    write(project, folder, masks="npy", overlays=False)
    pixels = np.load(folder / record(folder, 1)["objects"][1]["mask"], allow_pickle=False)
    assert (pixels.dtype, np.array_equal(pixels, wanted)) == (np.bool_, True)
    assert [name for name in names(folder) if name.endswith(".png")] == []
    write(project, folder, masks="rle", overlays=False)
    assert record(folder, 1)["objects"][1]["mask"] == encode(wanted).as_json()
    assert [name for name in names(folder) if name.startswith("masks/")] == []


def test_masks_of_untouched_predictions_are_those_beside_the_refs(project: Reviewed) -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[40:90, 40:100] = True
    sidecar_path(project.settings.refs).write_text(mask_line(0, encode(mask)))
    write(project, project.folder / "out", masks="rle")
    (dog,) = record(project.folder / "out", 0)["objects"]
    assert (dog["origin"], dog["mask"]) == ("prediction", encode(mask).as_json())


def test_overlays_show_the_prediction_and_what_became_of_it(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder)
    before, after = (
        np.asarray(Image.open(folder / record(folder, 1)["overlays"][when])).astype(int) for when in ("before", "after")
    )
    assert before.shape == after.shape == (HEIGHT, WIDTH, 3)
    bird, cat, dog = (np.array(colour) for colour in COLOURS[:3])  # classes by name
    assert np.abs(before[60:150, 180] - cat).mean() < 40  # the deleted cat's left side
    assert np.abs(after[60:150, 180] - cat).mean() > 40
    assert np.abs(after[8:28, 5] - bird).mean() < 40  # the added bird's
    plain = np.asarray(Image.open(project.folder / "photos" / "01.png")).astype(int)
    tint = after[60:90, 60:100].mean((0, 1)) - plain[60:90, 60:100].mean((0, 1))
    assert np.dot(tint, dog - plain[60:90, 60:100].mean((0, 1))) > 0  # the painted dog


def test_a_second_run_writes_only_what_changed(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder)
    before = times(folder)
    assert write(project, folder).n_written == 0
    index = before.pop("index.json")
    assert {name: time for name, time in times(folder).items() if name != "index.json"} == before
    project.review(0, deleted=project.item_ids(0)[:1])
    assert write(project, folder).n_written == 1
    changed = {name for name, time in times(folder).items() if before.get(name, index) != time}
    assert {name[:2] for name in changed if "/" not in name} == {"00", "in"}
    assert record(folder, 0)["status"] == "corrected"


def test_what_is_stale_goes_and_what_winnow_did_not_write_stays(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "masks" / "mine.png").write_bytes(b"mine")
    (folder / "masks" / "half.png.123.tmp").write_bytes(b"killed")
    project.undo("ben")
    project.undo("ana")
    summary = write(project, folder, overlays=False)
    assert summary.n_removed == 2 + 1 + 6 + 1  # two records, a mask, all overlays, a leftover of a killed run
    assert {name[:2] for name in names(folder) if name.endswith(".json")} == {"00", "in"}
    assert {"notes.txt", "masks/mine.png"} <= names(folder)
    assert "masks/half.png.123.tmp" not in names(folder)


def test_a_file_that_was_removed_is_written_again(project: Reviewed) -> None:
    folder = project.folder / "out"
    write(project, folder)
    complete = names(folder)
    (folder / record(folder, 1)["objects"][1]["mask"]).unlink()
    next(folder.glob("00-*.json")).write_text("{")
    assert write(project, folder).n_written == 2
    assert names(folder) == complete


def test_a_stopped_run_goes_on_where_it_was(project: Reviewed) -> None:
    folder = project.folder / "out"
    with pytest.raises(Stopped):
        write(project, folder, Quiet(stop_after=2))
    assert not (folder / "index.json").exists()
    assert len(list(folder.glob("0*.json"))) == 2
    report = Quiet()
    assert write(project, folder, report).n_written == 1
    assert report.told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_folder_of_somebody_else_is_refused(project: Reviewed) -> None:
    folder = project.folder / "photos"
    before = names(folder)
    with pytest.raises(WinnowError, match="is not empty, and Winnow did not write"):
        write(project, folder)
    with pytest.raises(WinnowError, match="cannot be used for results"):
        write(project, project.settings.refs)
    assert names(folder) == before


def test_an_unreadable_image_keeps_its_record_and_is_listed(project: Reviewed) -> None:
    folder = project.folder / "out"
    (project.folder / "photos" / "00.png").write_bytes(b"no image")
    shutil.copy(project.folder / "photos" / "01.png", project.folder / "photos" / "kept.png")
    cut = (project.folder / "photos" / "02.png").read_bytes()[:3000]  # a good header, half an image
    (project.folder / "photos" / "02.png").write_bytes(cut)
    summary = write(project, folder)
    assert summary.problems.keys() == {"photos/00.png", "photos/02.png"}
    assert "not an image" in summary.problems["photos/00.png"]
    found = record(folder, 0)
    assert (found["status"], len(found["objects"]), found["size_wh"], found["overlays"]) == ("ok", 1, None, None)
    assert record(folder, 2)["overlays"] is None
    shutil.copy(project.folder / "photos" / "kept.png", project.folder / "photos" / "00.png")
    assert write(project, folder).problems.keys() == {"photos/02.png"}


def test_an_image_replaced_on_disk_is_named_where_a_mask_does_not_fit(project: Reviewed) -> None:
    Image.new("RGB", (100, 90)).save(project.folder / "photos" / "01.png")
    summary = write(project, project.folder / "out")
    assert "A mask was made on 320 × 240 pixels, and photos/01.png has 100 × 90" in summary.problems["photos/01.png"]


def test_damaged_masks_beside_refs_are_named(project: Reviewed) -> None:
    sidecar_path(project.settings.refs).write_text("{}\n")
    with pytest.raises(ProposalError, match="line 1"):
        write(project, project.folder / "out")


def test_the_command_writes_beside_the_session_that_has_the_log_open(
    project: Reviewed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINNOW_REFS", str(project.settings.refs))
    assert main(["results", "--masks", "npy", "--no-overlays"]) == 0
    folder = project.workspace.folder / "results"
    assert f"{folder}: 3 images (1 corrected, 1 ok, 1 rejected), 3 written now" in capsys.readouterr().out
    assert main(["results", "--out", str(project.folder / "photos")]) == 2
    assert main(["rounds", "--out", str(project.folder / "r.csv")]) == 0
    assert "ben" in capsys.readouterr().out
    assert (project.folder / "r.csv").read_text().count("\n") == 4
    assert main(["rounds", "--manual-minutes", "-1"]) == 2


def test_of_more_classes_than_colours_some_share_one() -> None:
    colours = colours_of(["a", "b", *map(str, range(5)), "c"])
    assert (colours["a"], colours["b"], colours["c"]) == (COLOURS[0], COLOURS[1], COLOURS[0])


def event(seq: int, kind: Any, reason: str | None = None) -> Verdict:
    return Verdict(f"k{seq}", "image", None, "ana", "a.png", kind=kind, reason=reason, seq=seq, strategy="review")


def test_the_status_of_an_image_is_that_of_what_stands() -> None:
    box = (0.0, 0.0, 5.0, 5.0)
    drawn = Verdict("d", "x", 1, "ana", "a.png", box, strategy="correction", seq=1)
    kept = Verdict("e", "y", 1, "ana", "a.png", box, strategy="review", seq=1)
    assert status_of([], [drawn]) == "open"
    assert status_of([event(2, "complete", "accepted")], [kept]) == "ok"
    assert status_of([event(2, "complete", "refined"), event(3, "complete", "accepted")], [drawn]) == "corrected"
    assert status_of([event(2, "complete", "accepted"), event(3, "miss")], [kept]) == "open"
    assert status_of([event(2, "complete", "accepted"), event(3, "reject", "rejected")], [kept]) == "rejected"
