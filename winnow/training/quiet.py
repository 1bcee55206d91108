"""ultralytics kept to itself: it writes into one folder, reports nothing, loads nothing from the network by itself."""

import os
import shutil
from pathlib import Path
from typing import Any

from winnow.proposals.weights import ultralytics


def quiet_ultralytics(folder: Path) -> Any:
    """The package, its settings in the folder where this process has not imported it yet; other trackers stay off."""
    os.environ.setdefault("YOLO_CONFIG_DIR", str(folder))
    package = ultralytics()
    from ultralytics.utils import USER_CONFIG_DIR

    trackers = {name for name, value in package.settings.items() if name in _TRACKERS and value}
    if trackers:
        package.settings.update(dict.fromkeys(trackers, False))
    _provide_font(USER_CONFIG_DIR)
    return package


_TRACKERS = ("clearml", "comet", "dvc", "hub", "mlflow", "neptune", "raytune", "sync", "tensorboard", "wandb")


def _provide_font(config: Path) -> None:
    """Checking a data set would otherwise download the font for plots, which are never drawn here."""
    import matplotlib

    config.mkdir(parents=True, exist_ok=True)  # where an earlier run of this process removed its folder
    source = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        if not (config / name).exists():
            shutil.copyfile(source, config / name)
