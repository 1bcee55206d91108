"""The train page's calls: what there is to learn from, what to start from, whether it can begin, and beginning."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request

from winnow.errors import ModelError, TrainingError, WinnowError
from winnow.settings import Settings
from winnow.training.models import list_models
from winnow.training.selection import DatasetOptions
from winnow.training.sessions import TrainingSession, get_session
from winnow.training.stock import check_ready, stock_of
from winnow.training.workspace import Workspace
from winnow.web.datasets import dataset_arguments
from winnow.web.deps import JobsDep, LoaderDep, SettingsDep, WorkspaceDep
from winnow.web.learning_stock import read_shown_truth
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_train import BaseOut, CheckOut, StockOut, TrainIn, TrainOut

router = APIRouter(prefix="/api", tags=["train"])
KIND = "train"
ARCHITECTURES = {
    "yolo11n.yaml": "YOLO11 nano, from nothing",
    "yolo11s.yaml": "YOLO11 small, from nothing",
    "yolo11m.yaml": "YOLO11 medium, from nothing",
    "yolov8n.yaml": "YOLOv8 nano, from nothing",
    "yolov8s.yaml": "YOLOv8 small, from nothing",
}


@router.get("/train")
def read_stock(
    request: Request, settings: SettingsDep, workspace: WorkspaceDep, loader: LoaderDep, partial: bool = False
) -> TrainOut:
    """What there is to learn from now, and what a training can start from."""
    stock, problem = None, None
    try:
        truth = read_shown_truth(request)
        stock = StockOut.model_validate(stock_of(truth, workspace, DatasetOptions(partial=partial)))
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
    base: Annotated[str | None, Query(max_length=200)] = None,
    is_again: bool = False,
) -> CheckOut:
    """Whether a training could begin now, by the train command's own rule; builds nothing."""
    chosen = get_session(workspace, session)
    try:
        _check(request, workspace, settings, chosen, base, is_again)
    except WinnowError as error:
        return CheckOut(is_ready=False, reason=str(error))
    return CheckOut(is_ready=True, reason=None)


@router.post("/train", status_code=202)
def start_training(
    body: TrainIn, request: Request, workspace: WorkspaceDep, settings: SettingsDep, jobs: JobsDep, loader: LoaderDep
) -> JobOut:
    """Queue a training with a session's settings; refused with the reason where it could not begin."""
    session = get_session(workspace, body.session)
    base = _check(request, workspace, settings, session, body.base, body.is_again)
    chosen = session.settings
    arguments = [KIND, "--base", base, *_fit_arguments(session), "--session", str(session.number)]
    arguments += dataset_arguments(loader, partial=chosen.partial, rejects=chosen.rejects)
    arguments += ["--again"] if body.is_again else []
    title = f"{session.name}: train from {Path(base).name}"
    return JobOut.of(jobs.submit(KIND, arguments, title=title, session=session.number))


def list_bases(workspace: Workspace, settings: Settings) -> list[BaseOut]:
    """Model versions, newest first; .pt files of the weights folder; models that know nothing yet."""
    try:
        models = list_models(workspace)
    except ModelError:  # the Models page tells which one is damaged
        models = []
    versions = [
        BaseOut(name=model.name, label=f"Version {model.number}, mAP50 {model.metrics.map50:.3f}", kind="version")
        for model in reversed(models)
    ]
    files = [BaseOut(name=file.name, label=file.name, kind="weights") for file in _weights(settings)]
    nothing = [BaseOut(name=name, label=label, kind="nothing") for name, label in ARCHITECTURES.items()]
    return versions + files + nothing


def _weights(settings: Settings) -> list[Path]:
    folder = settings.weights_path
    return sorted(path for path in folder.glob("*.pt") if path.is_file()) if folder.is_dir() else []


def _check(
    request: Request, workspace: Workspace, settings: Settings, session: TrainingSession, base: str | None, again: bool
) -> str:
    """The base as the command takes it; raises TrainingError, DatasetError with the reason."""
    found = _base_argument(base or session.base, workspace, settings)
    options = DatasetOptions(session.settings.partial, session.settings.rejects)
    check_ready(read_shown_truth(request), workspace, options, is_again=again)
    return found


def _base_argument(name: str, workspace: Workspace, settings: Settings) -> str:
    """Only what is listed: a name never becomes a path outside the weights folder, and nothing is downloaded."""
    known = {base.name: base for base in list_bases(workspace, settings)}
    if name not in known:
        raise TrainingError(
            f"{name!r} is not among what this page can start from (any more). Put weights into "
            f"{settings.weights_path}, or choose a model version or a .yaml."
        )
    return str(settings.weights_path / name) if known[name].kind == "weights" else name


def _fit_arguments(session: TrainingSession) -> list[str]:
    settings = session.settings
    names = ("epochs", "batch", "imgsz", "lr", "device", "freeze")
    values = {name: getattr(settings, name) for name in names}
    return [part for name, value in values.items() if value is not None for part in (f"--{name}", str(value))]
