"""Model versions: immutable numbered folders with weights, where they come from, and how good they are."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from winnow.errors import ModelError, UnknownVersion
from winnow.files import write_atomically
from winnow.training.manifest import Task
from winnow.training.metrics import Metrics
from winnow.training.workspace import Workspace, appearing, numbered

SCHEMA = 2  # of models that segment; detectors are written as they ever were
SCHEMA_OF_BOXES = 1


@dataclass(frozen=True)
class ModelVersion:
    """A model as its model.json has it; `metrics_before` are the version `before` on the same hold-out.

    `base` is what training started from, `base_version` its number where that was a model version, `dataset` and
    `dataset_hash` the data set version. Times in seconds; `created_at` since 1970, UTC.
    """

    number: int
    base: str
    base_version: int | None
    dataset: int
    dataset_hash: str
    session: int | None
    classes: tuple[str, ...]
    options: dict[str, Any]
    metrics: Metrics
    before: int | None
    metrics_before: Metrics | None
    seconds: float
    weights_blake2b: str
    created_at: float = field(default_factory=time.time)
    task: Task = "detect"
    folder: Path = Path()  # where it lies; not part of model.json

    @property
    def name(self) -> str:
        return f"v{self.number}"

    @property
    def weights(self) -> Path:
        return self.folder / "weights.pt"

    @property
    def size_bytes(self) -> int:
        return self.weights.stat().st_size

    @property
    def exports(self) -> list[Path]:
        """What was exported from it, beside the weights."""
        return sorted(path for path in self.folder.glob("weights*") if path != self.weights)

    def to_json(self) -> bytes:
        is_detector = self.task == "detect"
        values = {"schema": SCHEMA_OF_BOXES if is_detector else SCHEMA, **asdict(self)}
        for name in ("folder", "task") if is_detector else ("folder",):
            del values[name]
        values["metrics"] = self.metrics.as_json()
        values["metrics_before"] = self.metrics_before.as_json() if self.metrics_before else None
        return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> "ModelVersion":
        """Raises ModelError where model.json is missing, damaged or of a newer Winnow."""
        path = folder / "model.json"
        try:
            values = json.loads(path.read_bytes())
            schema = values.pop("schema")
            if schema > SCHEMA:
                raise ModelError(f"{path} has schema {schema}; this Winnow knows {SCHEMA}. Update Winnow.")
            before = values.pop("metrics_before")
            return cls(
                **{**values, "classes": tuple(values["classes"]), "metrics": Metrics.of_json(values["metrics"])},
                metrics_before=Metrics.of_json(before) if before else None,
                folder=folder,
            )
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise ModelError(f"{path} cannot be read: {error}. Restore it, or remove the folder.") from error


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side; they can be compared where `same_holdout`, else measure both again."""

    first: ModelVersion
    second: ModelVersion
    first_metrics: Metrics
    second_metrics: Metrics

    @property
    def same_holdout(self) -> bool:
        return self.first_metrics.holdout == self.second_metrics.holdout

    @property
    def note(self) -> str:
        """What stands beside the numbers where they must not be compared; empty where they may."""
        if self.same_holdout:
            return ""
        return (
            f"{self.first.name} and {self.second.name} were measured on different hold-outs (it has grown since). "
            f"Measure both on today's: python -m winnow models --measure {self.first.number} {self.second.number}"
        )


@dataclass(frozen=True)
class ModelsThere:
    """The versions that were not deleted: those that can be read, oldest first, and by number why others cannot."""

    models: list[ModelVersion]
    problems: dict[int, ModelError]


def look_at_models(workspace: Workspace) -> ModelsThere:
    """For lists of what there is: one that is damaged takes no other away. Raises ModelError for deleted.json alone."""
    deleted = _deleted(workspace)
    there = ModelsThere([], {})
    for number, folder in numbered(workspace.models).items():
        if folder.is_dir() and number not in deleted:
            try:
                there.models.append(ModelVersion.read(folder))
            except ModelError as error:
                there.problems[number] = error
    return there


def list_models(workspace: Workspace) -> list[ModelVersion]:
    """Every whole version that was not deleted, oldest first; raises ModelError for a damaged one."""
    there = look_at_models(workspace)
    for problem in there.problems.values():
        raise problem
    return there.models


def newest_of_task(workspace: Workspace, task: Task) -> ModelVersion | None:
    """The newest version of a task, which the next one is compared with; None without one. Raises ModelError."""
    return next((model for model in reversed(list_models(workspace)) if model.task == task), None)


def get_model(workspace: Workspace, number: int) -> ModelVersion:
    """One version; raises UnknownVersion, ModelError where it is damaged."""
    there = look_at_models(workspace)
    if number in there.problems:
        raise there.problems[number]
    models = {model.number: model for model in there.models}
    if number not in models:
        names = f"there are {', '.join(model.name for model in models.values())}" if models else "there is none yet"
        raise UnknownVersion(f"There is no model version {number}; {names}. Train one: python -m winnow train")
    return models[number]


