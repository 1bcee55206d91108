"""Model versions: list, compare, mark active, export, delete."""

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse

from winnow.errors import ModelError
from winnow.round_files import mistakes_path
from winnow.settings import Settings
from winnow.training.exporter import FORMATS, missing_packages
from winnow.training.models import (
    ModelVersion,
    active_model,
    best_model,
    compare_models,
    delete_model,
    get_model,
    look_at_models,
    set_active,
)
from winnow.training.report import list_reports
from winnow.training.workspace import Workspace
from winnow.web.deps import JobsDep, SettingsDep, WorkspaceDep
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_models import (
    ComparisonOut,
    ExportIn,
    FormatOut,
    MeasureIn,
    MetricsOut,
    ModelFileOut,
    ModelJobOut,
    ModelsOut,
    ModelVersionOut,
)

router = APIRouter(tags=["models"])
Number = Annotated[int, Path(ge=1, le=10**9)]


@router.get("/api/models")
def read_models(request: Request, workspace: WorkspaceDep, settings: SettingsDep) -> ModelsOut:
    """Every model version with its figures, newest first."""
    return _models_out(request, workspace, settings)


@router.get("/api/models/compare")
def compare(
    workspace: WorkspaceDep, first: Annotated[int, Query(ge=1)], second: Annotated[int, Query(ge=1)]
) -> ComparisonOut:
    """Two versions side by side."""
    pair = compare_models(workspace, first, second)
    return ComparisonOut(
        first=first,
        second=second,
        first_metrics=MetricsOut.model_validate(pair.first_metrics),
        second_metrics=MetricsOut.model_validate(pair.second_metrics),
        is_same_holdout=pair.same_holdout,
    )


@router.post("/api/models/measure", status_code=201)
def measure(body: MeasureIn, workspace: WorkspaceDep, jobs: JobsDep) -> ModelJobOut:
    """Queue a job that measures versions on today's hold-out."""
    names = [get_model(workspace, number).name for number in body.numbers]
    arguments = ["models", "--measure", *map(str, body.numbers)]
    return ModelJobOut(job=JobOut.of(jobs.submit("measure", arguments, title=f"Measure {' and '.join(names)}")))


@router.post("/api/models/{number}/activate")
def activate(number: Number, request: Request, workspace: WorkspaceDep, settings: SettingsDep) -> ModelsOut:
    """Make a version the one that proposes next."""
    set_active(workspace, number)
    return _models_out(request, workspace, settings)


@router.post("/api/models/{number}/export", status_code=201)
def export(number: Number, body: ExportIn, workspace: WorkspaceDep, jobs: JobsDep) -> ModelJobOut:
    """Queue a job that writes a version in another format."""
    model = get_model(workspace, number)
    arguments = ["models", "--export", str(number), "--format", body.format]
    if body.imgsz is not None:
        arguments += ["--imgsz", str(body.imgsz)]
    return ModelJobOut(job=JobOut.of(jobs.submit("export", arguments, title=f"Export {model.name} as {body.format}")))


@router.delete("/api/models/{number}")
def delete(number: Number, request: Request, workspace: WorkspaceDep, settings: SettingsDep) -> ModelsOut:
    """Remove a version for good; 409 for the active one."""
    delete_model(workspace, number)
    return _models_out(request, workspace, settings)


@router.get("/media/models/{number}/{file}", response_class=FileResponse)
def download(number: Number, file: Annotated[str, Path(max_length=255)], workspace: WorkspaceDep) -> FileResponse:
    """A version's weights or one of its exports, by the name that is listed."""
    model = get_model(workspace, number)
    path = next((path for path in _files(model) if path.name == file and path.is_file()), None)
    if path is None:
        raise HTTPException(404, f"Model {model.name} has no file {file!r}; its files are listed on the Models page.")
    return FileResponse(path, filename=f"{model.folder.name}-{path.name}", media_type="application/octet-stream")


def _models_out(request: Request, workspace: Workspace, settings: Settings) -> ModelsOut:
    there = look_at_models(workspace)
    problems = [str(problem) for problem in there.problems.values()]
    active, best = (_marked(workspace, find, problems) for find in (active_model, best_model))
    reports = set(list_reports(workspace))
    return ModelsOut(
        models=[
            _version_out(request, model, settings, active, best, has_report=model.number in reports)
            for model in reversed(there.models)
        ],
        problems=problems,
        formats=[
            FormatOut(name=name, label=one.label, missing=missing_packages(name)) for name, one in FORMATS.items()
        ],
        folder=str(workspace.models),
    )


def _marked(workspace: Workspace, find: Callable[[Workspace], ModelVersion | None], problems: list[str]) -> int:
    """The number of the active or best version, 0 for none; where a damaged file hides it, that is told."""
    try:
        found = find(workspace)
    except ModelError as error:
        if str(error) not in problems:
            problems.append(str(error))
        return 0
    return found.number if found else 0


def _version_out(
    request: Request, model: ModelVersion, settings: Settings, active: int, best: int, *, has_report: bool
) -> ModelVersionOut:
    errors = mistakes_path(settings.base_folder, model.number)
    return ModelVersionOut(
        number=model.number,
        name=model.name,
        task=model.task,
        base=model.base,
        base_version=model.base_version,
        dataset=model.dataset,
        session=model.session,
        classes=list(model.classes),
        metrics=MetricsOut.model_validate(model.metrics),
        before=model.before,
        seconds=model.seconds,
        created_at=model.created_at,
        size_bytes=model.size_bytes if model.weights.is_file() else 0,
        is_active=model.number == active,
        is_best=model.number == best,
        files=[_file_out(request, model, path) for path in _files(model)],
        errors_pool=errors.name if errors.is_file() else None,
        has_report=has_report,
    )


def _files(model: ModelVersion) -> list[FilePath]:
    return [path for path in (model.weights, *model.exports) if path.exists()]


def _file_out(request: Request, model: ModelVersion, path: FilePath) -> ModelFileOut:
    parts = [path] if path.is_file() else [part for part in path.rglob("*") if part.is_file()]
    url = request.app.url_path_for("download", number=str(model.number), file=path.name) if path.is_file() else None
    size = sum(part.stat().st_size for part in parts)
    return ModelFileOut(name=path.name, size_bytes=size, url=url and str(url), path=str(path))
