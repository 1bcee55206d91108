"""Which proposals the label page takes: of which classes, scores, triage groups and images."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from winnow.errors import UnknownGroup
from winnow.pool import Pool
from winnow.pool.index import StringTable
from winnow.verdicts.log import VerdictLog

PROPOSALS = "proposals-"  # begins the name of refs that a Predict run writes
MISTAKES = "errors-"  # begins the name of refs that training writes: what a model got wrong on the hold-out
CORRECTIONS = "corrections.csv"  # refs of all corrected boxes, kept up to date with the log: nobody proposed them
JUDGED_BEFORE = "judged_before"  # the group of proposals that an earlier round's verdict already speaks for


@dataclass(frozen=True)
class Filter:
    """What is shown. Nothing is deleted: a wider filter brings everything back.

    classes and images are exact names, empty = all; scores are inclusive, items without a score always pass; set_aside
    names triage groups.
    """

    classes: tuple[str, ...] = ()
    score_min: float = 0.0
    score_max: float = 1.0
    set_aside: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> "Filter":
        """The filter that `to_json` wrote; the widest one for None."""
        values: dict[str, Any] = json.loads(text) if text else {}
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**values)

    def shown(self, pool: Pool, members: dict[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """(n,) bool of the pool's rows; `members` holds (n,) bool a triage group. Raises UnknownGroup."""
        shown = np.isnan(pool.scores) | ((pool.scores >= self.score_min) & (pool.scores <= self.score_max))
        if self.classes:
            shown &= np.isin(pool.class_codes, _codes_of(self.classes, pool.classes))
        if self.images:
            shown &= np.isin(pool.path_codes, _codes_of(self.images, pool.paths))
        for name in self.set_aside:
            if name not in members:
                raise UnknownGroup(f"There is no triage group {name!r}; there are {', '.join(members) or 'none'}.")
            shown &= ~members[name]
        return shown


def known_refs(log: VerdictLog, folder: Path) -> dict[Path, Filter]:
    """The refs files that proposed something, with filters: those ever opened with this log, and those of rounds."""
    filters = log.read_states("filter:")
    names = {*log.read_states("pool:"), *(path.name for path in folder.glob(f"{PROPOSALS}*.csv"))} - {CORRECTIONS}
    return {folder / name: Filter.from_json(filters.get(name)) for name in sorted(names) if (folder / name).is_file()}


def _codes_of(names: tuple[str, ...], texts: StringTable) -> list[int]:
    wanted = set(names)
    return [code for code in range(len(texts)) if texts[code] in wanted]
