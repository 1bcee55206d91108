"""What a training starts from: nothing, weights, or an earlier model version; and whether that fits the data set."""

import re
from dataclasses import dataclass
from pathlib import Path

from winnow.errors import DetectorError, ModelError, UnknownVersion
from winnow.proposals.detector import check_detector
from winnow.proposals.weights import find_weights, ultralytics
from winnow.training.manifest import Task
from winnow.training.models import ModelVersion, active_model, get_model
from winnow.training.workspace import Workspace

SUGGESTED: dict[Task, str] = {"detect": "yolo11n", "segment": "yolo11n-seg"}  # + .pt or .yaml


@dataclass(frozen=True)
class Base:
    """`model` is what ultralytics is given: a .pt file, or the name of a .yaml for a model that knows nothing."""

    name: str
    model: str
    version: ModelVersion | None = None


def find_base(name: str, workspace: Workspace, weights_folder: Path, task: Task = "detect") -> Base:
    """A version (`v3`, `3`, `active`), a `.yaml`, or weights by file or ultralytics' name, fetched if need be.

    `task` is that of the data set, which the base must have.

    Raises:
        UnknownVersion: no such model version.
        ModelError: no such architecture, or weights that are none or of another task. Loading a .pt runs code in it.
    """
    version = find_version(name, workspace)
    if version is not None:
        check_task(version.name, version.task, task)
        return Base(version.name, str(version.weights), version)
    if name.endswith((".yaml", ".yml")):
        return Base(name, _architecture(name, task))
    try:
        path = find_weights(name, weights_folder)
        if path.suffix.lower() != ".pt":
            raise ModelError(f"{name} cannot be trained on: only .pt weights can. Name those it was exported from.")
        facts = check_detector(path)
    except DetectorError as error:
        raise ModelError(str(error).replace("--detector", "--base")) from error
    check_task(name, facts.task, task)
    return Base(name, str(path))


def find_version(name: str, workspace: Workspace) -> ModelVersion | None:
    """The model version that `v3`, `3` or `active` names, None for other names; raises UnknownVersion, ModelError."""
    if re.fullmatch(r"v?\d+", name):
        return get_model(workspace, int(name.removeprefix("v")))
    if name != "active":
        return None
    version = active_model(workspace)
    if version is None:
        raise UnknownVersion("There is no model version yet, so none is active. Train one: python -m winnow train")
    return version


def check_task(name: str, found: str | None, wanted: Task) -> None:
    """Raises ModelError where a base cannot learn from a data set of the task `wanted`."""
    if found == wanted:
        return
    what = {"detect": "boxes train 'detect' models", "segment": "masks train 'segment' models"}[wanted]
    instead = f", or use a data set of the task {found} (--task {found})" if found in SUGGESTED else ""
    raise ModelError(
        f"{name} is a model of the task {found!r}; {what}. Give another, such as {SUGGESTED[wanted]}.yaml{instead}."
    )


def _architecture(name: str, wanted: Task) -> str:
    ultralytics()
    from ultralytics.nn.tasks import guess_model_task, yaml_model_load
    from ultralytics.utils.checks import check_yaml

    found = check_yaml(re.sub(r"(\d+)([nslmx])(.+)?$", r"\1\3", name), hard=False) or check_yaml(name, hard=False)
    if not found:
        raise ModelError(f"{name} is neither a file nor an architecture of ultralytics. Try {SUGGESTED[wanted]}.yaml.")
    try:
        task = guess_model_task(yaml_model_load(name))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelError(f"{name} describes no model: {error}. Try {SUGGESTED[wanted]}.yaml.") from error
    check_task(name, task, wanted)
    return name


def check_classes(version: ModelVersion | None, classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes that are new to a version that training goes on from; they are learnt from nothing.

    Raises:
        ModelError: the same classes in another order, or some are missing: every number would change its meaning.
    """
    if version is None or classes[: len(version.classes)] == version.classes:
        return classes[len(version.classes) :] if version else ()
    had, has = ", ".join(version.classes), ", ".join(classes)
    what = "them in another order" if set(version.classes) <= set(classes) else "not all of them"
    raise ModelError(
        f"{version.name} knows the classes {had}; the data set has {what}: {has}. Build the data set with --classes "
        f"{','.join(version.classes)} (new ones after them), or start from other weights."
    )
