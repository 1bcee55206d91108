"""Audits on disk: `auto/0001/` in the workspace holds a plan that is never changed, and how far it was taken."""

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.auto.certificate import Look, Zone
from winnow.auto.planning import AutoError, SidePlan
from winnow.files import write_atomically
from winnow.pool import Pool

SCHEMA = 1


@dataclass(frozen=True)
class Audit:
    """A plan as it was drawn: of which pool, by which model, for which share of right ones."""

    number: int
    pool: str  # the refs file's name
    model_version: int
    target: float
    sides: tuple[SidePlan, ...]


@dataclass(frozen=True)
class Course:
    """How far an audit was taken: the looks that were asked for, and whether it was given up."""

    looks: int = 1
    is_closed: bool = False


class AuditFiles:
    """The folder of all audits; the one that was read last is kept, since every verdict on its sample asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[tuple[int, str], Audit] | None = None

    def newest(self, pool: Pool) -> tuple[Audit, Course] | None:
        """The newest audit of a pool that was not given up."""
        for number in sorted(self._numbers(), reverse=True):
            card = self._card(number)
            if card["pool"] == pool.refs_path.name:
                course = self.course(number)
                return None if course.is_closed else (self._audit(card, pool), course)
        return None

    def numbered(self, pool: Pool, number: int) -> tuple[Audit, Course]:
        """The newest audit, if it is this one; raises AutoError where it is not."""
        found = self.newest(pool)
        if found is None or found[0].number != number:
            raise AutoError(f"Audit {number} is no longer the one of {pool.refs_path.name}. Reload the page.")
        return found

    def next_number(self) -> int:
        return max(self._numbers(), default=0) + 1

    def write(self, audit: Audit, pool: Pool) -> None:
        """Keep a new audit; it is there once its card is, which is written last.

        Raises:
            WinnowError: it cannot be written.
        """
        folder = self._of(audit.number)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AutoError(f"{folder} cannot be made: {error}. Check the workspace's permissions.") from error
        arrays: dict[str, np.ndarray] = {}
        for plan in audit.sides:
            arrays[f"{plan.side}_ids"] = pool.ids[plan.rows]
            arrays[f"{plan.side}_probability"] = plan.probability
            arrays[f"{plan.side}_sample"] = plan.sample
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_atomically(folder / "candidates.npz", buffer.getvalue())
        sides = [{"side": p.side, "looks": [asdict(look) for look in p.looks], "chance": p.chance} for p in audit.sides]
        card = {"schema": SCHEMA, "number": audit.number, "pool": audit.pool, "model_version": audit.model_version}
        card |= {"target": audit.target, "sides": sides}
        write_atomically(folder / "plan.json", json.dumps(card, indent=1).encode())

    def course(self, number: int) -> Course:
        path = self._of(number) / "course.json"
        return Course(**json.loads(path.read_text())) if path.is_file() else Course()

    def write_course(self, number: int, course: Course) -> None:
        write_atomically(self._of(number) / "course.json", json.dumps(asdict(course)).encode())

    def _of(self, number: int) -> Path:
        return self._folder / f"{number:04}"

    def _numbers(self) -> list[int]:
        cards = self._folder.glob("*/plan.json")
        return [int(card.parent.name) for card in cards if card.parent.name.isdecimal()]

    def _card(self, number: int) -> dict[str, Any]:
        path = self._of(number) / "plan.json"
        card: dict[str, Any] = json.loads(path.read_text())
        if card["schema"] != SCHEMA:
            raise AutoError(f"{path} has schema {card['schema']}; this Winnow knows {SCHEMA}. Update Winnow.")
        return card

    def _audit(self, card: dict[str, Any], pool: Pool) -> Audit:
        of_what = (card["number"], pool.fingerprint)
        read = self._read  # once: another request may replace it
        if read and read[0] == of_what:
            return read[1]
        path = self._of(card["number"]) / "candidates.npz"
        with np.load(path, allow_pickle=False) as arrays:
            sides = tuple(_side_plan(side, arrays, pool) for side in card["sides"])
        audit = Audit(card["number"], card["pool"], card["model_version"], card["target"], sides)
        self._read = of_what, audit
        return audit


def _side_plan(side: dict[str, Any], arrays: Any, pool: Pool) -> SidePlan:
    name = side["side"]
    rows = pool.rows_of(arrays[f"{name}_ids"])
    if (rows < 0).any():
        raise AutoError(
            f"{int((rows < 0).sum()):,} items of this audit are no longer in {pool.refs_path.name}, so it proves "
            "nothing any more. Start a new one."
        )
    looks = [Look(look["size"], look["alpha"], tuple(Zone(**zone) for zone in look["zones"])) for look in side["looks"]]
    return SidePlan(
        name, rows, arrays[f"{name}_probability"], arrays[f"{name}_sample"], tuple(looks), float(side["chance"])
    )
