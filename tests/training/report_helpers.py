"""Model versions and data sets written by hand, so that a round can be reported without training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataset_helpers import BOX, BOX_2, Person, draw_images, row, write_refs

from winnow.settings import Settings
from winnow.training.dataset import DatasetOptions, build_dataset
from winnow.training.holdout import Holdout
from winnow.training.metrics import ClassMetrics, Metrics
from winnow.training.models import ModelVersion
from winnow.training.workspace import Workspace
from winnow.verdicts.log import NewVerdict, Verdict, VerdictLog


def metrics(map50_95: float, *, classes: tuple[str, ...] = ("cell",), loss: float | None = 3.0) -> Metrics:
    """Measured on 2 images; every class has 4 boxes, precision 0.5 and recall 0.25, and mAP50 is 0.1 over mAP50-95."""
    map50 = round(map50_95 + 0.1, 6)
    return Metrics(
        map50=map50, map50_95=map50_95, precision=0.5, recall=0.25,
        loss=None if loss is None else {"box": loss, "sum": loss}, speed_ms=1.0, images=2, boxes=4 * len(classes),
        false_positives=3, false_negatives=1, false_positives_per_image=1.5,
        per_class=tuple(ClassMetrics(name, 4, map50, map50_95, 0.5, 0.25, 3, 1) for name in classes),
        holdout="h", imgsz=64,
    )  # fmt: skip


def write_model(workspace: Workspace, number: int, dataset: int, **changes: Any) -> ModelVersion:
    """A whole version whose weights are no weights."""
    values: dict[str, Any] = {
        "number": number, "base": "yolo11n.yaml", "base_version": None, "dataset": dataset, "dataset_hash": "d",
        "session": None, "classes": ("cell",), "options": {"model": "yolo11n.yaml", "epochs": 3},
        "metrics": metrics(0.4), "before": None, "metrics_before": None, "seconds": 12.0, "weights_blake2b": "w",
        **changes,
    }  # fmt: skip
    version = ModelVersion(**values)
    folder = workspace.models / f"v{number:04d}"
    folder.mkdir(parents=True)
    (folder / "weights.pt").write_bytes(b"none")
    (folder / "model.json").write_bytes(version.to_json())
    return version


class _ByHand(VerdictLog):
    """Verdicts that were pressed on the label page, not imported."""

    def append(self, verdicts: Sequence[NewVerdict]) -> list[Verdict]:
        return super().append([replace(verdict, strategy="entropy") for verdict in verdicts])


class Project:
    """Six drawn images with two proposals each; img00 to img03 train, img04 and img05 measure."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = draw_images(folder, 6)
        self.pool = write_refs(folder, [row(name, box) for name in self.names for box in (BOX, BOX_2)])
        self.person = Person(folder)
        self.person.log.close()
        self.person.log = _ByHand(f"sqlite:///{folder / 'winnow.db'}")
        self.settings = Settings(refs=folder / "proposals.csv", database=f"sqlite:///{folder / 'winnow.db'}")
        self.workspace = Workspace(self.settings.workspace_path)
        self.workspace.folder.mkdir()
        parts = {name: "holdout" if name in self.names[4:] else "train" for name in self.names}
        Holdout().assigned(parts, {}).write(self.workspace.holdout)  # type: ignore[arg-type]

    def judge(self, *names: str, second: int = 0) -> None:
        """Both proposals of images: the first accepted, the second as said."""
        for name in names:
            self.person.judge(name, 1)
            self.person.judge(name, second, BOX_2, reason=None if second else "background")

    def build(self, **options: Any) -> int:
        truth = self.person.truth(self.pool)
        wanted = DatasetOptions(**options)
        return build_dataset(truth, self.workspace, wanted, base_folder=self.folder, image_root=None).number
