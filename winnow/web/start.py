"""The calls behind a start without positives: example pictures, unusual items, a tour of the clusters."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from winnow.atlas.examples import Example
from winnow.corrections.encoder_process import EncoderProcess
from winnow.pool.views import render_view
from winnow.session import Session
from winnow.start import START_WAYS, Beginning
from winnow.web.deps import SessionDep
from winnow.web.schemas import StrategyChoice
from winnow.web.schemas_start import CoverageOut, ExampleIn, ExampleOut, StartIn, StartOut

PICTURE_SIZE = 256  # pixels, the longer side of an example as it is shown


class BeginningOf:
    """The start of the session that is open; the one before it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._beginning: Beginning | None = None

    def session(self, session: Session) -> Beginning:
        with self._lock:
            if self._beginning is None or self._beginning.session is not session:
                self._let_go()
                refs = session.settings.refs
                folder = refs.parent / f"{refs.name}.winnow" / "examples"
                self._beginning = Beginning(session, folder, EncoderProcess)
            return self._beginning

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._beginning:
            self._beginning.close()
        self._beginning = None


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    beginning_of = BeginningOf()
    yield {"beginning_of": beginning_of}
    await run_in_threadpool(beginning_of.close)


def get_beginning(request: Request, session: SessionDep) -> Beginning:
    beginning: Beginning = request.state.beginning_of.session(session)
    return beginning


router = APIRouter(prefix="/api/start", tags=["start"], lifespan=_open)
BeginningDep = Annotated[Beginning, Depends(get_beginning)]
ExampleId = Annotated[str, Path(max_length=64)]


@router.get("")
def read_start(beginning: BeginningDep) -> StartOut:
    """How labelling starts while there is no head, and how much of the pool's groups was seen."""
    return _start_out(beginning)


@router.put("")
def choose_start(body: StartIn, beginning: BeginningDep) -> StartOut:
    """Start another way; in force when this answers, or as soon as it can be."""
    beginning.choose(body.way)
    return _start_out(beginning)


@router.post("/examples", status_code=201)
def add_example(body: ExampleIn, beginning: BeginningDep) -> StartOut:
    """Start with what looks most like this; the same key again adds nothing."""
    if body.picture is not None:
        beginning.add_picture(body.key, body.picture, body.name, body.box_xyxy)
    else:
        beginning.add_item(body.key, str(body.item_id))
    return _start_out(beginning)


@router.delete("/examples/{example_id}")
def remove_example(example_id: ExampleId, beginning: BeginningDep) -> StartOut:
    """Take an example away; without any, what covers the pool is shown."""
    beginning.remove(example_id)
    return _start_out(beginning)


@router.get("/examples/{example_id}/picture", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def read_picture(example_id: ExampleId, beginning: BeginningDep) -> Response:
    """What an example picture shows, small."""
    path, example = beginning.picture_path(example_id)
    content, media_type = render_view(path, example.box_xyxy, view="crop", size=PICTURE_SIZE, context=0)
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, no-cache"})


def _start_out(beginning: Beginning) -> StartOut:
    coverage = beginning.coverage
    return StartOut(
        way=beginning.way,
        available=[StrategyChoice.model_validate(way) for way in START_WAYS.values()],
        coverage=CoverageOut.model_validate(coverage) if coverage else None,
        examples=[_example_out(beginning.session, example) for example in beginning.files.examples],
        state=beginning.state,
        problem=beginning.problem,
    )


def _example_out(session: Session, example: Example) -> ExampleOut:
    if example.item_id is None:
        return ExampleOut(id=example.id, kind="picture", url=f"/api/start/examples/{example.id}/picture")
    return ExampleOut(id=example.id, kind="item", url=f"/media/items/{example.item_id}?view=crop&size={PICTURE_SIZE}")
