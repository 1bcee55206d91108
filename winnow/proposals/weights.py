"""Detector weights by file or by ultralytics' name. Loading a .pt file runs the code in it."""

import getpass
import os
import tempfile
from pathlib import Path
from typing import Any

from winnow.errors import DetectorError

SUFFIXES = (".pt", ".onnx")
_QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}


def ultralytics() -> Any:
    """The ultralytics package, which then installs nothing by itself and reports no use.

    Its settings file lies in `YOLO_CONFIG_DIR`, else in the folder for temporary files.
    """
    folder = Path(tempfile.gettempdir()) / f"winnow-ultralytics-{getpass.getuser()}"
    for name, value in (("YOLO_CONFIG_DIR", str(folder)), *_QUIET.items()):
        os.environ.setdefault(name, value)
    import ultralytics as package

    if package.settings["sync"]:
        package.settings.update({"sync": False})
    return package


def find_weights(weights: str, folder: Path) -> Path:
    """The file of weights given as a path, as a file's name in the folder, or as a model's name at ultralytics.

    The last is downloaded into the folder. Raises DetectorError with the ways out.
    """
    given = Path(weights)
    named = given if given.suffix else given.with_suffix(".pt")
    if named.suffix.lower() not in SUFFIXES:
        is_plan = named.suffix.lower() in (".yaml", ".yml")
        hint = "It only describes a model: train it with `python -m winnow train`." if is_plan else "Name another file."
        raise DetectorError(
            f"{weights} cannot propose: weights are {' or '.join(SUFFIXES)} files, got {named.suffix!r}. {hint}"
        )
    for path in (given, named, folder / named):
        if path.is_file():
            return path.absolute()
    if len(named.parts) > 1:
        raise DetectorError(f"{weights}: there is no such file. Check the path, or name a file in {folder}.")
    return _download(named.name, folder)


def _download(name: str, folder: Path) -> Path:
    ultralytics()
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset

    ways_out = f"Copy the weights to {folder / name}, or give --detector the path of a file."
    if name not in GITHUB_ASSETS_NAMES:
        raise DetectorError(f"{name} is neither a file here or in {folder} nor a model of ultralytics. {ways_out}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        attempt_download_asset(folder / name)
    except Exception as error:  # the downloader raises anything, from DNS to disk
        (folder / name).unlink(missing_ok=True)
        raise DetectorError(f"{name} is not in {folder} and could not be downloaded: {error}. {ways_out}") from error
    if not (folder / name).is_file():
        raise DetectorError(f"{name} is not in {folder} and its download brought nothing. {ways_out}")
    return folder / name
