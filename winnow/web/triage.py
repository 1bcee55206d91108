"""The triage page's calls: groups of proposals, and the filter that sets them aside."""

from dataclasses import asdict

import numpy as np
from fastapi import APIRouter

from winnow.board import UNJUDGED
from winnow.errors import UnknownGroup
from winnow.filters import JUDGED_BEFORE, Filter
from winnow.pool import Pool
from winnow.pool.boxes import SAME_IOU
from winnow.proposals.triage import GROUPS, Triage
from winnow.session import Session
from winnow.web.deps import SessionDep, TriageDep
from winnow.web.present import item_out
from winnow.web.schemas_triage import ClassCount, FilterIn, FilterOut, GroupOut, TriageOut

router = APIRouter(prefix="/api", tags=["triage"])
THUMBS = 12
BINS = 20
ALL_GROUPS = {
    **GROUPS,
    JUDGED_BEFORE: (
        "Judged before",
        "An earlier verdict speaks for them already.",
        "overlaps a region of its class that was accepted or rejected in an earlier round, imported or drawn, by an "
        f"IoU of at least {SAME_IOU:g}",
    ),
}


@router.get("/triage")
def read_triage(session: SessionDep, work: TriageDep) -> TriageOut:
    """Groups with their first members; the first ask starts the work, which goes on in the background."""
    triage, problem, seconds = work.look(session.pool)
    counted = _proposals(session.pool)
    scores = session.pool.scores[counted]
    return TriageOut(
        state="ready" if triage else "failed" if problem else "computing",
        seconds=round(seconds, 1),
        problem=problem,
        total=int(counted.sum()),
        groups=_groups_out(session, triage, counted) if triage else [],
        histogram=np.histogram(scores[~np.isnan(scores)], BINS, (0.0, 1.0))[0].tolist(),
        without_score=int(np.isnan(scores).sum()),
        filter=_filter_out(session),
    )


@router.get("/filter")
def read_filter(session: SessionDep) -> FilterOut:
    return _filter_out(session)


@router.put("/filter")
def choose_filter(body: FilterIn, session: SessionDep, work: TriageDep) -> FilterOut:
    """Show only what passes, now and after a restart; nothing is deleted."""
    if unknown := set(body.set_aside) - ALL_GROUPS.keys():
        raise UnknownGroup(f"There is no triage group {min(unknown)!r}; there are {', '.join(ALL_GROUPS)}.")
    chosen = Filter(
        classes=tuple(body.classes),
        score_min=body.score_min,
        score_max=body.score_max,
        set_aside=tuple(body.set_aside),
        images=tuple(body.images),
    )
    session.set_filter(chosen, work.members_for(chosen, session.pool))
    return _filter_out(session)


def _proposals(pool: Pool) -> np.ndarray:
    """(n,) bool: rows with a box that do not repeat an earlier row."""
    return ~np.isnan(pool.boxes_xyxy[:, 0]) & ~pool.is_duplicate


def _groups_out(session: Session, triage: Triage, counted: np.ndarray) -> list[GroupOut]:
    all_members = {**triage.members, JUDGED_BEFORE: session.judged_before}
    return [
        GroupOut(
            name=name,
            label=label,
            help=help_,
            rule=rule,
            count=int((members := all_members[name] & counted).sum()),
            is_set_aside=name in session.filter.set_aside,
            thumbs=[item_out(session, row, strategy="triage") for row in _spread(np.flatnonzero(members))],
        )
        for name, (label, help_, rule) in ALL_GROUPS.items()
    ]


def _spread(rows: np.ndarray) -> list[int]:
    """At most THUMBS of the rows, spread evenly: neighbours in the refs look alike."""
    places = np.linspace(0, len(rows) - 1, min(THUMBS, len(rows))).round().astype(np.int64)
    return rows[places].tolist()


def _filter_out(session: Session) -> FilterOut:
    pool, progress = session.pool, session.board.progress()
    shown = session.shown & ~pool.is_duplicate
    n_shown = int(shown.sum())
    return FilterOut(
        **asdict(session.filter),
        shown=n_shown,
        hidden=pool.n_items - n_shown,
        open=int((shown & (session.board.label_of_row == UNJUDGED)).sum()),
        judged=progress.labeled + progress.skipped,
        has_boxes=bool(_proposals(pool).any()),
        available=_class_counts(pool),
        named=_named_by_people(session),
    )


def _class_counts(pool: Pool) -> list[ClassCount]:
    codes = pool.class_codes[(pool.class_codes >= 0) & ~pool.is_duplicate]
    counts = np.bincount(codes, minlength=len(pool.classes))
    order = np.argsort(-counts, kind="stable").tolist()
    return [ClassCount(name=pool.classes[code], count=int(counts[code])) for code in order if counts[code]]


def _named_by_people(session: Session) -> list[str]:
    known = {session.pool.classes[code] for code in range(len(session.pool.classes))}
    with session.reading() as ledger:
        given = {verdict.class_name for verdict in ledger.currents() if verdict.class_name}
    return sorted(given - known)
