"""Training sessions: make, change, delete, and what comes next in each."""

from dataclasses import asdict, replace
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request

from winnow.errors import WinnowError
from winnow.proposals.uncertainty import RankedImage, RankingOptions, rank_images
from winnow.round_files import mistakes_path
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.convergence import Gain, convergence
from winnow.training.dataset import drawn_holdout, grow_holdout
from winnow.training.holdout import Holdout
from winnow.training.machine import look_at_machine
from winnow.training.manifest import Part
from winnow.training.models import ModelVersion, look_at_models
from winnow.training.report import class_changes, report_path
from winnow.training.selection import DatasetOptions
from winnow.training.sessions import (
    SessionSettings,
    TrainingSession,
    change_session,
    create_session,
    delete_session,
    get_session,
    list_sessions,
    settings_of,
)
from winnow.training.stock import facts_of, stock_of
from winnow.training.suggestions import suggestions
from winnow.training.truth import STATES
from winnow.training.workspace import Workspace
from winnow.web.deps import ImageStatesDep, SessionDep, SettingsDep, TriageDep, WorkspaceDep
from winnow.web.image_states import Look
from winnow.web.learning_stock import image_file_of, read_shown_truth
from winnow.web.schemas_sessions import (
    ClassChangeOut,
    ConvergenceOut,
    DeletedOut,
    IterationOut,
    NextImagesOut,
    RankedImageOut,
    SessionIn,
    SessionOut,
    SessionPatch,
    SessionsOut,
    SettingsOut,
    SuggestionOut,
    SuggestionsOut,
)

router = APIRouter(prefix="/api", tags=["sessions"])
Number = Annotated[int, Path(ge=1, le=10**6)]
PartQuery = Annotated[Part, Query(description="images to train on, or those that only measure")]


@router.get("/sessions")
def read_sessions(workspace: WorkspaceDep, settings: SettingsDep) -> SessionsOut:
    """Every training session with its iterations, newest first."""
    models = look_at_models(workspace).models
    found = [_out(session, models, workspace, settings) for session in list_sessions(workspace)]
    return SessionsOut(sessions=found[::-1])


@router.post("/sessions", status_code=201)
def make_session(body: SessionIn, workspace: WorkspaceDep, settings: SettingsDep) -> SessionOut:
    session = create_session(workspace, body.name.strip(), body.base, _settings(body.settings))
    return _out(session, [], workspace, settings)


@router.get("/sessions/{number}")
def read_session(number: Number, workspace: WorkspaceDep, settings: SettingsDep) -> SessionOut:
    return _out(get_session(workspace, number), look_at_models(workspace).models, workspace, settings)


@router.patch("/sessions/{number}")
def patch_session(number: Number, body: SessionPatch, workspace: WorkspaceDep, settings: SettingsDep) -> SessionOut:
    """Replace what is given."""
    chosen = None if body.settings is None else _settings(body.settings)
    name = None if body.name is None else body.name.strip()
    session = change_session(workspace, number, name=name, base=body.base, settings=chosen)
    return _out(session, look_at_models(workspace).models, workspace, settings)


@router.delete("/sessions/{number}")
def remove_session(number: Number, workspace: WorkspaceDep) -> DeletedOut:
    """Take a session off the list; its model versions, data sets and reports stay."""
    delete_session(workspace, number)
    return DeletedOut(
        deleted=number, kept_models=[one.number for one in look_at_models(workspace).models if one.session == number]
    )


@router.get("/sessions/{number}/suggestions")
def read_suggestions(
    number: Number, request: Request, workspace: WorkspaceDep, settings: SettingsDep
) -> SuggestionsOut:
    """What stated rules on data and memory would set otherwise."""
    session = get_session(workspace, number)
    chosen = session.settings
    options = DatasetOptions(chosen.partial, chosen.rejects, task=chosen.task)
    try:
        truth = read_shown_truth(request)
        facts = facts_of(truth, workspace, options, lambda path: image_file_of(settings, path))
    except WinnowError as error:
        return SuggestionsOut(suggestions=[], problem=str(error))
    models = look_at_models(workspace).models
    mine = [model.number for model in models if model.session == number and model.task == chosen.task]
    found = suggestions(facts, look_at_machine(), chosen, session.base, max(mine, default=None))
    return SuggestionsOut(suggestions=[SuggestionOut.model_validate(one) for one in found], problem=None)


