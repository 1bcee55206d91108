"""The calls behind a start without positives: example pictures, unusual items, a tour of the clusters."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from winnow.atlas.examples import Example
from winnow.errors import NotReady
from winnow.pool.views import render_view
from winnow.session import Session
from winnow.start import START_WAYS, Beginning
from winnow.web.deps import LoaderDep, SessionDep
from winnow.web.schemas import StrategyChoice
from winnow.web.schemas_start import CoverageOut, ExampleIn, ExampleOut, StartIn, StartOut

PICTURE_SIZE = 256  # pixels, the longer side of an example as it is shown


def get_beginning(session: SessionDep, loader: LoaderDep) -> Beginning:
    """The start of the open session; raises NotReady while there is none."""
    if loader.beginning is None:
        raise NotReady("Another pool is being opened. Try again in a moment.")
    return loader.beginning


router = APIRouter(prefix="/api/start", tags=["start"])
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
