"""Images by item id; no path ever comes from a request."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from winnow.errors import UnreadableImage
from winnow.pool import View
from winnow.web.deps import SessionDep, ViewsDep

router = APIRouter(tags=["media"])
DEFAULT_SIZE = 1280


@router.get("/media/items/{item_id}", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def read_view(
    request: Request,
    session: SessionDep,
    views: ViewsDep,
    item_id: Annotated[str, Path(max_length=16)],
    view: Annotated[View, Query(description="image: whole, its box drawn; plain: no box")] = "image",
    size: Annotated[int, Query(ge=16, le=4096, description="longest side in pixels")] = DEFAULT_SIZE,
) -> Response:
    """An item's picture; one that cannot be read is left out of the queue until it was read again."""
    try:
        image, media_type, tag = views.view(session, item_id, view, size)
    except UnreadableImage:
        session.mark_readable(session.pool.row_of(item_id), is_readable=False)
        raise
    if view != "plain":  # which is shown also where the item's box lies off the image
        session.mark_readable(session.pool.row_of(item_id), is_readable=True)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(image, media_type=media_type, headers=headers)
