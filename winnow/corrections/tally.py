"""Rounds and time: what the reviews of each round came to, for all and for each annotator."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache

from winnow.corrections.cases import MANUAL_MINUTES, Case, CaseFigures, cases_of, figures_of, is_review
from winnow.corrections.changes import Change, Lineage, MaskOf, changes_of
from winnow.errors import UnknownVersion
from winnow.filters import known_refs
from winnow.pool import open_pool
from winnow.settings import Settings
from winnow.training.dataset import get_dataset
from winnow.training.masks_of import MasksOf
from winnow.training.models import list_models
from winnow.training.reading import log_of
from winnow.training.workspace import Workspace
from winnow.verdicts.log import Undo, Verdict, VerdictLog


@dataclass(frozen=True)
class Span:
    """A round: log events with a number in (after, until]; the number of the model version that ended it.

    The one that goes on has neither number nor end.
    """

    number: int | None
    after: int
    until: int | None


@dataclass(frozen=True)
class Row:
    """A round's cases by one annotator; None = by all. Of an image reviewed by two, the newer review counts for all."""

    round: int | None
    annotator: str | None
    first_event: int
    last_event: int
    figures: CaseFigures


@dataclass(frozen=True)
class Tally:
    """Rows by round, oldest first, that of all before those of each; rounds without a case are left out.

    total: all rounds together, an image counted once a round. problems: model versions whose data set is gone, so that
    nobody knows where their round ended; their cases are in the next one.
    """

    manual_minutes: float
    rows: tuple[Row, ...]
    total: CaseFigures
    problems: tuple[str, ...]


def read_tally(settings: Settings, *, manual_minutes: float = MANUAL_MINUTES) -> Tally:
    """Of the settings' log and workspace, also while a server writes.

    Raises:
        DatabaseError, ModelError, DatasetError, RefsError, ProposalError: one of them is not there or damaged.
    """
    spans, problems = spans_of(Workspace(settings.workspace_path))
    with log_of(settings) as log:
        mask_of = _predicted_masks(settings, log)
        return tally_of(log.replay(), spans, mask_of, manual_minutes=manual_minutes, problems=problems)


def spans_of(workspace: Workspace) -> tuple[list[Span], list[str]]:
    """The rounds that model versions ended, then the one that goes on; and what is not known of them."""
    spans: list[Span] = []
    problems = []
    for model in list_models(workspace):
        after = (spans[-1].until or 0) if spans else 0
        try:
            until = get_dataset(workspace, model.dataset).manifest.last_seq
        except UnknownVersion:
            problems.append(
                f"{model.name}: its data set version {model.dataset} is gone; its cases are in the next round."
            )
            continue
        spans.append(Span(model.number, after, max(after, until)))
    spans.append(Span(None, (spans[-1].until or 0) if spans else 0, None))
    return spans, problems


def tally_of(
    events: Iterable[Verdict | Undo],
    spans: Sequence[Span],
    mask_of: MaskOf,
    *,
    manual_minutes: float = MANUAL_MINUTES,
    problems: Sequence[str] = (),
) -> Tally:
    """Count the cases of each round, as they stood at its end."""
    rows: list[Row] = []
    cases: list[Case] = []
    changes: list[Change] = []
    for span, known in _at_ends(events, spans):
        live = [event for event in known if event.seq > span.after]
        names = sorted({event.annotator for event in live if is_review(event)})
        lineage = Lineage(known)
        for name in [None, *names] if names else []:
            own = [event for event in live if name in (None, event.annotator)]
            own_cases, own_changes = cases_of(own), changes_of(own, lineage, mask_of)
            figures = figures_of(own_cases, own_changes, manual_minutes=manual_minutes)
            rows.append(Row(span.number, name, live[0].seq, live[-1].seq, figures))
            if name is None:
                cases += own_cases
                changes += own_changes
    total = figures_of(cases, changes, manual_minutes=manual_minutes)
    return Tally(manual_minutes, tuple(rows), total, tuple(problems))


def as_csv(tally: Tally) -> bytes:
    """One line a row; docs/rounds.md has the header. Rates 0 … 1, times in seconds; empty = not known."""
    text = io.StringIO()
    names = [
        "round",
        "annotator",
        "first_event",
        "last_event",
        *(f.name for f in fields(CaseFigures)),
        "manual_minutes",
    ]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in tally.rows:
        values = {**asdict(row), **asdict(row.figures), "manual_minutes": tally.manual_minutes}
        del values["figures"]
        writer.writerow({name: _rounded(value) for name, value in values.items()})
    return text.getvalue().encode()


def as_text(tally: Tally) -> str:
    """The rows of all annotators and of each, for a terminal, and how hours are counted."""
    lines = [_line("round", "annotator", "cases", "accepted", "refined", "rejected", "median", "mean", "saved", "IoU")]
    for row in tally.rows:
        f = row.figures
        counts = (f.cases, f.accepted, f.refined, f.rejected)
        times = [_unit(f.seconds_median, "s", 1), _unit(f.seconds_mean, "s", 1), _unit(f.hours_saved, "h", 2)]
        name = "now" if row.round is None else row.round
        lines.append(_line(name, row.annotator or "all", *counts, *times, _unit(f.box_iou, "", 3)))
    if not tally.rows:
        lines = ["No image has been reviewed yet. Review predictions on the Results page."]
    return "\n".join([*lines, *tally.problems, assumption(tally)])


def assumption(tally: Tally) -> str:
    """What hours saved take for granted, in words."""
    untimed = f"; {tally.total.untimed:,} cases without a time are left out" if tally.total.untimed else ""
    return (
        f"Hours saved: {tally.manual_minutes:g} minutes by hand for every case, also a rejected one, less the measured "
        f"time{untimed}."
    )


def _line(*cells: object) -> str:
    first, name, *rest = map(str, cells)
    return f"{first:<6} {name:<16}" + "".join(f"{cell:>10}" for cell in rest)


def _unit(value: float | None, unit: str, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f} {unit}".rstrip()


def _predicted_masks(settings: Settings, log: VerdictLog) -> MaskOf:
    """Looked up in the project's refs once a correction has a mask: most tallies need none."""

    @cache
    def masks() -> MasksOf:
        known = {settings.refs.absolute(), *known_refs(log, settings.base_folder)}
        return MasksOf(open_pool(path) for path in sorted(known) if path.is_file())

    return lambda region: masks().mask_of(region)


def _at_ends(events: Iterable[Verdict | Undo], spans: Sequence[Span]) -> Iterator[tuple[Span, list[Verdict]]]:
    """Each round with all live verdicts as of its end, oldest first."""
    live: dict[int, Verdict] = {}
    rest = iter(events)
    waiting = next(rest, None)
    for span in spans:
        while waiting and (span.until is None or waiting.seq <= span.until):
            if isinstance(waiting, Undo):
                live.pop(waiting.undoes, None)
            else:
                live[waiting.seq] = waiting
            waiting = next(rest, None)
        yield span, list(live.values())


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value
