"""What the readers of other detectors' files share: boxes as written, images by name, the list of bad lines."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from winnow.errors import ProposalError
from winnow.pool import Box

SHOWN = 20
_FARTHEST = 1e9  # pixels; no image is as large


class BadRow(Exception):
    """One line or entry that cannot be used; its text says why."""


@dataclass(frozen=True)
class ForeignBox:
    """One proposal as its file has it: a box in pixels, or in shares of the image's sides; `mask` still unread."""

    where: str  # "line 3": how the user finds it
    box_xyxy: Box
    class_name: str  # "" = none
    score: float | None
    is_normalised: bool = False
    mask: Any = None  # COCO's segmentation: run lengths or polygons


@dataclass
class ForeignRows:
    """The boxes by image, as they come; every bad line is noted and told at the end."""

    path: Path
    find: Callable[[str], Path]
    boxes: dict[Path, list[ForeignBox]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def take(self, where: str, image: str, read: Callable[[], ForeignBox]) -> None:
        """Add one box of an image that is named; a BadRow becomes a noted line."""
        try:
            self.boxes.setdefault(self.find(image), []).append(read())
        except BadRow as error:
            self.refuse(where, str(error))

    def refuse(self, where: str, reason: str) -> None:
        self.bad.append(f"  {where}: {reason}")

    def check(self) -> None:
        """Raises ProposalError with the bad lines, where there are any."""
        if self.bad:
            more = [f"  and {len(self.bad) - SHOWN:,} more"] if len(self.bad) > SHOWN else []
            head = (
                f"{self.path}: {len(self.bad):,} of its lines cannot be used. Mend or remove them; nothing was written."
            )
            raise ProposalError("\n".join([head, *self.bad[:SHOWN], *more]))


class ImageFinder:
    """Images by the names that other programs give them: path, file name, stem, or a number without its zeros."""

    def __init__(self, images: Sequence[Path]) -> None:
        self._by_name: dict[str, list[Path]] = {}
        for image in images:
            for name in dict.fromkeys((image.name, _plain(image.stem))):
                self._by_name.setdefault(name, []).append(image)

    def __call__(self, name: str) -> Path:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        last = parts[-1] if parts else ""
        found = self._by_name.get(last) or self._by_name.get(_plain(last)) or []
        if len(found) > 1:  # the same name in several folders: the path says which
            found = [
                image for image in found if image.with_suffix("").parts[-len(parts) :] == _without_suffix(parts, image)
            ]
        if not found:
            raise BadRow(f"no image is named {name!r}. Give --images the folder that holds it")
        if len(found) > 1:
            shown = ", ".join(str(image) for image in found[:3])
            raise BadRow(f"{name!r} is the name of several images ({shown}); give the path, or one folder in --images")
        return found[0]


def _without_suffix(parts: tuple[str, ...], image: Path) -> tuple[str, ...]:
    last = parts[-1].removesuffix(image.suffix)
    return (*parts[:-1], image.stem if _plain(last) == _plain(image.stem) else last)


def _plain(stem: str) -> str:
    return stem.lstrip("0") or "0" if stem.isascii() and stem.isdigit() else stem


def number(name: str, value: Any) -> float:
    """The value as a finite float; raises BadRow."""
    try:
        taken = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        taken = math.nan
    if not abs(taken) <= _FARTHEST:
        raise BadRow(f"{name} must be a number, it is {str(value)[:40]!r}")
    return taken


def score_of(value: Any) -> float | None:
    """A score in 0 … 1, None where none is given; raises BadRow."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    score = number("the score", value)
    if not 0 <= score <= 1:
        raise BadRow(f"the score {score:g} lies outside 0 … 1; divide percentages by 100")
    return score


def checked_box(box: Box) -> Box:
    """The box, when its corners are in order; raises BadRow."""
    x1, y1, x2, y2 = box
    if not all(map(math.isfinite, box)) or x2 < x1 or y2 < y1:
        shown = " ".join(f"{value:g}" for value in box)
        raise BadRow(f"the box x1 y1 x2 y2 = {shown} is inverted or without end: x2 must be right of x1, y2 below y1")
    return box


def read_text(path: Path) -> str:
    """The file's text; raises ProposalError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProposalError(
            f"{path} cannot be read as UTF-8 text: {error}. Check the path, or save it as UTF-8."
        ) from error


def read_json(path: Path) -> Any:
    """The file's JSON; raises ProposalError where it is none."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ProposalError(f"{path} is not JSON that can be read: {error}.") from error


def read_names(path: Path) -> dict[str, str]:
    """Class names by number from a data.yaml's `names` or a text file with a name a line; raises ProposalError."""
    text = read_text(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return {str(i): line.strip() for i, line in enumerate(text.splitlines()) if line.strip()}
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ProposalError(f"{path} is not YAML that can be read: {error}.") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise ProposalError(f"{path} has no `names`: a list of class names, or a table of number: name.")
    return {str(key): str(name) for key, name in names.items()}
