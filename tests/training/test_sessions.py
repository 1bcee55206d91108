"""Training sessions on disk: whole, changeable, their numbers given once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from winnow.errors import SessionError, UnknownSession
from winnow.training.sessions import (
    RankingSettings,
    SessionSettings,
    change_session,
    create_session,
    delete_session,
    get_session,
    list_sessions,
)
from winnow.training.workspace import Workspace

SETTINGS = SessionSettings(
    epochs=5,
    batch=4,
    imgsz=320,
    lr=0.005,
    device="cpu",
    freeze=10,
    partial=True,
    rejects="ignore",
    ranking=RankingSettings((0.5, 0.25, 0.25), 0.1, 12, "kmeans", True),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def test_a_session_is_read_as_it_was_made(workspace: Workspace) -> None:
    made = create_session(workspace, "cells", "yolo11n.yaml", SETTINGS)
    assert (made.number, made.name, made.base, made.settings) == (1, "cells", "yolo11n.yaml", SETTINGS)
    assert get_session(workspace, 1) == made
    assert list_sessions(workspace) == [made]


def test_a_change_replaces_what_is_given_and_keeps_the_rest(workspace: Workspace) -> None:
    made = create_session(workspace, "cells", "yolo11n.yaml", SETTINGS)
    changed = change_session(workspace, 1, base="v2")
    assert changed == replace(made, base="v2")
    assert get_session(workspace, 1) == changed
    assert change_session(workspace, 1, settings=SessionSettings()).settings == SessionSettings()


def test_a_deleted_sessions_number_is_not_given_again(workspace: Workspace) -> None:
    for name in ("one", "two"):
        create_session(workspace, name, "yolo11n.yaml", SETTINGS)
    delete_session(workspace, 2)
    assert [session.name for session in list_sessions(workspace)] == ["one"]
    assert create_session(workspace, "three", "yolo11n.yaml", SETTINGS).number == 3
    with pytest.raises(UnknownSession, match="no training session 2"):
        get_session(workspace, 2)


def test_changing_or_deleting_what_is_not_there_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UnknownSession):
        change_session(workspace, 7, name="x")
    with pytest.raises(UnknownSession):
        delete_session(workspace, 7)


@pytest.mark.parametrize("content", ["{", "{}", '{"schema": 1, "name": "x"}', '{"schema": 99}'])
def test_a_damaged_file_is_named(workspace: Workspace, content: str) -> None:
    create_session(workspace, "cells", "yolo11n.yaml", SETTINGS)
    (workspace.sessions / "0001.json").write_text(content)
    with pytest.raises(SessionError, match=r"0001\.json"):
        get_session(workspace, 1)


def test_a_setting_that_is_none_is_named(workspace: Workspace) -> None:
    create_session(workspace, "cells", "yolo11n.yaml", SETTINGS)
    path = workspace.sessions / "0001.json"
    values = json.loads(path.read_text())
    values["settings"]["epoch"] = 5
    path.write_text(json.dumps(values))
    with pytest.raises(SessionError, match="epoch"):
        get_session(workspace, 1)


def test_ranking_settings_become_the_rankings_options() -> None:
    options = RankingSettings((0.5, 0.2, 0.3), 0.1, 12, "kmeans", True).options({"cell": 4})
    assert (options.weight_confidence, options.weight_variance, options.weight_entropy) == (0.5, 0.2, 0.3)
    assert (options.min_uncertainty, options.max_samples, options.diversity) == (0.1, 12, "kmeans")
    assert (options.balance_classes, options.class_counts) == (True, {"cell": 4})