@router.get("/sessions/{number}/next-images")
def read_next_images(
    number: Number, workspace: WorkspaceDep, session: SessionDep, images: ImageStatesDep, part: PartQuery = "train"
) -> NextImagesOut:
    """Images of the open pool that are not complete: to train on by the detector's doubt, to measure on at random."""
    look = images.look()
    holdout = drawn_holdout(look.truth, workspace)
    ranked, considered = _next(get_session(workspace, number), look, holdout, part, workspace, session)
    return _next_images(ranked, considered, session)


@router.post("/sessions/{number}/review")
def review_next_images(
    number: Number,
    workspace: WorkspaceDep,
    session: SessionDep,
    images: ImageStatesDep,
    work: TriageDep,
    part: PartQuery = "train",
) -> NextImagesOut:
    """Show the next images on the label page, and nothing else; the rest of the filter stays."""
    look = images.look()
    # From here on people choose what is looked at: what measures must have been drawn before.
    holdout = grow_holdout(look.truth, workspace)
    ranked, considered = _next(get_session(workspace, number), look, holdout, part, workspace, session)
    chosen = replace(session.filter, images=tuple(image.path for image in ranked))
    session.set_filter(chosen, work.members_for(chosen, session.pool))
    return _next_images(ranked, considered, session)


def _next(
    chosen: TrainingSession, look: Look, holdout: Holdout, part: Part, workspace: Workspace, session: Session
) -> tuple[list[RankedImage], int]:
    """The next images of a part, and how many they were chosen from."""
    is_open = look.states[: look.images.n] != STATES.index("complete")
    paths = [session.pool.paths[place] for place in np.flatnonzero(is_open).tolist()]
    candidates = [path for path in paths if holdout.part_of(path) == part]
    rng = np.random.default_rng([session.settings.seed, chosen.number])
    ranking, counts = chosen.settings.ranking, {}
    if part == "holdout":
        # A fair sample: measured on the images a detector doubts, figures would be of those alone.
        sample = [candidates[place] for place in rng.permutation(len(candidates))[: ranking.max_images]]
        options = RankingOptions(max_samples=ranking.max_images)
        return rank_images(session.pool, options, sample, rng=rng), len(candidates)
    if ranking.class_balance:
        counts = stock_of(look.truth, workspace, DatasetOptions()).parts["train"].boxes
    options = ranking.options(counts)
    return rank_images(session.pool, options, candidates, session.features.vectors, rng=rng), len(candidates)


def _next_images(ranked: list[RankedImage], considered: int, session: Session) -> NextImagesOut:
    return NextImagesOut(
        images=[RankedImageOut.model_validate(asdict(image)) for image in ranked],
        considered=considered,
        in_review=bool(ranked) and set(session.filter.images) == {image.path for image in ranked},
    )


def _settings(given: SettingsOut) -> SessionSettings:
    return settings_of(given.model_dump())


def _out(session: TrainingSession, models: list[ModelVersion], workspace: Workspace, settings: Settings) -> SessionOut:
    mine = [model for model in models if model.session == session.number]
    gains = [
        Gain(
            model.number,
            model.metrics_before.map50_95,
            model.metrics.map50_95,
            model.metrics.recall,
            model.metrics.boxes,
        )
        for model in mine
        if model.metrics_before is not None
    ]
    return SessionOut(
        number=session.number,
        name=session.name,
        base=session.base,
        settings=SettingsOut.model_validate(session.settings),
        created_at=session.created_at,
        iterations=[_iteration(model, workspace, settings) for model in reversed(mine)],
        convergence=ConvergenceOut.model_validate(convergence(gains)),
    )


def _iteration(model: ModelVersion, workspace: Workspace, settings: Settings) -> IterationOut:
    errors = mistakes_path(settings.base_folder, model.number)
    return IterationOut(
        model=model.number,
        base=model.base,
        dataset=model.dataset,
        created_at=model.created_at,
        seconds=model.seconds,
        before=model.before,
        metrics=model.metrics.as_json(),
        metrics_before=model.metrics_before.as_json() if model.metrics_before else None,
        per_class=[ClassChangeOut.model_validate(one) for one in class_changes(model)],
        errors_pool=errors.name if errors.is_file() else None,
        has_report=report_path(workspace, model.number).is_file(),
    )
