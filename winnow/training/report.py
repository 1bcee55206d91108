"""The report of a round: what was judged, and what it made of the model. Saved as JSON and as one printable page."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import UnknownReport, UnknownSession, WinnowError
from winnow.files import write_atomically
from winnow.pool import open_pool
from winnow.round_files import proposals_files
from winnow.settings import Settings
from winnow.training.dataset import DatasetVersion, get_dataset
from winnow.training.metrics import Metrics
from winnow.training.models import ModelVersion, get_model, list_models
from winnow.training.reading import log_of
from winnow.training.rounds import RoundFigures, events_of_round, figures_of, is_of_mistake, standing_verdicts
from winnow.training.sessions import get_session
from winnow.training.workspace import Workspace, numbered
from winnow.verdicts.log import Verdict

SCHEMA = 1
HEADLINE = ("map50", "map50_95", "precision", "recall", "false_positives", "false_negatives")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@dataclass(frozen=True)
class PoolShare:
    """A refs file that the round's verdicts are about: its regions, and how many of them were judged."""

    name: str
    regions: int
    judged: int


@dataclass(frozen=True)
class ClassChange:
    """A class on the hold-out; None where the version before did not know it, or there is none."""

    name: str
    boxes: int
    precision_before: float | None
    precision: float
    recall_before: float | None
    recall: float
    map50_before: float | None
    map50: float


@dataclass(frozen=True)
class RoundReport:
    """A round's report; its number is that of the model version which ended it. Metrics are on one hold-out."""

    number: int
    base: str
    before: int | None  # the model version it is compared with
    session: int | None
    session_name: str | None
    dataset: int
    dataset_before: int | None
    first_event: int
    last_event: int
    figures: RoundFigures
    pools: tuple[PoolShare, ...]
    metrics: dict[str, float | None]  # those of HEADLINE, and the sum of the losses
    metrics_before: dict[str, float | None] | None
    holdout_images: int
    holdout_boxes: int
    per_class: tuple[ClassChange, ...]
    gain_per_100_verdicts: float | None  # of mAP50-95
    counts: dict[str, dict[str, Any]]
    counts_before: dict[str, dict[str, Any]] | None
    options: dict[str, Any]
    seconds: float
    created_at: float = field(default_factory=time.time)  # seconds since 1970, UTC
    schema: int = SCHEMA


def write_report(settings: Settings, number: int) -> Path:
    """Make and save the report of the round that model version `number` ended; answers the page's file.

    Raises:
        UnknownVersion: the model version, or its data set version, is not there.
        WinnowError: the log cannot be read, or the files cannot be written.
    """
    workspace = Workspace(settings.workspace_path)
    values = asdict(make_report(settings, workspace, number))
    try:
        workspace.reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WinnowError(f"{workspace.reports} cannot be made: {error}. Make the folder writable.") from error
    page = report_path(workspace, number).with_suffix(".html")
    write_atomically(page, report_html(values).encode())
    write_atomically(report_path(workspace, number), (json.dumps(values, indent=1) + "\n").encode())
    return page


def make_report(settings: Settings, workspace: Workspace, number: int) -> RoundReport:
    """As `write_report`, writing nothing."""
    model = get_model(workspace, number)
    dataset = get_dataset(workspace, model.dataset)
    before = _dataset_before(workspace, number)
    first = before.manifest.last_seq if before else 0
    with log_of(settings) as log:
        live = events_of_round(log.replay(), first, dataset.manifest.last_seq)
    figures = figures_of(live)
    return RoundReport(
        number=number,
        base=model.base,
        before=model.before,
        session=model.session,
        session_name=_session_name(workspace, model.session),
        dataset=dataset.number,
        dataset_before=before.number if before else None,
        first_event=first + 1,
        last_event=dataset.manifest.last_seq,
        figures=figures,
        pools=_pools(settings, standing_verdicts([one for one in live if not is_of_mistake(one)])),
        metrics=_headline(model.metrics),
        metrics_before=_headline(model.metrics_before) if model.metrics_before else None,
        holdout_images=model.metrics.images,
        holdout_boxes=model.metrics.boxes,
        per_class=class_changes(model),
        gain_per_100_verdicts=_gain_per_100(model, figures),
        counts=dataset.counts,
        counts_before=before.counts if before else None,
        options=model.options,
        seconds=model.seconds,
    )


