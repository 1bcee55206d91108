"""Model versions as folders: whole or not there, numbered once, active, best, compared, deleted."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from train_helpers import Project

from winnow.errors import ModelError, UnknownVersion, WinnowError
from winnow.training.models import (
    ModelVersion,
    active_model,
    best_model,
    compare_models,
    delete_model,
    get_model,
    keep_measured,
    list_models,
    look_at_models,
    measured_on,
    next_number,
    publishing,
    set_active,
)
from winnow.training.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def add(workspace: Workspace, like: ModelVersion, map50_95: float = 0.5, holdout: str = "h1") -> ModelVersion:
    """A version under the next number, as a training would publish it."""
    number = next_number(workspace)
    version = replace(like, number=number, metrics=replace(like.metrics, map50_95=map50_95, holdout=holdout))
    with publishing(workspace, number) as folder:
        (folder / "weights.pt").write_bytes(b"weights")
        (folder / "model.json").write_bytes(version.to_json())
    return get_model(workspace, number)


def numbers(workspace: Workspace) -> list[int]:
    return [model.number for model in list_models(workspace)]


def test_a_version_reads_back_as_it_was_written(learnt: Project, workspace: Workspace) -> None:
    like = learnt.trained.version
    version = add(workspace, replace(like, before=1, metrics_before=like.metrics), 0.25)
    assert version == replace(
        like, folder=workspace.models / "v0001", before=1, metrics_before=like.metrics,
        metrics=replace(like.metrics, map50_95=0.25, holdout="h1"),
    )  # fmt: skip
    assert (version.name, version.size_bytes) == ("v1", 7)


def test_a_version_that_breaks_off_is_never_listed(learnt: Project, workspace: Workspace) -> None:
    def publish_on_a_full_disk() -> None:
        with publishing(workspace, 1) as folder:
            (folder / "model.json").write_bytes(learnt.trained.version.to_json())
            raise OSError(28, "No space left on device")

    with pytest.raises(WinnowError, match="No space left"):
        publish_on_a_full_disk()
    assert (numbers(workspace), list(workspace.models.iterdir())) == ([], [])


def test_what_a_killed_run_left_is_cleared_by_the_next(learnt: Project, workspace: Workspace) -> None:
    (workspace.models / "writing-v0001-dead").mkdir(parents=True)
    assert numbers(workspace) == []
    add(workspace, learnt.trained.version)
    assert [path.name for path in workspace.models.iterdir()] == ["v0001"]


def test_the_first_version_is_active_until_another_is_chosen(learnt: Project, workspace: Workspace) -> None:
    assert active_model(workspace) is None
    first, second = add(workspace, learnt.trained.version), add(workspace, learnt.trained.version)
    assert active_model(workspace) == first
    set_active(workspace, 2)
    assert active_model(workspace) == second
    with pytest.raises(UnknownVersion, match="There is no model version 5; there are v1, v2"):
        set_active(workspace, 5)
    assert active_model(workspace) == second


def test_an_active_version_that_was_removed_gives_way_to_the_best(learnt: Project, workspace: Workspace) -> None:
    for value in (0.4, 0.6, 0.5, 0.9):
        add(workspace, learnt.trained.version, value)
    set_active(workspace, 4)
    shutil.rmtree(workspace.models / "v0004")
    assert active_model(workspace) == get_model(workspace, 2)


def test_a_damaged_measurement_is_named(learnt: Project, workspace: Workspace) -> None:
    model = add(workspace, learnt.trained.version)
    keep_measured(workspace, model, replace(model.metrics, holdout="new"))
    assert measured_on(workspace, model, "new") == replace(model.metrics, holdout="new")
    (workspace.models / "measured" / "v0001-new.json").write_bytes(b"")
    with pytest.raises(ModelError, match=r"v0001-new.json cannot be read.*measure v1 again"):
        measured_on(workspace, model, "new")


def test_the_best_has_the_highest_map50_95_on_the_newest_holdout(learnt: Project, workspace: Workspace) -> None:
    assert best_model(workspace) is None
    on_the_old = add(workspace, learnt.trained.version, 0.9, "old")
    for value in (0.4, 0.6, 0.5):
        add(workspace, learnt.trained.version, value, "new")
    assert best_model(workspace) == get_model(workspace, 3)
    keep_measured(workspace, on_the_old, replace(on_the_old.metrics, map50_95=0.7, holdout="new"))
    assert best_model(workspace) == on_the_old


def test_versions_of_different_holdouts_compare_once_both_are_measured(learnt: Project, workspace: Workspace) -> None:
    first = add(workspace, learnt.trained.version, 0.9, "old")
    add(workspace, learnt.trained.version, 0.6, "new")
    comparison = compare_models(workspace, 1, 2)
    assert not comparison.same_holdout
    assert "python -m winnow models --measure 1 2" in comparison.note
    keep_measured(workspace, first, replace(first.metrics, map50_95=0.7, holdout="new"))
    comparison = compare_models(workspace, 1, 2)
    assert (comparison.same_holdout, comparison.note) == (True, "")
    assert (comparison.first_metrics.map50_95, comparison.second_metrics.map50_95) == (0.7, 0.6)


def test_a_deleted_versions_number_is_never_given_again(learnt: Project, workspace: Workspace) -> None:
    for _ in range(3):
        add(workspace, learnt.trained.version)
    delete_model(workspace, 3)
    assert (numbers(workspace), next_number(workspace)) == ([1, 2], 4)
    assert not (workspace.models / "v0003").exists()


def test_the_active_version_is_never_deleted(learnt: Project, workspace: Workspace) -> None:
    add(workspace, learnt.trained.version)
    with pytest.raises(ModelError, match="v1 is the active version"):
        delete_model(workspace, 1)
    assert numbers(workspace) == [1]


def test_a_deletion_that_was_cut_short_stays_deleted(learnt: Project, workspace: Workspace) -> None:
    add(workspace, learnt.trained.version)
    add(workspace, learnt.trained.version)
    (workspace.models / "deleted.json").write_text('{"schema": 1, "deleted": [2]}')
    assert (numbers(workspace), next_number(workspace)) == ([1], 3)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "model.json cannot be read"), ('{"schema": 1}', "cannot be read"), ('{"schema": 9}', "has schema 9")],
)
def test_a_damaged_or_newer_model_file_is_told(learnt: Project, workspace: Workspace, content: str, said: str) -> None:
    (add(workspace, learnt.trained.version).folder / "model.json").write_text(content)
    with pytest.raises(ModelError, match=said):
        list_models(workspace)


def test_a_damaged_version_takes_no_other_away(learnt: Project, workspace: Workspace) -> None:
    for _ in range(3):
        damage = add(workspace, learnt.trained.version).folder / "model.json"
    set_active(workspace, 2)
    damage.write_text("{")
    there = look_at_models(workspace)
    assert ([model.number for model in there.models], list(there.problems)) == ([1, 2], [3])
    assert (active_model(workspace).number, best_model(workspace).number) == (2, 1)  # type: ignore[union-attr]
    delete_model(workspace, 1)
    with pytest.raises(ModelError, match=r"v0003/model\.json cannot be read"):
        get_model(workspace, 3)
    set_active(workspace, 2)
    (workspace.models / "v0002" / "model.json").write_text("{")
    with pytest.raises(ModelError, match=r"v0002/model\.json cannot be read"):
        active_model(workspace)


def test_the_file_is_json_that_others_can_read(learnt: Project, workspace: Workspace) -> None:
    values = json.loads((add(workspace, learnt.trained.version).folder / "model.json").read_bytes())
    assert (values["schema"], values["number"], values["metrics"]["holdout"]) == (1, 1, "h1")
    assert "folder" not in values
