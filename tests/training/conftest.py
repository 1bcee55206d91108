"""A project whose verdicts a model has learnt, made once and left as it is, and a small one for each test."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dataset_helpers import Person
from dataset_world import World
from tiny_models import tiny_yaml
from train_helpers import QUICK, Project, Silent, accept, build, draw_shapes, refs_of

from winnow.training.trainer import train
from winnow.training.workspace import Workspace


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """30 shapes, all accepted, and a model trained on 18 of them until it finds those of the 12 hold-out images."""
    folder = tmp_path_factory.mktemp("learnt")
    shapes = draw_shapes(folder, 30)
    person, pool, workspace = Person(folder), refs_of(folder, shapes), Workspace(folder / "workspace")
    accept(person, shapes)
    dataset, report = build(person, pool, workspace), Silent()
    options = replace(QUICK, base=tiny_yaml(folder), epochs=40, batch=4)
    trained = train(dataset, options, workspace, report, scratch=folder / "scratch", weights_folder=folder)
    yield Project(folder, workspace, shapes, person, pool, dataset, trained, report.events)
    person.log.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.person.log.close()
