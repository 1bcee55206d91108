"""Training sessions: what is trained how, iteration after iteration. Numbers are never given twice."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from winnow.errors import SessionError, UnknownSession, WinnowError
from winnow.files import write_atomically
from winnow.proposals.uncertainty import RankingOptions
from winnow.training.manifest import Task
from winnow.training.workspace import Workspace, numbered

SCHEMA = 1
Diversity = Literal["none", "kmeans", "stratified"]  # proposals/uncertainty.py has what each does


@dataclass(frozen=True)
class RankingSettings:
    """How the next images to review are ranked; the weights are of 1 − max confidence, variance, entropy."""

    weights: tuple[float, float, float] = (0.4, 0.3, 0.3)
    min_uncertainty: float = 0.0  # images below it are not offered
    max_images: int = 50
    diversity: Diversity = "none"
    class_balance: bool = False  # images whose classes have few accepted boxes come sooner

    def options(self, class_counts: dict[str, int]) -> RankingOptions:
        """As `rank_images` takes them; `class_counts` are the accepted boxes so far."""
        confidence, variance, entropy = self.weights
        return RankingOptions(
            weight_confidence=confidence,
            weight_variance=variance,
            weight_entropy=entropy,
            min_uncertainty=self.min_uncertainty,
            max_samples=self.max_images,
            diversity=self.diversity,
            balance_classes=self.class_balance,
            class_counts=class_counts,
        )


@dataclass(frozen=True)
class SessionSettings:
    """What a training is started with; epochs and lr None = by whether it goes on from a model version.

    task: "detect" learns boxes, "segment" masks.
    """

    epochs: int | None = None
    batch: int = 16
    imgsz: int = 640  # pixels, longer side of the model's input
    lr: float | None = None
    device: str = "auto"
    freeze: int = 0  # the first so many layers stay as they are
    partial: bool = False
    rejects: Literal["background", "ignore"] = "background"
    ranking: RankingSettings = field(default_factory=RankingSettings)
    task: Task = "detect"


@dataclass(frozen=True)
class TrainingSession:
    """One session; its iterations are the model versions that say they were made in it."""

    number: int
    name: str
    base: str  # a weights file's name, a .yaml name, or "v3" for a model version
    settings: SessionSettings
    created_at: float  # seconds since 1970, UTC


def list_sessions(workspace: Workspace) -> list[TrainingSession]:
    """Every session, oldest first. Raises SessionError for a damaged one."""
    return [_read(path) for path in numbered(workspace.sessions, prefix="", suffix=".json").values()]


def get_session(workspace: Workspace, number: int) -> TrainingSession:
    """Raises UnknownSession, SessionError."""
    path = _path(workspace, number)
    if not path.is_file():
        raise UnknownSession(f"There is no training session {number}. The Train page lists them and makes new ones.")
    return _read(path)


def create_session(workspace: Workspace, name: str, base: str, settings: SessionSettings) -> TrainingSession:
    """A new session under the next number. Raises WinnowError where it cannot be written."""
    with _writing(workspace):
        taken = [path.name.split(".")[0] for path in workspace.sessions.glob("*.json")]
        number = max((int(stem) for stem in taken if stem.isdecimal()), default=0) + 1
        return _write(workspace, TrainingSession(number, name, base, settings, time.time()))


def change_session(
    workspace: Workspace,
    number: int,
    *,
    name: str | None = None,
    base: str | None = None,
    settings: SessionSettings | None = None,
) -> TrainingSession:
    """Replace what is given. Raises UnknownSession, WinnowError."""
    with _writing(workspace):
        session = get_session(workspace, number)
        changed = replace(session, name=name or session.name, base=base or session.base)
        return _write(workspace, replace(changed, settings=settings or session.settings))


def delete_session(workspace: Workspace, number: int) -> None:
    """Take a session off the list; its model versions, data sets and reports stay. Raises UnknownSession."""
    with _writing(workspace):
        get_session(workspace, number)
        path = _path(workspace, number)
        path.rename(path.with_suffix(".deleted.json"))  # keeps the number from being given again


@contextmanager
def _writing(workspace: Workspace) -> Iterator[None]:
    """One writer at a time."""
    try:
        workspace.sessions.mkdir(parents=True, exist_ok=True)
        with FileLock(workspace.sessions / "writing.lock"):
            yield
    except OSError as error:
        raise WinnowError(f"{workspace.sessions} cannot be written: {error}. Make the folder writable.") from error


def _path(workspace: Workspace, number: int) -> Path:
    return workspace.sessions / f"{number:04d}.json"


def _write(workspace: Workspace, session: TrainingSession) -> TrainingSession:
    values = {"schema": SCHEMA, **asdict(session)}
    write_atomically(_path(workspace, session.number), (json.dumps(values, indent=1) + "\n").encode())
    return session


def _read(path: Path) -> TrainingSession:
    try:
        values = json.loads(path.read_bytes())
        if values.pop("schema") > SCHEMA:
            raise SessionError(f"{path} was written by a newer Winnow. Update this one.")
        return TrainingSession(**{**values, "settings": settings_of(values["settings"])})
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise SessionError(f"{path} is no training session: {error}. Restore it, or remove the file.") from error


def settings_of(values: dict[str, Any]) -> SessionSettings:
    """Settings from JSON's values; raises TypeError for names that are none of theirs."""
    ranking = dict(values.get("ranking", {}))
    if "weights" in ranking:
        ranking["weights"] = tuple(ranking["weights"])
    return SessionSettings(**{**values, "ranking": RankingSettings(**ranking)})
