"""The hold-out's verdict: metrics by class name, every mistake, and the refs file that shows them."""

from pathlib import Path

import pytest
from dataset_helpers import Person
from train_helpers import Project, Silent, build

from winnow.pool import open_pool
from winnow.pool.boxes import iou
from winnow.training.evaluation import Measured, measure
from winnow.training.metrics import Metrics, holdout_hash
from winnow.training.mistakes import Labelled, Mistake, mistakes_of, write_mistakes
from winnow.training.workspace import Workspace


def test_iou_of_half_overlapping_boxes_is_a_third() -> None:
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou((0, 0, 2, 2), (2, 0, 4, 2)) == 0


def test_each_true_box_is_found_once_by_the_best_score_of_its_class() -> None:
    true = [Labelled((0, 0, 10, 10), "cell"), Labelled((20, 0, 30, 10), "cell")]
    second_best = Labelled((1, 0, 11, 10), "cell", 0.6)
    of_another_class = Labelled((20, 0, 30, 10), "dirt", 0.9)
    too_far_off = Labelled((25, 0, 35, 10), "cell", 0.5)
    predicted = [second_best, too_far_off, Labelled((0, 0, 10, 10), "cell", 0.8), of_another_class]
    assert mistakes_of("a.png", predicted, true) == [
        Mistake("a.png", "false_positive", of_another_class),
        Mistake("a.png", "false_positive", second_best),
        Mistake("a.png", "false_positive", too_far_off),
        Mistake("a.png", "false_negative", true[1]),
    ]


def test_two_equal_true_boxes_are_missed_one_by_one() -> None:
    twin = Labelled((0, 0, 10, 10), "cell")
    same = Labelled((0, 0, 10, 10), "cell")
    assert mistakes_of("a.png", [Labelled((0, 0, 10, 10), "cell", 0.9)], [twin, same]) == [
        Mistake("a.png", "false_negative", same)
    ]


def test_mistakes_open_as_a_pool_whose_true_boxes_keep_their_ids(learnt: Project, tmp_path: Path) -> None:
    name, (box, class_name) = next(iter(learnt.shapes.items()))
    missed = Mistake(name, "false_negative", Labelled(box, class_name))
    wrong = Mistake(name, "false_positive", Labelled((1.0, 2.5, 30.0, 40.25), "square", 0.75))
    refs = learnt.folder / "errors-0009.csv"
    write_mistakes(refs, [missed, wrong], 9)
    pool = open_pool(refs)
    items = [pool.item(row) for row in range(pool.n_rows)]
    refs.unlink()
    assert items[0].id == learnt.pool.item(0).id
    assert [(item.class_name, item.score, item.source) for item in items] == [
        (class_name, None, "false_negative v9"),
        ("square", 0.75, "false_positive v9"),
    ]


def measured(project: Project, scratch: Path, **choices: object) -> Measured:
    dataset = choices.pop("dataset", project.dataset)
    return measure(
        project.trained.version.weights, dataset, imgsz=64, batch=4, device="cpu",  # type: ignore[arg-type]
        scratch=scratch, report=Silent(),
    )  # fmt: skip


def without_speed(metrics: Metrics) -> dict[str, object]:
    return {name: value for name, value in metrics.as_json().items() if name != "speed_ms"}


def test_measuring_again_gives_the_same(learnt: Project, tmp_path: Path) -> None:
    again = measured(learnt, tmp_path)
    assert without_speed(again.metrics) == without_speed(learnt.trained.version.metrics)
    assert again.mistakes == learnt.trained.mistakes


def test_metrics_add_up(learnt: Project) -> None:
    metrics = learnt.trained.version.metrics
    entries = learnt.dataset.entries("holdout")
    assert (metrics.images, metrics.boxes) == (len(entries), sum(len(entry.accepted) for entry in entries))
    assert metrics.boxes == sum(one.boxes for one in metrics.per_class)
    assert metrics.false_positives == sum(one.false_positives for one in metrics.per_class)
    assert metrics.false_negatives == sum(one.false_negatives for one in metrics.per_class)
    assert metrics.false_positives_per_image == pytest.approx(metrics.false_positives / metrics.images, abs=1e-5)
    assert metrics.map50 == pytest.approx(sum(one.map50 for one in metrics.per_class) / 2, abs=1e-4)
    assert metrics.loss is not None
    assert metrics.loss["sum"] == pytest.approx(sum(metrics.loss[name] for name in ("box", "cls", "dfl")), abs=1e-4)
    assert Metrics.of_json(metrics.as_json()) == metrics


def test_classes_are_matched_by_name_whatever_their_numbers(learnt: Project, tmp_path: Path) -> None:
    """A data set that numbers the classes otherwise, and has one that the model does not know."""
    workspace = Workspace(tmp_path / "workspace")
    workspace.folder.mkdir()
    workspace.holdout.write_bytes(learnt.workspace.holdout.read_bytes())
    dataset = build(learnt.person, learnt.pool, workspace, classes=("cross", "square", "disc"))
    other = measured(learnt, tmp_path / "scratch", dataset=dataset).metrics
    expected = {one.name: one for one in learnt.trained.version.metrics.per_class}
    assert {one.name: one for one in other.per_class} == expected
    assert other.loss is None


def test_the_holdouts_hash_changes_with_its_labels_alone(learnt: Project, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.folder.mkdir()
    workspace.holdout.write_bytes(learnt.workspace.holdout.read_bytes())
    same = build(learnt.person, learnt.pool, workspace)
    assert holdout_hash(same) == holdout_hash(learnt.dataset)
    one, *_ = learnt.dataset.entries("holdout")
    copy = Person(tmp_path)
    copy.folder = learnt.folder
    for name, (box, class_name) in learnt.shapes.items():
        copy.judge(name, 1, box, proposed=class_name, class_name="disc" if name == one.path else None)
    copy.judge(one.path, 1, (0.0, 0.0, 20.0, 20.0), proposed="disc")
    changed = build(copy, learnt.pool, workspace)
    copy.log.close()
    assert holdout_hash(changed) != holdout_hash(learnt.dataset)
