"""Folders of images below one root: nothing outside it is listed, whatever a request or a link says."""

import os
from dataclasses import dataclass
from pathlib import Path

from winnow.errors import ProposalError
from winnow.pool.refs_coco import IMAGE_SUFFIXES

MAX_FOLDERS = 500
INDEX_SUFFIX = ".winnow"  # of the folder beside a refs file with its index
_MAX_LOOKS = 20_000  # directory entries that one answer looks at


@dataclass(frozen=True)
class Folder:
    """A folder that can be proposed on; `is_more`: counting its images broke off."""

    path: str
    name: str
    n_images: int
    is_more: bool


@dataclass(frozen=True)
class Folders:
    """A folder and those in it."""

    root: str
    here: Folder
    folders: list[Folder]
    n_left_out: int


def browse(root: Path, under: str, *, skip: Path) -> Folders:
    """The folder `under` the root and its sub-folders, without hidden ones, Winnow's own and `skip`.

    Raises ProposalError.
    """
    here = resolve_folder(root, under)
    found = [path for path in _folders_in(here) if _is_offered(path, root, skip)]
    looks = _Looks(skip)
    listed = [_folder(path, f"{_name(here, root)}/{path.name}".lstrip("/"), looks) for path in found[:MAX_FOLDERS]]
    own = _folder(here, _name(here, root), _Looks(skip))
    return Folders(str(root), own, listed, len(found) - len(listed))


def resolve_folder(root: Path, under: str) -> Path:
    """The real folder behind a path relative to the root; raises ProposalError for one outside it or not there."""
    real_root = root.resolve()
    try:
        folder = (root / under).resolve()
        is_inside, is_folder = folder.is_relative_to(real_root), folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # a NUL in it, too long, or links that go round in circles
        is_inside = is_folder = False
    if not is_inside:
        raise ProposalError(f"{under!r} does not lie below {root}. Choose a folder below it, or set WINNOW_IMAGE_ROOT.")
    if not is_folder:
        raise ProposalError(f"There is no folder {under!r} below {root}. It may have been moved; choose another.")
    return folder


def _name(folder: Path, root: Path) -> str:
    relative = folder.relative_to(root.resolve()).as_posix()
    return "" if relative == "." else relative


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted((Path(entry.path) for entry in os.scandir(folder) if entry.is_dir()), key=lambda path: path.name)
    except OSError as error:
        raise ProposalError(f"{folder} cannot be listed: {error.strerror}. Change its permissions.") from error


def _is_offered(path: Path, root: Path, skip: Path) -> bool:
    real = path.resolve()
    is_own = path.name[0] == "." or path.suffix == INDEX_SUFFIX or real == skip.resolve()
    return not is_own and real.is_relative_to(root.resolve())


def _folder(path: Path, name: str, looks: "_Looks") -> Folder:
    n_images, is_more = looks.count(path)
    return Folder(name, path.name, n_images, is_more)


class _Looks:
    """Counts images, and gives up after a number of directory entries."""

    def __init__(self, skip: Path) -> None:
        self._left, self._skip = _MAX_LOOKS, skip.resolve()

    def count(self, folder: Path) -> tuple[int, bool]:
        """Images below the folder as `list_images` finds them, and whether there may be more."""
        n_images, waiting = 0, [folder]
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except OSError:  # no permission: `propose` passes it over as well
                continue
            self._left -= len(entries)
            n_images += sum(entry.name.lower().endswith(IMAGE_SUFFIXES) for entry in entries)
            if self._left < 0:
                return n_images, True
            waiting += [Path(entry.path) for entry in entries if self._is_walked(entry)]
        return n_images, False

    def _is_walked(self, entry: "os.DirEntry[str]") -> bool:
        return entry.name[0] != "." and entry.is_dir(follow_symlinks=False) and Path(entry.path) != self._skip
