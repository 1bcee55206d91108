"""The commands dataset, import and export, as they are typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dataset_helpers import BOX, BOX_2, SIZE_WH, Person, draw_images, row, write_refs
from small_pool import draw_pool

from winnow.__main__ import main
from winnow.pool import open_pool
from winnow.training.holdout import Holdout
from winnow.training.workspace import Workspace
from winnow.training.yolo_labels import label_line
from winnow.verdicts.log import VerdictLog

Typed = Any


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Runs a command line in a project; answers its exit code, output and errors."""

    def typed(refs: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("WINNOW_REFS", str(refs))
        monkeypatch.setenv("WINNOW_ANNOTATOR", "ana")
        code = main(arguments)
        return (code, *capsys.readouterr())

    return typed


@pytest.fixture
def refs(tmp_path: Path) -> Path:
    """Three images with two proposals each: one complete in training, one open, one complete in the hold-out."""
    names = draw_images(tmp_path, 3)
    pool = write_refs(tmp_path, [row(name, box) for name in names for box in (BOX, BOX_2)])
    parts = {names[0]: "train", names[1]: "train", names[2]: "holdout"}
    Holdout().assigned(parts, {}).write(Workspace(tmp_path / "workspace").holdout)  # type: ignore[arg-type]
    person = Person(tmp_path)
    for name in (names[0], names[2]):
        person.judge(name, 1)
        person.judge(name, 0, BOX_2)
    person.judge(names[1], 1)
    person.log.close()
    return pool.refs_path


def test_dataset_prints_what_entered_and_what_was_left_out(refs: Path, typed: Typed) -> None:
    code, out, _ = typed(refs, "dataset")
    assert code == 0
    assert out.splitlines() == [
        f"Data set version 1: {refs.parent}/workspace/datasets/v0001",
        "  train: 1 images (0 without objects); cell 1",
        "  holdout: 1 images (0 without objects); cell 1",
        "  left out: 1 images, some proposals are not judged yet",
    ]


def test_dataset_works_beside_a_running_server(refs: Path, typed: Typed) -> None:
    server = VerdictLog(f"sqlite:///{refs.parent / 'winnow.db'}")
    assert typed(refs, "dataset")[0] == 0
    server.close()


def test_dataset_says_when_nothing_is_new(refs: Path, typed: Typed) -> None:
    typed(refs, "dataset")
    assert typed(refs, "dataset")[1].splitlines()[-1] == (
        "Nothing has changed since that version, so no new one was made."
    )
    partial = typed(refs, "dataset", "--partial", "--classes", "cell, other")[1]
    assert "  train: 2 images (0 without objects, 1 painted); cell 2; no box of 1 classes" in partial.splitlines()
    listed = typed(refs, "dataset", "--list")[1]
    assert [line for line in listed.splitlines() if "version" in line] == [
        f"Data set version {n}: {refs.parent}/workspace/datasets/v000{n}" for n in (1, 2)
    ]


def test_an_empty_list_says_what_to_do(refs: Path, typed: Typed) -> None:
    assert typed(refs, "dataset", "--list")[1] == "No data set version yet. Build one: python -m winnow dataset\n"


def test_rebuild_compares(refs: Path, typed: Typed, tmp_path: Path) -> None:
    typed(refs, "dataset")
    assert typed(refs, "dataset", "--rebuild", "1", "--out", str(tmp_path / "a"))[:2] == (
        0,
        f"{tmp_path / 'a'} is version 1, byte for byte.\n",
    )
    (tmp_path / "workspace/datasets/v0001/data.yaml").write_text("")
    code, _, error = typed(refs, "dataset", "--rebuild", "1", "--out", str(tmp_path / "b"))
    assert (code, error.splitlines()[-1]) == (2, "  data.yaml")
    assert typed(refs, "dataset", "--rebuild", "1")[0] == 2


def test_a_refused_build_ends_with_its_reason(refs: Path, typed: Typed) -> None:
    code, out, error = typed(refs, "dataset", "--classes", "other")
    assert (code, out) == (2, "")
    assert "winnow dataset: Accepted boxes are of classes that the list other does not have: cell." in error


def test_importing_a_labelled_set_tells_what_it_did(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "set").mkdir()
    draw_images(tmp_path / "set", 2)
    (tmp_path / "set/img00.txt").write_text(label_line(0, BOX, SIZE_WH))
    (tmp_path / "set/classes.txt").write_text("cell\n")
    refs = tmp_path / "refs.csv"
    refs.write_text("path,group\nset/img00.png,one\nset/img01.png,one\n")
    code, out, _ = typed(refs, "import", str(tmp_path / "set"), "--split", "holdout")
    assert code == 0
    assert out.splitlines() == [
        f"{tmp_path / 'set'}: 2 images, 1 boxes.",
        "Recorded 3 events; 0 were there already.",
        "Images in training 0, in the hold-out 2; drawn with the next data set 0.",
    ]
    (draw,) = Holdout.read(tmp_path / "workspace/holdout.json").draws
    assert draw.groups == {"set/img00.png": "one", "set/img01.png": "one"}


@pytest.mark.parametrize("name", ["refs.csv", "refs.txt"])
def test_a_project_can_begin_with_a_labelled_set(tmp_path: Path, typed: Typed, name: str) -> None:
    folder = tmp_path / 'my "set", no 1'
    folder.mkdir()
    names = draw_images(folder, 10)
    for image in names:
        (folder / image).with_suffix(".txt").write_text(label_line(0, BOX, SIZE_WH))
    (folder / "classes.txt").write_text("cell\n")
    code, out, _ = typed(tmp_path / name, "import", str(folder))
    assert (code, f"Wrote {tmp_path / name}, which lists these images" in out) == (0, True)
    assert open_pool(tmp_path / name).paths[0] == f"{folder.name}/{names[0]}"
    code, out, _ = typed(tmp_path / name, "dataset")
    assert (code, "train: 8 images" in out, "holdout: 2 images" in out) == (0, True, True)


def test_what_is_not_there_is_not_imported(tmp_path: Path, typed: Typed) -> None:
    code, _, error = typed(tmp_path / "refs.csv", "import", str(tmp_path / "none.json"))
    assert (code, "none.json: there is no such file or folder" in error) == (2, True)


def test_importing_a_table_is_as_before(tmp_path: Path, typed: Typed) -> None:
    refs = draw_pool(tmp_path)
    (tmp_path / "labels.csv").write_text("0,1\n1,0\n")
    assert typed(refs, "import", str(tmp_path / "labels.csv"))[1] == (
        f"Recorded 2 of 2 labels from {tmp_path / 'labels.csv'}; the others were there already.\n"
    )


def test_exports_of_the_pool_are_as_before(tmp_path: Path, typed: Typed) -> None:
    refs = draw_pool(tmp_path)
    (tmp_path / "labels.csv").write_text("".join(f"{i},{int(i % 4 == 0)}\n" for i in range(8)))
    typed(refs, "import", str(tmp_path / "labels.csv"))
    assert typed(refs, "export", "annotations", str(tmp_path / "a.csv"))[0] == 0
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 9
    assert typed(refs, "export", "head", str(tmp_path / "head.npz"))[0] == 0
    assert len(np.load(tmp_path / "head.npz").files) > 0
    code, _, error = typed(refs, "export", "head", str(tmp_path / "head.csv"))
    assert (code, error) == (2, f"winnow export: {tmp_path / 'head.csv'} ends in 'csv'; head are written as npz.\n")


@pytest.mark.parametrize(("what", "name"), [("coco", "set.json"), ("voc", "voc"), ("yolo", "yolo")])
def test_exports_of_a_dataset_name_the_version(refs: Path, typed: Typed, tmp_path: Path, what: str, name: str) -> None:
    typed(refs, "dataset")
    code, out, _ = typed(refs, "export", what, str(tmp_path / name), "--dataset", "1")
    assert (code, out.splitlines()[0]) == (0, f"Wrote {tmp_path / name}: 2 images of data set version 1")
    assert (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("coco", "set.csv"), "coco is written as json"),
        (("annotations", "a.csv", "--dataset", "1"), "--dataset is of coco, voc, yolo"),
        (("coco", "set.json", "--dataset", "9"), "no data set version 9"),
    ],
)
def test_a_wrong_export_is_refused(refs: Path, typed: Typed, arguments: tuple[str, ...], reason: str) -> None:
    typed(refs, "dataset")
    code, _, error = typed(refs, "export", *arguments)
    assert code == 2
    assert reason in error
