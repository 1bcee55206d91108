"""The pages: each a template and a frozen context; while the pool cannot be served, the set-up page in their place."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from winnow.errors import WinnowError
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.report import read_report, utc
from winnow.verdicts.reasons import REASONS
from winnow.web.label import goal_choices, strategy_choices
from winnow.web.reports import Number

ROOT = Path(__file__).resolve().parents[2]
templates = Jinja2Templates(ROOT / "templates")
templates.env.filters["utc"] = utc
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Problem:
    """Why the pool is not there yet: `command` is what to paste, when the text names one."""

    title: str
    detail: str
    command: str | None


@dataclass(frozen=True)
class PageContext:
    """What every template may use, under the name `page`."""

    title: str
    pool_name: str
    config: dict[str, Any]
    problem: Problem | None = None
    status: int = 200
    detail: str = ""


@router.get("/", name="label_page")
def label_page(request: Request) -> Response:
    return _pool_page(request, "label.html", "Label")


@router.get("/triage", name="triage_page")
def triage_page(request: Request) -> Response:
    return _pool_page(request, "triage.html", "Triage")


@router.get("/images", name="images_page")
def images_page(request: Request) -> Response:
    return _pool_page(request, "images.html", "Images")


@router.get("/results", name="results_page")
def results_page(request: Request) -> Response:
    return _pool_page(request, "results.html", "Results")


@router.get("/correct", name="correct_page")
def correct_page(request: Request) -> Response:
    return _pool_page(request, "correct.html", "Correct")


@router.get("/insight", name="insight_page")
def insight_page(request: Request) -> Response:
    return _pool_page(request, "insight.html", "Insight")


@router.get("/auto", name="auto_page")
def auto_page(request: Request) -> Response:
    return _pool_page(request, "auto.html", "Auto")


@router.get("/review", name="review_page")
def review_page(request: Request) -> Response:
    return _pool_page(request, "review.html", "Review")


@router.get("/export", name="export_page")
def export_page(request: Request) -> Response:
    return _pool_page(request, "export.html", "Export")


@router.get("/predict", name="predict_page")
def predict_page(request: Request) -> Response:
    return _page(request, "predict.html", "Predict")


@router.get("/train", name="train_page")
def train_page(request: Request) -> Response:
    return _page(request, "train.html", "Train")


@router.get("/models", name="models_page")
def models_page(request: Request) -> Response:
    return _page(request, "models.html", "Models")


@router.get("/rounds", name="rounds_page")
def rounds_page(request: Request) -> Response:
    return _page(request, "rounds.html", "Rounds")


@router.get("/reports/{number}", name="report_page")
def report_page(request: Request, number: Number) -> Response:
    report = read_report(request.app.state.workspace, number)
    return _page(request, "report.html", f"Round {number}", report=report)


def error_page(request: Request, status: int, detail: str) -> Response:
    settings: Settings = request.app.state.settings
    page = PageContext(f"Error {status}", settings.refs.stem, _config(settings, None), status=status, detail=detail)
    return templates.TemplateResponse(request, "error.html", {"page": page}, status_code=status)


def _page(request: Request, template: str, title: str, **more: Any) -> Response:
    """A page that also works before there is a pool."""
    return _rendered(request, template, title, request.app.state.loader.session, **more)


def _pool_page(request: Request, template: str, title: str) -> Response:
    loader = request.app.state.loader
    session: Session | None = loader.session  # once: another pool may be opened meanwhile
    if session is not None:
        return _rendered(request, template, title, session)
    settings: Settings = request.app.state.settings
    problem = _problem(loader.problem, loader.progress)
    page = PageContext(problem.title, settings.refs.stem, _config(settings, None), problem)
    return templates.TemplateResponse(request, "setup.html", {"page": page}, headers={"Cache-Control": "no-store"})


def _rendered(request: Request, template: str, title: str, session: Session | None, **more: Any) -> Response:
    settings: Settings = request.app.state.settings
    name = session.pool.name if session else settings.refs.stem
    context = {"page": PageContext(title, name, _config(settings, session)), **more}
    return templates.TemplateResponse(request, template, context, headers={"Cache-Control": "no-store"})


def _problem(error: WinnowError | None, progress: str) -> Problem:
    if error is None:
        return Problem("Loading", progress, None)
    commands = [line.strip() for line in str(error).splitlines() if line.startswith("  python")]
    return Problem("Not ready yet", str(error), commands[0] if commands else None)


def _config(settings: Settings, session: Session | None) -> dict[str, Any]:
    """What the page's script is told, as one JSON block."""
    return {
        "keys": settings.key_table,
        "auto_seconds": settings.auto_seconds,
        "annotator": settings.annotator,
        "strategies": [choice.model_dump() for choice in strategy_choices()],
        "goals": [choice.model_dump() for choice in goal_choices()],
        "is_goal_chosen": session is not None and session.guidance.is_chosen,
        "reasons": [asdict(reason) for reason in REASONS.values()],
        "encoder": session and (session.features.encoder or "made elsewhere"),
        "pool": session
        and {
            "name": session.pool.name,
            "total": session.pool.n_items,
            "duplicates": session.pool.n_rows - session.pool.n_items,
            "missing_items": session.missing_items,
            "has_boxes": not bool(np.isnan(session.pool.boxes_xyxy[:, 0]).all()),
        },
    }
