"""Data sets of drawn shapes and models trained on them in seconds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dataset_helpers import Person, write_refs
from PIL import Image

from winnow.pool import Pool
from winnow.pool.boxes import Box
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset
from winnow.training.trainer import Trained, TrainOptions
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace

SIDE = 96
QUICK = TrainOptions("yolo11n.yaml", epochs=1, batch=8, imgsz=64, device="cpu")
Shapes = dict[str, tuple[Box, str]]


def draw_shapes(folder: Path, n: int, *, seed: int = 0) -> Shapes:
    """n images of noise with one bright square or one dark disc each; answers path -> box, class."""
    rng = np.random.default_rng(seed)
    shapes: Shapes = {}
    for i in range(n):
        pixels = rng.integers(90, 160, (SIDE, SIDE, 3), np.uint8)
        side = int(rng.integers(24, 48))
        x, y = (int(corner) for corner in rng.integers(2, SIDE - side - 2, 2))
        name = f"shape{seed}-{i:02}.png"
        if i % 2:
            pixels[y : y + side, x : x + side] = (250, 240, 90)
        else:
            rows, columns = np.mgrid[0:SIDE, 0:SIDE]
            inside = np.hypot(columns - x - side / 2, rows - y - side / 2) <= side / 2
            pixels[inside] = (20, 30, 120)
        Image.fromarray(pixels).save(folder / name)
        shapes[name] = ((x, y, x + side, y + side), "square" if i % 2 else "disc")
    return shapes


def refs_of(folder: Path, shapes: Shapes) -> Pool:
    lines = [
        f"{name},{','.join(f'{value:g}' for value in box)},{class_name},0.9,"
        for name, (box, class_name) in shapes.items()
    ]
    return write_refs(folder, lines)


def accept(person: Person, shapes: Shapes) -> None:
    for name, (box, class_name) in shapes.items():
        person.judge(name, 1, box, proposed=class_name)


def build(person: Person, pool: Pool, workspace: Workspace, **options: object) -> DatasetVersion:
    chosen = DatasetOptions(holdout_share=0.4, **options)  # type: ignore[arg-type]
    truth: Truth = person.truth(pool)
    return build_dataset(truth, workspace, chosen, base_folder=person.folder, image_root=None)


class Silent:
    """A reporter that keeps what it was told, and says stop after so many looks."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.events: list[dict[str, object]] = []
        self.looks = 0
        self._stop_after = stop_after

    def progress(self, done: int, total: int, text: str = "") -> None: ...

    def event(self, kind: str, **values: object) -> None:
        self.events.append({"kind": kind, **values})

    def result(self, **values: object) -> None: ...

    def check_stop(self) -> None:
        from winnow.jobs.reporter import Stopped

        self.looks += 1
        if self._stop_after is not None and self.looks > self._stop_after:
            raise Stopped


@dataclass(frozen=True)
class Project:
    """A project whose verdicts a model has learnt; tests leave it as it is."""

    folder: Path
    workspace: Workspace
    shapes: Shapes
    person: Person
    pool: Pool
    dataset: DatasetVersion
    trained: Trained
    events: list[dict[str, object]]
