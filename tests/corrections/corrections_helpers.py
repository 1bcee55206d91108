"""Events as a review writes them, and a project of drawn images that is reviewed through a real session."""

from pathlib import Path
from typing import Any

from proposal_pool import draw_proposals

from winnow.corrections.results_folder import ResultsOptions, ResultsSummary, write_results
from winnow.image_review import Drawn, ImageReview
from winnow.jobs.reporter import Stopped
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.dataset import DatasetOptions, build_dataset
from winnow.training.holdout import Holdout
from winnow.training.metrics import ClassMetrics, Metrics
from winnow.training.models import ModelVersion
from winnow.training.reading import read_truth
from winnow.training.workspace import Workspace
from winnow.verdicts.log import Undo, Verdict

BOX = (0.0, 0.0, 10.0, 10.0)


def review(seq: int, path: str, outcome: str, seconds: float | None = 10.0, annotator: str = "ana") -> Verdict:
    return Verdict(
        key=f"k{seq}", item_id=f"image {path}", label=None, annotator=annotator, path=path, seq=seq, strategy="review",
        kind="reject" if outcome == "rejected" else "complete", reason=outcome, batch=f"k{seq}",
        elapsed_ms=None if seconds is None else round(1000 * seconds),
    )  # fmt: skip


def said(seq: int, item: str, label: int, box: Any = BOX, **more: Any) -> Verdict:
    values = {"strategy": "review", "annotator": "ana", "path": "a.png", "batch": f"b{seq}", **more}
    return Verdict(key=f"k{seq}", item_id=item, label=label, box_xyxy=box, seq=seq, **values)


def corrected(seq: int, item: str, box: Any, replaces: str | None = None, **more: Any) -> Verdict:
    return said(seq, item, 1, box, strategy="correction", replaces=replaces, class_name="cell", **more)


def undo(seq: int, undoes: int) -> Undo:
    return Undo(seq, f"k{seq}", undoes, "ana", 0.0)


class Reviewed:
    """Images with six proposals each, of proposal_pool, and a session that reviews them."""

    def __init__(self, folder: Path, n: int = 3) -> None:
        self.folder = folder
        self.settings = Settings(refs=draw_proposals(folder, n), annotator="ana")
        self.workspace = Workspace(self.settings.workspace_path)
        self.session = Session(self.settings)
        self._presses = 0

    def close(self) -> None:
        self.session.close()

    def item_ids(self, image: int) -> list[str]:
        """Ids of an image's proposals, in the order of proposal_pool.PROPOSALS."""
        return [self.session.pool.item(row).id for row in range(6 * image, 6 * image + 6)]

    def review(
        self, image: int, *, kept: Any = (), drawn: Any = (), deleted: Any = (), is_rejected: bool = False,
        annotator: str = "ana", seconds: float | None = 3.0,
    ) -> str:  # fmt: skip
        """Answers the press's key."""
        self._presses += 1
        said = ImageReview(tuple(kept), tuple(drawn), tuple(deleted), is_rejected)
        self.session.review_image(
            self.item_ids(image)[0], said, key=f"press-{self._presses}", annotator=annotator,
            elapsed_ms=None if seconds is None else round(1000 * seconds),
        )  # fmt: skip
        return f"press-{self._presses}"

    def undo(self, annotator: str = "ana") -> None:
        self._presses += 1
        self.session.undo(key=f"press-{self._presses}", annotator=annotator)

    def end_round(self, number: int) -> None:
        """A data set version of what was said so far, and a model version of it; image 1 alone measures."""
        if not self.workspace.holdout.exists():
            self.workspace.folder.mkdir(exist_ok=True)
            paths = {self.session.pool.item(6 * image).path: image for image in range(self.session.pool.n_rows // 6)}
            parts = {path: "holdout" if image == 1 else "train" for path, image in paths.items()}
            Holdout().assigned(parts, {}).write(self.workspace.holdout)  # type: ignore[arg-type]
        truth = read_truth(self.settings).truth
        version = build_dataset(
            truth, self.workspace, DatasetOptions(partial=True), base_folder=self.folder, image_root=None
        )
        write_model(self.workspace, number, version.number)


class Quiet:
    """A reporter that says stop after so many looks."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.looks, self._stop_after = 0, stop_after
        self.told: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, text: str = "") -> None:
        self.told.append((done, total))

    def event(self, kind: str, **values: object) -> None: ...

    def result(self, **values: object) -> None: ...

    def check_stop(self) -> None:
        self.looks += 1
        if self._stop_after is not None and self.looks > self._stop_after:
            raise Stopped


def write(project: Reviewed, folder: Path, report: Quiet | None = None, **options: Any) -> ResultsSummary:
    """The results folder, by a look at the log beside the session that writes it."""
    wanted = ResultsOptions(**options)
    reading = read_truth(project.settings)
    return write_results(reading, folder, wanted, image_root=None, report=report or Quiet())


def moved(box: Any, class_name: str, replaces: str | None = None, mask: Any = None) -> Drawn:
    return Drawn(tuple(map(float, box)), class_name, mask, replaces)


def write_model(workspace: Workspace, number: int, dataset: int) -> None:
    """A whole version whose weights are no weights."""
    metrics = Metrics(
        map50=0.5, map50_95=0.4, precision=0.5, recall=0.25, loss=None, speed_ms=1.0, images=2, boxes=4,
        false_positives=3, false_negatives=1, false_positives_per_image=1.5,
        per_class=(ClassMetrics("dog", 4, 0.5, 0.4, 0.5, 0.25, 3, 1),), holdout="h", imgsz=64,
    )  # fmt: skip
    version = ModelVersion(
        number, "yolo11n.yaml", None, dataset, "d", None, ("dog",), {"epochs": 3}, metrics, None, None, 12.0, "w"
    )
    folder = workspace.models / f"v{number:04d}"
    folder.mkdir(parents=True)
    (folder / "weights.pt").write_bytes(b"none")
    (folder / "model.json").write_bytes(version.to_json())
