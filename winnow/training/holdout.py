"""The hold-out: images that measure every model and train none. Drawn once, frozen, growing only by new images."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from winnow.errors import DatasetError
from winnow.files import write_atomically
from winnow.training.manifest import Part

SCHEMA = 1


@dataclass(frozen=True)
class Draw:
    """One growth of the split: by lot (`share`, `seed`), or assigned by an imported set's own split."""

    at: float  # seconds since 1970, UTC
    kind: Literal["drawn", "assigned"]
    share: float | None
    seed: int | None
    parts: dict[str, Part]  # image path -> where it is for ever
    groups: dict[str, str]  # image path -> group, for the images that have one


class Holdout:
    """The split as its draws add up to; immutable, `drawn` and `assigned` answer a grown one."""

    def __init__(self, draws: Iterable[Draw] = ()) -> None:
        self.draws = tuple(draws)
        self._parts: dict[str, Part] = {}
        self._part_of_group: dict[str, Part] = {}
        for draw in self.draws:
            for path, part in draw.parts.items():
                self._parts.setdefault(path, part)
                if path in draw.groups:
                    self._part_of_group.setdefault(draw.groups[path], part)

    def part_of(self, path: str) -> Part | None:
        """Where an image is; None for one that no draw has seen."""
        return self._parts.get(path)

    def paths(self, part: Part) -> list[str]:
        """The images of a part, sorted."""
        return sorted(path for path, its_part in self._parts.items() if its_part == part)

    def drawn(self, images: Mapping[str, str | None], *, share: float, seed: int) -> "Holdout":
        """With every new image (path -> group or None) in a part; itself when none is new.

        A new image of a known group goes where its group is. New groups are drawn whole, in random order, as long as
        they fit into what the hold-out lacks of its share of all images that were ever drawn (what an import put there
        counts); when there is no hold-out yet, at least the smallest group goes there.

        Raises:
            DatasetError: the share is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise DatasetError(f"The hold-out's share is {share:g}; it takes a number between 0 and 1, such as 0.2.")
        new = {path: group for path, group in images.items() if path not in self._parts}
        if not new:
            return self
        parts: dict[str, Part] = {}
        unknown: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path in sorted(new):
            group = new[path]
            if group is not None and group in self._part_of_group:
                parts[path] = self._part_of_group[group]
            else:
                unknown[("image", path) if group is None else ("group", group)].append(path)
        rng = np.random.default_rng([seed, len(self.draws)])
        room = self._lacking(share, len(new)) - sum(part == "holdout" for part in parts.values())
        parts |= _lots(list(unknown.values()), room, rng, is_first="holdout" not in self._parts.values())
        return self._with("drawn", share, seed, parts, new)

    def assigned(self, parts: Mapping[str, Part], groups: Mapping[str, str | None]) -> "Holdout":
        """With images where an imported set has them, as far as neither they nor their group are somewhere already."""
        new: dict[str, Part] = {}
        part_of_group = dict(self._part_of_group)
        for path, part in parts.items():
            if path in self._parts:
                continue
            group = groups.get(path)
            new[path] = part if group is None else part_of_group.setdefault(group, part)
        return self._with("assigned", None, None, new, groups) if new else self

    def _lacking(self, share: float, n_new: int) -> int:
        """What is due of the images drawn by lot, less what the hold-out has: imported hold-out images count too."""
        due = share * n_new + sum((draw.share or 0) * len(draw.parts) for draw in self.draws)
        return round(due) - sum(part == "holdout" for part in self._parts.values())

    def _with(
        self,
        kind: Literal["drawn", "assigned"],
        share: float | None,
        seed: int | None,
        parts: dict[str, Part],
        groups: Mapping[str, str | None],
    ) -> "Holdout":
        known_groups = {path: group for path in sorted(parts) if (group := groups.get(path)) is not None}
        draw = Draw(time.time(), kind, share, seed, dict(sorted(parts.items())), known_groups)
        return Holdout([*self.draws, draw])

    @classmethod
    def read(cls, path: Path) -> "Holdout":
        """The split of a workspace (`workspace.holdout`), empty where none was drawn. Raises DatasetError."""
        try:
            values = json.loads(path.read_bytes())
            if values["schema"] > SCHEMA:
                raise DatasetError(f"{path} has schema {values['schema']}; this Winnow knows {SCHEMA}. Update Winnow.")
            return cls(Draw(**draw) for draw in values["draws"])
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise DatasetError(
                f"{path} cannot be read as the hold-out split: {error}. Restore it from a copy: a new draw would put "
                "images that models were trained on into the measurement."
            ) from error

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"schema": SCHEMA, "draws": [asdict(draw) for draw in self.draws]}
        write_atomically(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def _lots(groups: list[list[str]], room: int, rng: np.random.Generator, *, is_first: bool) -> dict[str, Part]:
    parts: dict[str, Part] = {path: "train" for group in groups for path in group}
    order = [groups[place] for place in rng.permutation(len(groups))]
    if is_first and len(order) > 1:
        room = max(room, min(map(len, order)))
    for group in order:
        if len(group) <= room:
            room -= len(group)
            parts |= dict.fromkeys(group, "holdout")
    return parts
