"""The train page's calls: what there is to learn from, what to start from, whether it can begin, and beginning."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request

from winnow.errors import TrainingError, WinnowError
from winnow.settings import Settings
from winnow.training.base import check_task
from winnow.training.manifest import Task
from winnow.training.models import ModelVersion, look_at_models
from winnow.training.selection import DatasetOptions
from winnow.training.sessions import TrainingSession, get_session
from winnow.training.stock import NothingChanged, check_ready, stock_of
from winnow.training.workspace import Workspace
from winnow.web.datasets import dataset_arguments
from winnow.web.deps import JobsDep, LoaderDep, SettingsDep, WorkspaceDep
from winnow.web.learning_stock import read_shown_truth
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_train import BaseName, BaseOut, CheckOut, StockOut, TrainIn, TrainOut

router = APIRouter(prefix="/api", tags=["train"])
KIND = "train"
ARCHITECTURES = {
    "yolo11n.yaml": "YOLO11 nano, from nothing",
    "yolo11s.yaml": "YOLO11 small, from nothing",
    "yolo11m.yaml": "YOLO11 medium, from nothing",
    "yolov8n.yaml": "YOLOv8 nano, from nothing",
    "yolov8s.yaml": "YOLOv8 small, from nothing",
}
SEGMENTING = {
    "yolo11n-seg.yaml": "YOLO11 nano with masks, from nothing",
    "yolo11s-seg.yaml": "YOLO11 small with masks, from nothing",
    "yolo11m-seg.yaml": "YOLO11 medium with masks, from nothing",
    "yolov8n-seg.yaml": "YOLOv8 nano with masks, from nothing",
}


@router.get("/train")
def read_stock(
    request: Request,
    settings: SettingsDep,
    workspace: WorkspaceDep,
    loader: LoaderDep,
    partial: bool = False,
    task: Task = "detect",
) -> TrainOut:
    """What there is to learn from now, and what a training can start from."""
    stock, problem = None, None
    try:
        truth = read_shown_truth(request)
        stock = StockOut.model_validate(stock_of(truth, workspace, DatasetOptions(partial=partial, task=task)))
    except WinnowError as error:
        problem = str(error)
    return TrainOut(
        stock=stock,
        problem=problem,
        bases=list_bases(workspace, settings),
        weights_folder=str(settings.weights_path),
        refs=loader.settings.refs.name,
    )


@router.get("/train/check")
def check(
    request: Request,
    workspace: WorkspaceDep,
    settings: SettingsDep,
    session: Annotated[int, Query(ge=1, le=10**6)],
    base: BaseName | None = None,
    is_again: bool = False,
) -> CheckOut:
    """Whether a training could begin now, by the train command's own rule; builds nothing."""
    chosen, asked = get_session(workspace, session), TrainIn(session=session, base=base, is_again=is_again)
    try:
        _check(request, workspace, settings, chosen, asked)
    except NothingChanged as error:
        return CheckOut(is_ready=False, reason=str(error), can_train_anyway=True)
    except WinnowError as error:
        return CheckOut(is_ready=False, reason=str(error))
    return CheckOut(is_ready=True, reason=None)


@router.post("/train", status_code=202)
def start_training(
    body: TrainIn, request: Request, workspace: WorkspaceDep, settings: SettingsDep, jobs: JobsDep, loader: LoaderDep
) -> JobOut:
    """Queue a training with a session's settings; refused with the reason where it could not begin."""
    session = get_session(workspace, body.session)
    base = _check(request, workspace, settings, session, body)
    chosen = session.settings
    arguments = [KIND, "--base", base, *_fit_arguments(session), "--session", str(session.number)]
    arguments += dataset_arguments(loader, partial=chosen.partial, rejects=chosen.rejects, task=chosen.task)
    arguments += [*(["--again"] if body.is_again else []), *(["--anyway"] if body.is_anyway else [])]
    title = f"{session.name}: train from {Path(base).name}"
    return JobOut.of(jobs.submit(KIND, arguments, title=title, session=session.number))


def list_bases(workspace: Workspace, settings: Settings) -> list[BaseOut]:
    """Model versions, newest first; .pt files of the weights folder; models that know nothing yet."""
    models = look_at_models(workspace).models  # the Models page tells which one is damaged
    versions = [
        BaseOut(name=model.name, label=_label(model), kind="version", task=model.task) for model in reversed(models)
    ]
    files = [BaseOut(name=file.name, label=file.name, kind="weights", task=None) for file in _weights(settings)]
    nothing = [BaseOut(name=name, label=label, kind="nothing", task="detect") for name, label in ARCHITECTURES.items()]
    nothing += [BaseOut(name=name, label=label, kind="nothing", task="segment") for name, label in SEGMENTING.items()]
    return versions + files + nothing


def _label(model: ModelVersion) -> str:
    masks = model.metrics.masks
    return f"Version {model.number}, mAP50 {model.metrics.map50:.3f}" + (f", masks {masks.map50:.3f}" if masks else "")


def _weights(settings: Settings) -> list[Path]:
    folder = settings.weights_path
    return sorted(path for path in folder.glob("*.pt") if path.is_file()) if folder.is_dir() else []


def _check(request: Request, workspace: Workspace, settings: Settings, session: TrainingSession, asked: TrainIn) -> str:
    """The base as the command takes it; raises TrainingError, DatasetError, ModelError with the reason."""
    chosen = session.settings
    found = _base_argument(asked.base or session.base, workspace, settings, chosen.task)
    options = DatasetOptions(chosen.partial, chosen.rejects, task=chosen.task)
    truth = read_shown_truth(request)
    check_ready(truth, workspace, options, is_again=asked.is_again, is_anyway=asked.is_anyway)
    return found


def _base_argument(name: str, workspace: Workspace, settings: Settings, task: Task) -> str:
    """Only what is listed: a name never becomes a path outside the weights folder, and nothing is downloaded."""
    known = {base.name: base for base in list_bases(workspace, settings)}
    if name not in known:
        raise TrainingError(
            f"{name!r} is not among what this page can start from (any more). Put weights into "
            f"{settings.weights_path}, or choose a model version or a .yaml."
        )
    if known[name].task is not None:
        check_task(name, known[name].task, task)
    return str(settings.weights_path / name) if known[name].kind == "weights" else name


def _fit_arguments(session: TrainingSession) -> list[str]:
    settings = session.settings
    names = ("epochs", "batch", "imgsz", "lr", "device", "freeze")
    values = {name: getattr(settings, name) for name in names}
    return [part for name, value in values.items() if value is not None for part in (f"--{name}", str(value))]
