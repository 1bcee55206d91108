"""The calls behind masks on the correct page: choose a segmenter, prepare images, prompt, tidy."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.concurrency import run_in_threadpool

from winnow.errors import SegmenterError, SettingsError
from winnow.masks.choices import HOW_TO, NONE, choices, chosen_name
from winnow.masks.process import SegmenterProcess
from winnow.masks.prompts import Prompt, check_mask
from winnow.masks.rle import area, box_of, decode, encode
from winnow.masks.tidy import drop_islands, fill_holes, filled, outlines
from winnow.pool import image_size
from winnow.session import Session
from winnow.settings import Settings
from winnow.web.deps import SessionDep, SettingsDep
from winnow.web.schemas_masks import (
    MaskOut,
    PreparedOut,
    PrepareIn,
    PromptIn,
    RleIO,
    SegmenterChoiceOut,
    SegmenterIn,
    SegmenterOut,
    TidyIn,
    TidyOut,
)

REMEMBERED_AS = "segmenter"
_BYTES_OF_GB = 10**9


class ChosenSegmenter:
    """The one segmenter of this server: what the log remembers, else the setting."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: SegmenterProcess | None = None

    def process(self, session: Session) -> SegmenterProcess | None:
        """The segmenter, not started yet perhaps; None where none is wanted. Raises SegmenterError."""
        name = chosen_name(self._settings.segmenter, session.remembered(REMEMBERED_AS), self._settings.weights_path)
        with self._lock:
            if self._process is not None and self._process.name != name:
                self._process.close()
                self._process = None
            if self._process is None and name is not None:
                cache = self._settings.workspace_path / "embeddings"
                max_bytes = int(self._settings.embeddings_gb * _BYTES_OF_GB)
                self._process = SegmenterProcess(name, self._settings.weights_path, cache, max_bytes)
            return self._process

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.close()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.segmenter = ChosenSegmenter(app.state.settings)
    yield
    await run_in_threadpool(app.state.segmenter.close)


router = APIRouter(prefix="/api/masks", tags=["masks"], lifespan=_lifespan)


def get_process(request: Request, session: SessionDep) -> SegmenterProcess | None:
    process: SegmenterProcess | None = request.app.state.segmenter.process(session)
    return process


def need_process(process: Annotated[SegmenterProcess | None, Depends(get_process)]) -> SegmenterProcess:
    if process is None:
        raise SegmenterError(f"No segmenter is chosen, so there are no masks: choose one. {HOW_TO}")
    return process


ProcessDep = Annotated[SegmenterProcess, Depends(need_process)]


@router.get("")
def read_segmenter(request: Request, session: SessionDep, settings: SettingsDep) -> SegmenterOut:
    """What makes masks, how it is, and what else could."""
    listed = [SegmenterChoiceOut.model_validate(one) for one in choices(settings.weights_path, settings.segmenter)]
    process = request.app.state.segmenter.process(session)
    if process is None:
        return SegmenterOut(model=None, state="none", problem=None, models=listed, how_to=HOW_TO)
    state, problem = process.state()
    return SegmenterOut(model=process.name, state=state, problem=problem, models=listed, how_to=HOW_TO)


@router.put("")
def choose_segmenter(choice: SegmenterIn, request: Request, session: SessionDep, settings: SettingsDep) -> SegmenterOut:
    """Take another segmenter from now on, also after a restart; one that broke off is tried again."""
    names = [one.name for one in choices(settings.weights_path, settings.segmenter)]
    if choice.model not in (NONE, *names):
        raise SettingsError(f"There is no segmenter {choice.model!r} here; there are {', '.join(names)} and {NONE}.")
    session.remember(REMEMBERED_AS, choice.model)
    process = request.app.state.segmenter.process(session)
    if process is not None and process.state()[0] == "failed":
        process.close()
    return read_segmenter(request, session, settings)


@router.post("/prepare", status_code=202)
def prepare(wanted: PrepareIn, session: SessionDep, process: ProcessDep) -> PreparedOut:
    """Embed the images of these items ahead of time; ask again for how far it is."""
    files = {item_id: session.image_file(session.pool.row_of(item_id)) for item_id in wanted.item_ids}
    states = process.prepare(list(dict.fromkeys(files.values())))
    return PreparedOut.model_validate({"states": {item_id: states[file] for item_id, file in files.items()}})


@router.post("/predict")
def predict(asked: PromptIn, session: SessionDep, process: ProcessDep) -> MaskOut:
    """The mask that a box, points or an earlier mask ask for."""
    file = session.image_file(session.pool.row_of(asked.item_id))
    points, labels = tuple((x, y) for x, y, _ in asked.points), tuple(label for _, _, label in asked.points)
    prompt = Prompt(asked.box_xyxy, points, labels, asked.mask.rle() if asked.mask else None)
    answer = process.predict(file, prompt)
    rle = answer.predicted.rle
    box = box_of(rle)
    return MaskOut(
        seq=asked.seq, mask=RleIO.of(rle) if box else None, box_xyxy=box, score=answer.predicted.score,
        stability=answer.predicted.stability, area_px=area(rle), ms=round(answer.ms, 2), model=process.name,
        is_embedding_new=answer.is_new,
    )  # fmt: skip


@router.post("/tidy")
def tidy(asked: TidyIn, session: SessionDep) -> TidyOut:
    """The mask without small holes and islands, and its outlines; with a tolerance, what these enclose."""
    rle = asked.mask.rle()
    check_mask(rle, image_size(session.image_file(session.pool.row_of(asked.item_id))))
    mask = drop_islands(fill_holes(decode(rle), asked.holes_px), asked.islands_px)
    parts = outlines(mask, asked.tolerance_px)
    neat = filled(parts, rle.size_hw) if asked.tolerance_px else encode(mask)
    box = box_of(neat)
    rings = [ring.tolist() for part in parts for ring in (part.outer_xy, *part.holes_xy)]
    return TidyOut(mask=RleIO.of(neat) if box else None, box_xyxy=box, area_px=area(neat), polygons=rings)
