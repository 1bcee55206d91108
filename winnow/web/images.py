"""The images page's calls: states of images, misses, completions, corrections."""

from typing import Annotated, Any, Literal, get_args

import numpy as np
from fastapi import APIRouter, Path, Query, Response

from winnow.outcomes import Judged
from winnow.session import Session
from winnow.training.truth import ImageRecord, Region
from winnow.web.deps import AnnotatorDep, ImageStatesDep, SessionDep
from winnow.web.image_states import ImageStates, Look
from winnow.web.label import QueueLength
from winnow.web.media import DEFAULT_SIZE
from winnow.web.present import DEFAULT_N, judged_out
from winnow.web.schemas import JudgedOut
from winnow.web.schemas_images import CorrectionIn, ImageOut, ImagesOut, MarkIn, RegionOut, Show

router = APIRouter(prefix="/api", tags=["images"])
ItemId = Annotated[str, Path(max_length=64, description="any item on the image")]
KNOWN_KEY: dict[int | str, dict[str, Any]] = {200: {"model": JudgedOut, "description": "known key"}}


@router.get("/images")
def read_images(
    images: ImageStatesDep,
    state: Annotated[Show, Query(description="a state, or images with regions to correct or missed objects")] = "all",
    class_name: Annotated[str, Query(max_length=200, description="proposed or accepted; empty = any")] = "",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 48,
) -> ImagesOut:
    """A window of the images, in the order of the refs."""
    look = images.look()
    passes = look.passes(state) & (look.has_class(class_name) if class_name else True)
    places = np.flatnonzero(passes)
    return ImagesOut(
        total=len(places),
        counts={show: int(look.passes(show).sum()) for show in get_args(Show)},
        classes=_classes(look),
        images=[_image_out(images, look, place) for place in places[offset : offset + limit].tolist()],
    )


@router.get("/images/{item_id}")
def read_image(item_id: ItemId, session: SessionDep, images: ImageStatesDep) -> ImageOut:
    """The image that an item is on."""
    row = session.pool.row_of(item_id)
    return _image_out(images, images.look(), int(session.pool.path_codes[row]))


@router.post("/images/{item_id}/miss", status_code=201, responses=KNOWN_KEY)
def mark_missed(
    item_id: ItemId, body: MarkIn, response: Response, session: SessionDep, annotator: AnnotatorDep,
    n: QueueLength = DEFAULT_N,
) -> JudgedOut:  # fmt: skip
    """Say that the item's image has an object which nobody proposed; POST /api/undo takes it back."""
    return _answer(response, session, session.mark_image(item_id, "miss", key=body.key, annotator=annotator), n)


@router.post("/images/{item_id}/complete", status_code=201, responses=KNOWN_KEY)
def mark_complete(
    item_id: ItemId, body: MarkIn, response: Response, session: SessionDep, annotator: AnnotatorDep,
    n: QueueLength = DEFAULT_N,
) -> JudgedOut:  # fmt: skip
    """Say that all objects on the item's image are boxed: what has no verdict is background then."""
    return _answer(response, session, session.mark_image(item_id, "complete", key=body.key, annotator=annotator), n)


@router.post("/corrections", status_code=201, responses=KNOWN_KEY)
def record_correction(
    body: CorrectionIn, response: Response, session: SessionDep, annotator: AnnotatorDep, n: QueueLength = DEFAULT_N
) -> JudgedOut:
    """Record a box drawn by hand as accepted; POST /api/undo takes it back."""
    return _answer(response, session, session.correct(**body.model_dump(), annotator=annotator), n)


def _answer(response: Response, session: Session, judged: Judged, n: int) -> JudgedOut:
    response.status_code = 201 if judged.is_new else 200
    return judged_out(session, judged, n)


def _classes(look: Look) -> list[str]:
    pool = look.images.pool
    return sorted({pool.classes[code] for code in range(len(pool.classes))} | look.places_by_class.keys())


def _image_out(images: ImageStates, look: Look, place: int) -> ImageOut:
    record = look.record(place)
    row = look.truth.row_of(record.path)
    size = None if row is None else images.size_of(record.path, row)
    item_id = None if row is None else images.session.pool.item(row).id
    to_correct = {region.item_id for region in record.to_correct}
    return ImageOut(
        item_id=item_id,
        path=record.path,
        pools=[] if item_id else images.other_refs_of(record.path),
        image_url=item_id and f"/media/items/{item_id}?size={DEFAULT_SIZE}&view=plain",
        width=size and size[0],
        height=size and size[1],
        state=record.state,
        proposals=int(look.images.n_proposals[place]) if place < look.images.n else 0,
        accepted=len(record.accepted),
        rejected=len(record.rejected),
        to_correct=len(record.to_correct),
        unreviewed=len(record.unreviewed) - len(to_correct),
        open_misses=record.open_misses,
        regions=_regions_out(record, to_correct),
    )


Place = Literal["accepted", "rejected", "to_correct", "unreviewed"]


def _regions_out(record: ImageRecord, to_correct: set[str]) -> list[RegionOut]:
    def out(region: Region, place: Place) -> RegionOut:
        return RegionOut(
            item_id=region.item_id, box_xyxy=region.box_xyxy, class_name=region.class_name, claimed=region.claimed,
            score=region.score, reason=region.reason, place=place,
        )  # fmt: skip

    open_regions = [region for region in record.unreviewed if region.item_id not in to_correct]
    return [
        *(out(region, "to_correct") for region in record.to_correct),
        *(out(region, "unreviewed") for region in open_regions),
        *(out(region, "accepted") for region in record.accepted),
        *(out(region, "rejected") for region in record.rejected),
    ]
