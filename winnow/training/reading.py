"""The truth as the log has it now, read beside a running server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.errors import RefsError
from winnow.filters import Filter
from winnow.pool import Pool, open_pool
from winnow.settings import Settings
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
    """(n,) bool: near-duplicates that were set aside; the better proposal of each speaks for it."""
    if "near_duplicate" not in chosen.set_aside:
        return np.zeros(pool.n_rows, dtype=bool)
    from winnow.proposals.triage import triage_of

    return triage_of(pool).members["near_duplicate"]


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
        chosen = Filter.from_json(log.read_state(f"filter:{pool.refs_path.name}"))
    return Reading(pool, ledger, Truth(pool, ledger, covered=covered_rows(pool, chosen)))
