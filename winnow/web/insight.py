"""The Insight page's calls: the map of the pool, selections on it, how labelling went."""

import secrets
import threading
from collections import OrderedDict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from numpy.typing import NDArray

from winnow.atlas import Atlas
from winnow.errors import NoMap
from winnow.insight import MapPoints, course_of, kinds_of, map_points, probability_bytes
from winnow.session import Session
from winnow.web.deps import SessionDep
from winnow.web.present import item_out, model_out
from winnow.web.schemas import ProgressOut
from winnow.web.schemas_insight import (
    MOST_ITEMS,
    CourseOut,
    ItemId,
    MapItemsOut,
    MapStatusOut,
    SelectionIn,
    SelectionOut,
)

router = APIRouter(prefix="/api", tags=["insight"])
POINTS_MAGIC, STATE_MAGIC = b"WMAP", b"WMST"
BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
MOST_SELECTIONS = 16


class Insight:
    """What the page needs of one session: its map, made anew with each new layout, and selections of its rows."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._made_of: tuple[object, object] = (None, None)
        self._points: MapPoints | None = None
        self._selections: OrderedDict[str, NDArray[np.int64]] = OrderedDict()

    def points(self) -> MapPoints | None:
        """The map's points; None until the atlas has a layout, and where there is no atlas."""
        atlas = self.session.guidance.atlas
        layout, clusters = (atlas.layout, atlas.clusters) if atlas else (None, None)
        with self._lock:
            if layout is not self._made_of[0] or clusters is not self._made_of[1]:
                labels = None if clusters is None else clusters.labels
                self._points = None if layout is None else map_points(self.session.pool, layout, labels)
                self._made_of = (layout, clusters)
            return self._points

    def select(self, rows: NDArray[np.int64]) -> str:
        """Keep rows (k,) under a name, the newest few only."""
        name = secrets.token_hex(8)
        with self._lock:
            self._selections[name] = rows
            while len(self._selections) > MOST_SELECTIONS:
                self._selections.popitem(last=False)
        return name

    def selected(self, name: str) -> NDArray[np.int64] | None:
        """The rows of a selection; None for a name that is not kept."""
        with self._lock:
            return self._selections.get(name)


class InsightOf:
    """The insight into the session that is open; that into another one is let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._insight: Insight | None = None

    def session(self, session: Session) -> Insight:
        with self._lock:
            if self._insight is None or self._insight.session is not session:
                self._insight = Insight(session)
            return self._insight


def get_insight(request: Request, session: SessionDep) -> Insight:
    return request.app.state.insight.session(session)


InsightDep = Annotated[Insight, Depends(get_insight)]


@router.get("/map/status")
def read_map_status(session: SessionDep, insight: InsightDep) -> MapStatusOut:
    """How far the map is, and whether its points or their states are new."""
    atlas, points = session.guidance.atlas, insight.points()
    view = session.queue(0)
    return MapStatusOut(
        state=atlas.state if atlas else "off",
        progress=_progress(atlas),
        key=points.key if points else None,
        points=len(points.rows) if points else 0,
        clusters=points.n_clusters if points else 0,
        seq=session.ledger.last_seq,
        model=model_out(view),
        counts=ProgressOut.model_validate(view.progress),
    )


@router.get("/map", response_class=Response, responses=BYTES)
def read_map(insight: InsightDep) -> Response:
    """Ids, places and clusters of all points, as bytes (docs/insight.md)."""
    points = _points(insight)
    header = np.array([points.key, len(points.rows), points.n_clusters, 0, 0], "<u4").tobytes()
    columns = (
        points.ids.astype("<u8"),
        points.xy[:, 0].astype("<u2"),
        points.xy[:, 1].astype("<u2"),
        points.clusters.astype("<i2"),
    )
    return _bytes(POINTS_MAGIC, header, *(column.tobytes() for column in columns))


@router.get("/map/state", response_class=Response, responses=BYTES)
def read_map_state(session: SessionDep, insight: InsightDep) -> Response:
    """What each point is to the person, and its probability, in the order of the points (docs/insight.md)."""
    points = _points(insight)
    seq, snapshot = session.ledger.last_seq, session.learner.learnt.snapshot
    rows = points.rows
    labels, _ = session.standing()
    is_shown = session.shown[rows] & session.board.are_open(rows)
    kinds = kinds_of(labels[rows], is_shown, session.board.auto_labels(rows))
    header = np.array([points.key, len(rows), seq, snapshot.version, 0], "<u4").tobytes()
    return _bytes(STATE_MAGIC, header, kinds.tobytes(), probability_bytes(snapshot.probability, rows).tobytes())


@router.get("/map/items")
def read_map_items(
    session: SessionDep, id: Annotated[list[ItemId], Query(min_length=1, max_length=MOST_ITEMS)]
) -> MapItemsOut:
    """The items behind points."""
    return MapItemsOut(items=[item_out(session, row, strategy="lasso") for row in _rows_of(session, id).tolist()])


@router.post("/selections", status_code=201)
def keep_selection(body: SelectionIn, session: SessionDep, insight: InsightDep) -> SelectionOut:
    """Keep a choice of items for the Review page."""
    rows = np.unique(_rows_of(session, body.item_ids))
    return SelectionOut(id=insight.select(rows), items=len(rows))


@router.get("/course")
def read_course(session: SessionDep) -> CourseOut:
    """How labelling went over time."""
    with session.reading() as ledger:
        histories = [list(history) for history in ledger.histories()]
        tests = ledger.points()
    return CourseOut.model_validate(course_of(histories, tests))


def _points(insight: Insight) -> MapPoints:
    points = insight.points()
    if points is None:
        raise NoMap("There is no map of this pool yet; GET /api/map/status says how far it is.")
    return points


def _progress(atlas: Atlas | None) -> str:
    if atlas is None or atlas.state == "ready":
        return ""
    return atlas.problem or f"{atlas.progress:.0%} is done"


def _rows_of(session: Session, ids: list[str]) -> NDArray[np.int64]:
    """The rows of those ids that the pool has, in their order."""
    rows = session.pool.rows_of(np.array([int(id_, 16) for id_ in ids], np.uint64))
    known: NDArray[np.int64] = rows[rows >= 0]
    return known


def _bytes(*parts: bytes) -> Response:
    return Response(b"".join(parts), media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
