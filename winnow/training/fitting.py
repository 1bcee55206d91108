"""One run of ultralytics' trainer, watched batch by batch. The hold-out is looked at, and decides nothing.

The weights kept are the exponential moving average after the last epoch: no early stopping, no best epoch. A hold-out
that chose them would measure its own choice.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.errors import TrainingError
from winnow.jobs.reporter import Reporter
from winnow.training.dataset import DatasetVersion
from winnow.training.failures import told
from winnow.training.manifest import Task
from winnow.training.quiet import quiet_ultralytics

# Few images make few steps: a step every 16 images instead of ultralytics' 64. docs/training.md has the comparison.
OPTIMIZER, IMAGES_A_STEP = "SGD", 16
_MEASURED_TIMES = 10  # looks at the hold-out during a training, for the page only


@dataclass(frozen=True)
class FitSettings:
    """Every choice made: `device` as torch names it or auto, `freeze` the first so many layers."""

    model: str
    epochs: int
    batch: int
    imgsz: int
    lr: float
    device: str
    seed: int
    workers: int
    freeze: int


@dataclass(frozen=True)
class Fitted:
    """`batch` is what memory allowed in the end: ultralytics halves it in the first epoch where it must."""

    weights: Path
    batch: int


def fit(dataset: DatasetVersion, settings: FitSettings, scratch: Path, report: Reporter) -> Fitted:
    """Train in the folder `scratch`; raises TrainingError with the cause, Stopped when told to stop."""
    quiet_ultralytics(scratch)
    with told(settings.batch, settings.imgsz):
        data_yaml = link_data(dataset, scratch / "data")
        trainer = _trainer(data_yaml, dataset.task, settings, scratch, report)
        trainer.train()
        if not trainer.last.exists():
            raise TrainingError("The training ended without weights. Look at the job's log.")
    return Fitted(trainer.last, trainer.batch_size)


def link_data(dataset: DatasetVersion, folder: Path) -> Path:
    """A folder of links to the version for ultralytics to keep its caches in: the version itself stays as it is."""
    for part in ("train", "holdout"):
        images = folder / "images" / part
        images.mkdir(parents=True, exist_ok=True)
        for image in (dataset.folder / "images" / part).iterdir():
            if not (images / image.name).is_symlink():
                os.symlink(image.absolute(), images / image.name)
        labels = folder / "labels" / part
        labels.parent.mkdir(exist_ok=True)
        if not labels.is_symlink():
            labels.symlink_to((dataset.folder / "labels" / part).absolute())
    target = folder / "data.yaml"
    target.write_bytes(dataset.data_yaml.read_bytes())
    return target


def torch_device(device: str) -> str:
    """`auto` as ultralytics takes it: the first GPU, else the CPU."""
    import torch

    if device != "auto":
        return device
    return "0" if torch.cuda.is_available() else "cpu"


class _Watched:
    """Mixed into ultralytics' trainer: no font is fetched for the data, and no epoch is better than another."""

    args: Any
    epoch: int
    epochs: int
    metrics: Any
    validator: Any
    is_measured: bool = False

    def get_dataset(self) -> dict[str, Any]:
        import yaml

        path = Path(self.args.data)
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        names = values["names"]
        parts = {part: str((path.parent / values[part]).resolve()) for part in ("train", "val")}
        return {"path": path.parent, "yaml_file": str(path), "names": names, "nc": len(names), "channels": 3, **parts}

    def validate(self) -> tuple[dict[str, Any], float]:
        """Metrics where this epoch is looked at, else the last ones; a fitness of 0 always, so nothing is chosen."""
        every = max(1, self.epochs // _MEASURED_TIMES)
        self.is_measured = (self.epoch + 1) % every == 0
        if self.is_measured:
            self.metrics = self.validator(self)
            self.metrics.pop("fitness", None)
        return self.metrics, 0.0


def _trainer(data_yaml: Path, task: Task, settings: FitSettings, scratch: Path, report: Reporter) -> Any:
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.models.yolo.segment import SegmentationTrainer
    from ultralytics.utils.callbacks import get_default_callbacks

    callbacks = get_default_callbacks()
    callbacks["on_train_batch_start"].append(_Progress(report))
    callbacks["on_val_batch_start"].append(lambda _: report.check_stop())
    callbacks["on_fit_epoch_end"].append(lambda trainer: report.event("epoch", **epoch_values(trainer)))
    trainer = {"detect": DetectionTrainer, "segment": SegmentationTrainer}[task]
    kind = type("WatchedTrainer", (_Watched, trainer), {})
    return kind(overrides=_overrides(data_yaml, task, settings, scratch), _callbacks=callbacks)


def _overrides(data_yaml: Path, task: Task, settings: FitSettings, scratch: Path) -> dict[str, Any]:
    return {
        "task": task, "mode": "train", "model": settings.model, "data": str(data_yaml),
        "epochs": settings.epochs, "batch": settings.batch, "imgsz": settings.imgsz,
        "optimizer": OPTIMIZER, "nbs": IMAGES_A_STEP, "lr0": settings.lr, "freeze": settings.freeze or None,
        "device": torch_device(settings.device), "amp": _precision(settings.device), "workers": settings.workers,
        "seed": settings.seed, "deterministic": True, "patience": 0, "plots": False, "verbose": False,
        "project": str(scratch.absolute()), "name": "run", "exist_ok": True,
    }  # fmt: skip


def _precision(device: str) -> str | bool:
    """bf16 where the GPU has it: the check for fp16 would download weights."""
    import torch

    return "bf16" if torch_device(device) not in ("cpu", "mps") and torch.cuda.is_bf16_supported() else False


class _Progress:
    """Counts the batches; a batch is the longest that a stop waits."""

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._counted = (-1, 0)

    def __call__(self, trainer: Any) -> None:
        self._report.check_stop()
        epoch, n_batches = trainer.epoch, len(trainer.train_loader)
        place = self._counted[1] + 1 if self._counted[0] == epoch else 0
        self._counted = (epoch, place)
        text = f"Epoch {epoch + 1} of {trainer.epochs}"
        self._report.progress(epoch * n_batches + place, trainer.epochs * n_batches, text)


def epoch_values(trainer: Any) -> dict[str, Any]:
    """What the page shows of an epoch: losses, rate, seconds; the hold-out's metrics where this epoch was measured."""
    losses = {name.removesuffix("_loss"): float(loss) for name, loss in trainer.tloss.items()}
    values = {
        "epoch": trainer.epoch + 1, "epochs": trainer.epochs, "seconds": round(trainer.epoch_time, 3),
        "lr": trainer.lr["lr/pg0"], **{f"{name}_loss": round(loss, 5) for name, loss in losses.items()},
    }  # fmt: skip
    if trainer.is_measured:
        names = {"map50": "mAP50", "map50_95": "mAP50-95", "precision": "precision", "recall": "recall"}
        values |= {ours: float(trainer.metrics[f"metrics/{theirs}(B)"]) for ours, theirs in names.items()}
        of_masks = {f"mask_{ours}": trainer.metrics.get(f"metrics/{theirs}(M)") for ours, theirs in names.items()}
        values |= {name: float(value) for name, value in of_masks.items() if value is not None}
    return values