def class_changes(model: ModelVersion) -> tuple[ClassChange, ...]:
    """Precision, recall and mAP50 of each class, beside those of the version before on the same hold-out."""
    known = {one.name: one for one in model.metrics_before.per_class} if model.metrics_before else {}
    changes = []
    for one in model.metrics.per_class:
        old = known.get(one.name)
        changes.append(
            ClassChange(
                one.name,
                one.boxes,
                old.precision if old else None,
                one.precision,
                old.recall if old else None,
                one.recall,
                old.map50 if old else None,
                one.map50,
            )
        )
    return tuple(changes)


def list_reports(workspace: Workspace) -> list[int]:
    """The rounds that have a report, oldest first."""
    return list(numbered(workspace.reports, "round-", ".json"))


def read_report(workspace: Workspace, number: int) -> dict[str, Any]:
    """A saved report, as JSON has it. Raises UnknownReport, WinnowError for a damaged one."""
    path = report_path(workspace, number)
    if not path.is_file():
        raise UnknownReport(f"There is no report of round {number}. Make it: python -m winnow report --round {number}")
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        again = f"python -m winnow report --round {number}"
        raise WinnowError(f"{path} cannot be read: {error}. Make it again: {again}") from error
    return values


def report_path(workspace: Workspace, number: int) -> Path:
    return workspace.reports / f"round-{number:04d}.json"


def report_html(values: dict[str, Any]) -> str:
    """One page that needs nothing else: styles inside, no scripts, every value escaped."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["utc"] = utc
    css = (TEMPLATES.parent / "static" / "css" / "report.css").read_text()
    return environment.get_template("report_file.html").render(report=values, css=css)


def utc(seconds: float) -> str:
    """Seconds since 1970 as people write a moment."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"


def _dataset_before(workspace: Workspace, number: int) -> DatasetVersion | None:
    """The data set version of the newest model version before this one."""
    earlier = [model.dataset for model in list_models(workspace) if model.number < number]
    return get_dataset(workspace, earlier[-1]) if earlier else None


def _session_name(workspace: Workspace, number: int | None) -> str | None:
    try:
        return None if number is None else get_session(workspace, number).name
    except UnknownSession:  # deleted since
        return None


def _headline(metrics: Metrics) -> dict[str, float | None]:
    return {name: getattr(metrics, name) for name in HEADLINE} | {"loss": metrics.loss["sum"] if metrics.loss else None}


def _gain_per_100(model: ModelVersion, figures: RoundFigures) -> float | None:
    n = figures.judged + figures.corrected
    if model.metrics_before is None or not n:
        return None
    return 100 * (model.metrics.map50_95 - model.metrics_before.map50_95) / n


def _pools(settings: Settings, standing: Sequence[Verdict]) -> tuple[PoolShare, ...]:
    """The refs files that the verdicts are about; an item counts for the newest file that has it."""
    left = np.array([int(verdict.item_id, 16) for verdict in standing], np.uint64)
    shares = []
    for refs in [*proposals_files(settings.base_folder), settings.refs.absolute()]:
        if len(left) and refs.is_file():
            pool = open_pool(refs)
            is_here = pool.rows_of(left) >= 0
            regions = int(np.count_nonzero(~pool.is_duplicate & np.isfinite(pool.boxes_xyxy[:, 0])))
            if is_here.any():
                shares.append(PoolShare(refs.name, regions, int(np.count_nonzero(is_here))))
            left = left[~is_here]
    return tuple(shares)
