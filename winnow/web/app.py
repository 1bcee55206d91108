"""The ASGI app: settings in, a FastAPI app out."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from threadpoolctl import threadpool_limits

import winnow
from winnow.auto.files import AuditFiles
from winnow.auto.planning import AutoError
from winnow.errors import (
    BadBox,
    DatabaseError,
    DatasetError,
    DetectorError,
    ImageChanged,
    JobError,
    KeyTaken,
    ModelError,
    NoMap,
    NothingToUndo,
    NotReady,
    ProposalError,
    SegmenterError,
    SessionError,
    SettingsError,
    TrainingError,
    UnknownGoal,
    UnknownGroup,
    UnknownItem,
    UnknownPool,
    UnknownReport,
    UnknownSession,
    UnknownStrategy,
    UnknownVersion,
    UnreadableImage,
    WinnowError,
)
from winnow.export import NoHead
from winnow.jobs.jobs import Jobs
from winnow.settings import Settings
from winnow.training.workspace import Workspace
from winnow.web import (
    auto,
    datasets,
    export,
    images,
    insight,
    jobs,
    label,
    masks,
    media,
    models,
    neighbours,
    pages,
    pools,
    predict,
    recall,
    reports,
    results,
    results_folder,
    review,
    rounds,
    self_check,
    sessions,
    start,
    train,
    triage,
)
from winnow.web.image_states import ImageStatesOf
from winnow.web.loader import Loader
from winnow.web.proposal_files import ProposalFiles
from winnow.web.schemas import ErrorOut, Health
from winnow.web.security import Guard
from winnow.web.triage_work import TriageWork
from winnow.web.view_cache import ViewCache

log = logging.getLogger(__name__)
STATUS_OF_ERROR: dict[type[WinnowError], int] = {
    UnknownItem: 404,
    UnreadableImage: 422,
    UnknownPool: 404,
    UnknownVersion: 404,
    UnknownSession: 404,
    UnknownReport: 404,
    UnknownGroup: 422,
    BadBox: 422,
    UnknownStrategy: 422,
    UnknownGoal: 422,
    SettingsError: 422,
    DatasetError: 422,
    DetectorError: 422,
    ProposalError: 422,
    SegmenterError: 422,
    NothingToUndo: 409,
    KeyTaken: 409,
    ImageChanged: 409,
    NoHead: 409,
    NoMap: 409,
    AutoError: 409,
    JobError: 409,
    ModelError: 409,
    TrainingError: 409,
    SessionError: 409,
    NotReady: 503,
    DatabaseError: 503,
}
ROOMS = (
    label,
    recall,
    start,
    neighbours,
    self_check,
    insight,
    auto,
    review,
    export,
    triage,
    images,
    pools,
    jobs,
    predict,
    datasets,
    train,
    sessions,
    models,
    reports,
    results,
    results_folder,
    masks,
    rounds,
    media,
    pages,
)
SWITCH_INTERVAL_S = 0.0005
ERROR_STATUSES = (400, 403, 404, 409, 413, 422, 503)


class FreshStatic(StaticFiles):
    """Static files that browsers revalidate: modules import each other by path, so no name can carry a hash."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(settings: Settings) -> FastAPI:
    """The whole app on one pool; it answers at once and opens the pool in the background."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # A request hands the interpreter over several times; it shall not wait 5 ms for the learner at each.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        threadpool_limits(1, "blas")  # the learner has threads of its own, and these give way
        app.state.loader.start()
        app.state.jobs.start()
        yield
        app.state.jobs.close()
        app.state.loader.close()

    answers: dict[int | str, dict[str, Any]] = {status: {"model": ErrorOut} for status in ERROR_STATUSES}
    app = FastAPI(title="Winnow", version=winnow.__version__, lifespan=lifespan, responses=answers)
    app.state.settings = settings
    app.state.loader = Loader(settings)
    app.state.views = ViewCache()
    app.state.triage = TriageWork()
    app.state.image_states = ImageStatesOf()
    app.state.insight = insight.InsightOf()
    app.state.self_check = self_check.SelfCheckOf()
    app.state.workspace = Workspace(settings.workspace_path)
    app.state.audits = AuditFiles(app.state.workspace.folder / "auto")
    app.state.proposal_files = ProposalFiles(settings)
    app.state.jobs = Jobs(app.state.workspace.jobs, settings.environment())
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", FreshStatic(directory=pages.ROOT / "static"), name="static")
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts)
    app.add_exception_handler(WinnowError, _answer_winnow_error)
    app.add_exception_handler(OSError, _answer_disk_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_bad_request)

    # On the event loop itself: it answers within 50 ms also when every worker thread decodes an image.
    @app.get("/healthz", tags=["health"])
    async def read_health() -> Health:
        return Health(status="ok", ready=app.state.loader.session is not None)

    return app


def _answer_winnow_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, WinnowError)
    status = next((code for kind, code in STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
    return _answer(request, status, error.code, str(error))


def _answer_disk_error(request: Request, error: Exception) -> Response:
    """A full disk or a read-only folder, met where nothing better is known of it."""
    assert isinstance(error, OSError)
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    detail = f"A file or folder failed ({what}). Check the disk's space and the folder's permissions, then try again."
    return _answer(request, 503, "bad_disk", detail)


def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, "http_error", str(error.detail), dict(error.headers or {}))


def _answer_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    parts = [f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in jsonable_encoder(error.errors())]
    return _answer(request, 422, "bad_request", "; ".join(parts))


def _answer(request: Request, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    is_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api")
    if is_page:
        return pages.error_page(request, status, detail)
    return JSONResponse({"error": code, "detail": detail}, status, headers=headers)
