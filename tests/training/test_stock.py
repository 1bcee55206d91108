"""What there is to learn from, and what a training would be refused for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dataset_helpers import BOX, BOX_2
from report_helpers import Project, write_model

from winnow.errors import DatasetError, TrainingError
from winnow.pool.identity import item_id_of
from winnow.training.dataset import DatasetVersion, get_dataset
from winnow.training.selection import DatasetOptions
from winnow.training.stock import NothingChanged, PartStock, check_ready, facts_of, stock_of
from winnow.training.suggestions import DatasetFacts
from winnow.verdicts.log import NewVerdict, Undo, Verdict, VerdictLog

WHOLE = DatasetOptions()
PARTIAL = DatasetOptions(partial=True)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.person.log.close()


def check(project: Project, options: DatasetOptions = WHOLE, *, is_again: bool = False) -> None:
    check_ready(project.person.truth(project.pool), project.workspace, options, is_again=is_again)


def trained_on(project: Project, number: int) -> DatasetVersion:
    """A model version that learnt what the verdicts say now."""
    dataset = get_dataset(project.workspace, project.build())
    write_model(project.workspace, number, dataset.number, dataset_hash=dataset.manifest.content_hash)
    return dataset


def test_images_and_regions_are_counted_by_what_is_known(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    project.person.judge("img01.png", 1)
    project.person.judge("img02.png", 0, reason="bad_box")
    project.person.miss("img02.png")
    stock = stock_of(project.person.truth(project.pool), project.workspace, WHOLE)
    assert stock.images == {"untouched": 2, "in_progress": 2, "complete": 2}
    assert (stock.accepted, stock.rejected, stock.to_correct, stock.misses) == (3, 2, 1, 1)
    assert stock.parts == {
        "train": PartStock(drawn=4, images=1, waiting=1, boxes={"cell": 1}),
        "holdout": PartStock(drawn=2, images=1, waiting=0, boxes={"cell": 1}),
    }


def test_partial_takes_what_waits(project: Project) -> None:
    project.judge("img00.png")
    project.person.judge("img01.png", 1)
    part = stock_of(project.person.truth(project.pool), project.workspace, PARTIAL).parts["train"]
    assert (part.images, part.waiting, part.boxes) == (2, 0, {"cell": 2})


def test_facts_have_the_median_box_and_image(project: Project) -> None:
    project.judge("img00.png")
    facts = facts_of(project.person.truth(project.pool), project.workspace, WHOLE, lambda path: project.folder / path)
    assert facts == DatasetFacts(1, 0, {"cell": 1}, pytest.approx((20 * 20 / (80 * 64)) ** 0.5), 80)


def test_an_image_that_cannot_be_read_is_left_out_of_the_sizes(project: Project) -> None:
    project.judge("img00.png")
    (project.folder / "img00.png").write_bytes(b"no image")
    facts = facts_of(project.person.truth(project.pool), project.workspace, WHOLE, lambda path: project.folder / path)
    assert (facts.n_images, facts.median_side, facts.median_longer_px) == (1, None, None)


def test_no_accepted_box_is_refused(project: Project) -> None:
    project.person.judge("img00.png", 0)
    project.person.judge("img00.png", 0, BOX_2)
    with pytest.raises(DatasetError, match="no accepted box"):
        check(project)


def test_no_complete_hold_out_image_is_refused(project: Project) -> None:
    project.judge("img00.png")
    project.person.judge("img04.png", 1)
    with pytest.raises(DatasetError, match="No hold-out image is complete"):
        check(project)


def test_a_hold_out_that_has_all_positives_is_refused(project: Project) -> None:
    project.judge("img04.png")
    with pytest.raises(DatasetError, match="All 1 accepted boxes lie on hold-out images"):
        check(project)


def test_nothing_new_is_refused_until_something_is_said_or_again_is_asked(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    check(project)
    trained_on(project, 1)
    with pytest.raises(TrainingError, match="Nothing is new: there is no verdict since v1"):
        check(project)
    check(project, is_again=True)
    check(project, PARTIAL)
    project.person.judge("img01.png", 1, BOX)
    check(project)


def test_the_check_draws_no_hold_out_of_its_own(project: Project) -> None:
    before = project.workspace.holdout.read_bytes()
    project.workspace.holdout.unlink()
    project.judge("img00.png", "img01.png", "img02.png", "img03.png", "img04.png", "img05.png")
    check(project)
    assert not project.workspace.holdout.exists()
    project.workspace.holdout.write_bytes(before)


def test_a_data_set_that_somebody_removed_hinders_no_training(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    shutil.rmtree(trained_on(project, 1).folder)
    check(project)
    assert project.build() == 2


def test_another_data_set_under_the_models_number_is_not_what_it_learnt_from(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    write_model(project.workspace, 1, project.build(), dataset_hash="of a data set that was removed")
    check(project)


def reviewed(project: Project, path: str, *, label: int = 1, reason: str = "accepted", **given: Any) -> None:
    """Both proposals of an image in one review, as Session.review_image records it."""
    boxes = (BOX, BOX_2)
    says = [
        NewVerdict(f"{path}/{i}", item_id_of(path, box), label, "ana", path, box, strategy="review", **given)
        for i, box in enumerate(boxes)
    ]
    whole = NewVerdict(
        f"{path}/all", item_id_of(path, None), None, "ana", path, strategy="review", kind="complete", reason=reason
    )
    VerdictLog.append(project.person.log, [*says, whole])


def take_back(project: Project, event: Verdict | Undo) -> None:
    assert isinstance(event, Verdict)
    project.person.log.undo([event], key=f"undo {event.seq}", annotator="ana")


def test_reviews_that_accept_all_as_predicted_are_no_reason_to_train(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    trained_on(project, 1)
    reviewed(project, "img01.png")
    reviewed(project, "img02.png", proposed_class="cell", class_name="cell")
    with pytest.raises(NothingChanged, match="No change, no retrain: since v1 2 images were reviewed"):
        check(project)
    check(project, is_again=True)
    check(project, PARTIAL)
    check_ready(project.person.truth(project.pool), project.workspace, WHOLE, is_anyway=True)


@pytest.mark.parametrize(
    "given",
    [
        {"label": 0, "reason": "refined"},
        {"reason": "refined", "proposed_class": "cell", "class_name": "plate"},
        {"reason": "refined", "mask": '{"size": [1, 1], "counts": "01"}'},
        {"reason": "refined", "replaces": "0123456789abcdef"},
        {"reason": "refined"},
    ],
)
def test_a_review_that_changed_something_is_a_reason_to_train(project: Project, given: dict[str, Any]) -> None:
    project.judge("img00.png", "img04.png")
    trained_on(project, 1)
    reviewed(project, "img01.png")
    reviewed(project, "img02.png", **given)
    check(project)


def test_what_else_is_said_is_a_reason_to_train(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    trained_on(project, 1)
    reviewed(project, "img01.png")
    for say in (
        lambda: project.person.miss("img02.png"),
        lambda: project.person.judge("img02.png", None, None, kind="reject", proposed=None),
        lambda: project.person.judge("img02.png", 1),
        lambda: project.person.complete("img02.png"),
    ):
        event = say()
        check(project)
        take_back(project, event)
        with pytest.raises(NothingChanged):
            check(project)


def test_what_the_model_learnt_from_and_was_taken_back_is_a_reason_to_train(project: Project) -> None:
    project.judge("img00.png", "img01.png", "img04.png")
    trained_on(project, 1)
    reviewed(project, "img02.png")
    with pytest.raises(NothingChanged):
        check(project)
    take_back(project, next(iter(project.person.log.replay())))
    check(project)


def test_no_change_is_asked_of_the_task_alone(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    dataset = trained_on(project, 1)
    reviewed(project, "img01.png")
    write_model(project.workspace, 2, dataset.number, task="segment")
    with pytest.raises(NothingChanged, match="since v1"):
        check(project)


def test_images_without_masks_are_no_stock_of_the_task_segment(project: Project) -> None:
    project.judge("img00.png", "img04.png")
    stock = stock_of(project.person.truth(project.pool), project.workspace, DatasetOptions(task="segment"))
    assert (stock.parts["train"].images, stock.parts["holdout"].images, stock.accepted) == (0, 0, 2)
    with pytest.raises(DatasetError, match="an accepted object has no mask"):
        check(project, DatasetOptions(task="segment"))
