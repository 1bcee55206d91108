"""The results page's calls: predicted images one after the other, accepted, corrected or rejected."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, get_args

import numpy as np
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response

from winnow.errors import ProposalError, SegmenterError
from winnow.image_review import Drawn, ImageReview
from winnow.masks.rle import Rle, from_json
from winnow.web.deps import AnnotatorDep, SessionDep, WorkspaceDep
from winnow.web.presence import Presence
from winnow.web.result_batch import batch_of
from winnow.web.result_image import check_not_replaced, read_image
from winnow.web.result_list import STATUSES, PredictedImages, PredictedImagesOf
from winnow.web.schemas_results import (
    BatchOut,
    DrawnIn,
    ImageResult,
    ImageReviewIn,
    ImageReviewOut,
    OtherOut,
    PresenceIn,
    PresenceOut,
    ResultRow,
    ResultsOut,
    Show,
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.predicted_images = PredictedImagesOf()
    app.state.presence = Presence()
    yield


router = APIRouter(prefix="/api", tags=["results"], lifespan=_lifespan)


def get_predicted_images(request: Request, session: SessionDep) -> PredictedImages:
    return request.app.state.predicted_images.session(session)


def get_presence(request: Request) -> Presence:
    return request.app.state.presence


PredictedImagesDep = Annotated[PredictedImages, Depends(get_predicted_images)]
PresenceDep = Annotated[Presence, Depends(get_presence)]
ItemId = Annotated[str, Path(max_length=64, description="any item on the image")]


@router.get("/results")
def read_results(
    images: PredictedImagesDep,
    class_name: Annotated[str, Query(max_length=200, description="proposed as; empty = any")] = "",
    status: Show = "all",
    score_min: Annotated[float, Query(ge=0, le=1, description="images with a proposal of this score or more")] = 0.25,
    since: Annotated[int | None, Query(ge=0, description="keep images whose status changed after this event")] = None,
    item_id: Annotated[str, Query(max_length=64, description="say where this item's image is in the list")] = "",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 48,
) -> ResultsOut:
    """A window of the images with proposals, in the order of the refs."""
    statuses, scores = images.statuses(), images.scores(class_name, score_min)
    is_listed = scores.n_objects > 0
    passes = is_listed if status == "all" else is_listed & (statuses.of == STATUSES.index(status))
    if since is not None:
        passes = passes | (is_listed & (statuses.newest > since))
    places = np.flatnonzero(passes)
    counts = np.bincount(statuses.of[is_listed], minlength=len(STATUSES)).tolist()
    return ResultsOut(
        total=len(places),
        counts={
            show: int(is_listed.sum()) if show == "all" else counts[STATUSES.index(show)] for show in get_args(Show)
        },
        classes=images.classes,
        seq=statuses.seq,
        place=_place_in(places, images, item_id) if item_id else None,
        images=[
            ResultRow(
                item_id=images.item_id(place),
                path=images.pool.paths[place],
                status=STATUSES[statuses.of[place]],
                n_objects=int(scores.n_objects[place]),
                score_mean=_number(scores.mean[place]),
                score_min=_number(scores.least[place]),
            )
            for place in places[offset : offset + limit].tolist()
        ],
    )


@router.get("/results/batch")
def read_batch(images: PredictedImagesDep, workspace: WorkspaceDep) -> BatchOut:
    """What was accepted, corrected and rejected since the newest model version; whether that is worth a training."""
    return batch_of(images, workspace)


@router.get("/results/{item_id}")
def read_result(item_id: ItemId, images: PredictedImagesDep) -> ImageResult:
    """The image that an item is on, with its prediction and what stands on it now."""
    return read_image(images, item_id)


@router.post(
    "/results/{item_id}", status_code=201, responses={200: {"model": ImageReviewOut, "description": "known key"}}
)
def review(
    item_id: ItemId, body: ImageReviewIn, response: Response, images: PredictedImagesDep, annotator: AnnotatorDep
) -> ImageReviewOut:
    """Record what was said of an image as a whole, all or nothing; POST /api/undo takes all of it back."""
    said = ImageReview(tuple(body.kept), tuple(map(_drawn, body.drawn)), tuple(body.deleted), body.outcome == "reject")
    reviewed = images.session.known_review(item_id, body.key)
    if reviewed is None:
        if body.outcome != "reject":
            check_not_replaced(images, item_id, None if body.outcome == "accept" else {*said.kept})
        reviewed = images.session.review_image(
            item_id, said, key=body.key, annotator=annotator, elapsed_ms=body.elapsed_ms, based_on=body.based_on
        )
    response.status_code = 201 if reviewed.is_new else 200
    _, seq, status = images.ledger_of(images.place(item_id))
    return ImageReviewOut(
        outcome=reviewed.outcome,
        status=status,
        seq=seq,
        n_events=len(reviewed.events),
        message=_MESSAGES[reviewed.outcome](said) if reviewed.outcome else "This was taken back since.",
    )


@router.post("/results/{item_id}/presence")
def say_presence(
    item_id: ItemId, body: PresenceIn, images: PredictedImagesDep, presence: PresenceDep, annotator: AnnotatorDep
) -> PresenceOut:
    """Say that somebody looks at an image; answers who else does, by what they said in the last 20 seconds."""
    path = images.pool.paths[images.place(item_id)]
    others = presence.say(path, annotator, body.page, body.tab)
    return PresenceOut(
        others=[OtherOut(annotator=one.annotator, page=one.page, seconds_ago=seconds) for one, seconds in others]
    )


def _place_in(places: np.ndarray, images: PredictedImages, item_id: str) -> int | None:
    place = images.place(item_id)
    found = int(np.searchsorted(places, place))
    return found if found < len(places) and places[found] == place else None


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _drawn(drawn: DrawnIn) -> Drawn:
    return Drawn(drawn.box_xyxy, drawn.class_name, _mask(drawn), drawn.replaces)


def _mask(drawn: DrawnIn) -> Rle | None:
    try:
        return from_json(drawn.mask.model_dump()) if drawn.mask else None
    except ProposalError as error:
        raise SegmenterError(f"The mask of the object at {drawn.box_xyxy} cannot be used. {error}") from error


def _objects(n: int) -> str:
    return "1 object" if n == 1 else f"{n:,} objects"


_MESSAGES: dict[str, Callable[[ImageReview], str]] = {
    "accepted": lambda said: f"Accepted as it is: {_objects(len(said.kept))}.",
    "refined": lambda said: (
        f"Corrected: {_objects(len(said.drawn))} drawn or changed, {len(said.deleted):,} deleted, "
        f"{len(said.kept):,} kept."
    ),
    "rejected": lambda said: "Rejected: nothing of this prediction counts, and the image waits for another.",
}
