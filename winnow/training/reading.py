"""The truth as the log has it now, read beside a running server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.errors import RefsError
from winnow.filters import CORRECTIONS, MISTAKES, Filter, known_refs
from winnow.pool import Pool, open_pool
from winnow.settings import Settings
from winnow.training.listing import Listing
from winnow.training.truth import Truth
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import VerdictLog


@dataclass(frozen=True)
class Reading:
    """One look at refs and log."""

    pool: Pool
    ledger: Ledger
    truth: Truth


def covered_rows(pool: Pool, chosen: Filter) -> NDArray[np.bool_]:
    """(n,) bool: near-duplicates that were set aside and whose better proposal, which speaks for them, was not."""
    if "near_duplicate" not in chosen.set_aside:
        return np.zeros(pool.n_rows, dtype=bool)
    from winnow.proposals.triage import triage_of

    triage = triage_of(pool)
    is_aside = np.any([triage.members[name] for name in chosen.set_aside if name in triage.members], axis=0)
    return triage.members["near_duplicate"] & ~is_aside[triage.represented_by]


@contextmanager
def log_of(settings: Settings) -> Iterator[VerdictLog]:
    """The settings' log, for reading only."""
    log = VerdictLog(settings.database_url, is_writer=False)
    try:
        yield log
    finally:
        log.close()


def read_truth(settings: Settings, refs: Path | None = None) -> Reading:
    """Of the settings' refs, or of others beside them.

    Raises RefsError, DatabaseError where refs or log are not there, or these refs lie elsewhere.
    """
    if refs is not None and refs.absolute().parent != settings.base_folder:
        raise RefsError(f"{refs} does not lie in {settings.base_folder}, where the log's images are. Copy it there.")
    pool = open_pool(refs or settings.refs)
    with log_of(settings) as log:
        ledger = Ledger(log.replay())
        known = {settings.refs.absolute(): Filter(), **known_refs(log, settings.base_folder)}
    own = listing_of(pool, known.pop(pool.refs_path, Filter()))
    return Reading(pool, ledger, Truth(own, ledger, others=other_listings(known)))


def listing_of(pool: Pool, chosen: Filter) -> Listing:
    """A pool's proposals by image, near-duplicates that were set aside covered."""
    is_whole = not pool.refs_path.name.startswith((MISTAKES, CORRECTIONS))
    return Listing(pool, covered_rows(pool, chosen), is_whole=is_whole)


def other_listings(refs: dict[Path, Filter]) -> list[Listing]:
    """What other refs proposed; lists of single mistakes say nothing of whole images. Raises RefsError."""
    return [listing_of(open_pool(path), chosen) for path, chosen in refs.items() if not path.name.startswith(MISTAKES)]