def active_model(workspace: Workspace) -> ModelVersion | None:
    """The version that proposes next: the chosen one, where that was removed the best, else the first.

    None without any; raises ModelError where that version or active.json is damaged.
    """
    there = look_at_models(workspace)
    models = {model.number: model for model in there.models}
    if not models and not there.problems:
        return None
    chosen = _chosen(workspace) or min([*models, *there.problems])
    if chosen in there.problems:
        raise there.problems[chosen]
    return models[chosen] if chosen in models else best_model(workspace)


def _chosen(workspace: Workspace) -> int | None:
    path = workspace.models / "active.json"
    if not path.exists():
        return None
    try:
        return int(json.loads(path.read_bytes())["active"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Choose the active version again.") from error


def set_active(workspace: Workspace, number: int) -> ModelVersion:
    """Make a version the one that proposes next; raises UnknownVersion."""
    model = get_model(workspace, number)
    write_atomically(workspace.models / "active.json", json.dumps({"schema": SCHEMA, "active": number}).encode())
    return model


def best_model(workspace: Workspace) -> ModelVersion | None:
    """The highest mAP50-95 on the newest version's hold-out, of those measured there; of equals the older.

    A damaged version takes no part. Raises ModelError where a later measurement is damaged.
    """
    models = look_at_models(workspace).models
    if not models:
        return None
    newest = models[-1].metrics.holdout
    same = [model for model in models if measured_on(workspace, model, newest)]
    return max(same, key=lambda model: _map_on(workspace, model, newest))


def _map_on(workspace: Workspace, model: ModelVersion, holdout: str) -> float:
    metrics = measured_on(workspace, model, holdout)
    assert metrics is not None, "only those that were measured there are asked"
    return metrics.map50_95


def compare_models(workspace: Workspace, first: int, second: int) -> Comparison:
    """Two versions by the newest hold-out on which both were measured, else each by its own. Raises UnknownVersion."""
    one, other = get_model(workspace, first), get_model(workspace, second)
    for holdout in dict.fromkeys(model.metrics.holdout for model in reversed(look_at_models(workspace).models)):
        pair = measured_on(workspace, one, holdout), measured_on(workspace, other, holdout)
        if pair[0] and pair[1]:
            return Comparison(one, other, pair[0], pair[1])
    return Comparison(one, other, one.metrics, other.metrics)


def delete_model(workspace: Workspace, number: int) -> None:
    """Remove a version for good; its number is never given again. Raises ModelError for the active one."""
    model, active = get_model(workspace, number), active_model(workspace)
    if active and active.number == number:
        raise ModelError(f"{model.name} is the active version. Make another active first, then delete this one.")
    # Written down first: if the machine stops in between, the version is gone and only its files are left.
    content = {"schema": SCHEMA, "deleted": sorted({*_deleted(workspace), number})}
    write_atomically(workspace.models / "deleted.json", json.dumps(content).encode())
    shutil.rmtree(model.folder)


def next_number(workspace: Workspace) -> int:
    return max([0, *numbered(workspace.models), *_deleted(workspace)]) + 1


@contextmanager
def publishing(workspace: Workspace, number: int) -> Iterator[Path]:
    """A folder to put weights.pt and model.json into; it is a model version when the block ends, and not before."""
    for leftover in workspace.models.glob("writing-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with appearing(workspace.models / f"v{number:04d}") as unfinished:
        yield unfinished


def hash_file(path: Path) -> str:
    """blake2b of a file, 32 hex digits."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def measured_on(workspace: Workspace, model: ModelVersion, holdout: str) -> Metrics | None:
    """What is known of a model on the hold-out with this hash: by its training, or measured again since.

    Raises ModelError where that is damaged.
    """
    if model.metrics.holdout == holdout:
        return model.metrics
    path = _measured_path(workspace, model, holdout)
    if not path.exists():
        return None
    try:
        return Metrics.of_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Remove it, and measure {model.name} again.") from error


def keep_measured(workspace: Workspace, model: ModelVersion, metrics: Metrics) -> None:
    """Write down a later measurement beside the versions, which are never changed."""
    path = _measured_path(workspace, model, metrics.holdout)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, json.dumps(metrics.as_json(), indent=1).encode())


def _measured_path(workspace: Workspace, model: ModelVersion, holdout: str) -> Path:
    return workspace.models / "measured" / f"{model.folder.name}-{holdout}.json"


def _deleted(workspace: Workspace) -> set[int]:
    path = workspace.models / "deleted.json"
    if not path.exists():
        return set()
    try:
        return set(json.loads(path.read_bytes())["deleted"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Restore it: it keeps numbers unique.") from error
