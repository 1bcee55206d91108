"""A model against the frozen hold-out: ultralytics' validator for the metrics, our own matching for each mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from winnow.jobs.reporter import Reporter
from winnow.pool.boxes import Box, clip_box
from winnow.training.dataset import DatasetVersion
from winnow.training.failures import told
from winnow.training.fitting import link_data, torch_device
from winnow.training.manifest import ImageEntry, Task
from winnow.training.metrics import CONFIDENCE, ClassMetrics, MaskMetrics, Metrics, holdout_hash
from winnow.training.mistakes import Labelled, Mistake, mistakes_of
from winnow.training.quiet import quiet_ultralytics


@dataclass(frozen=True)
class Measured:
    metrics: Metrics
    mistakes: list[Mistake]


def measure(
    weights: Path, dataset: DatasetVersion, *, imgsz: int, batch: int, device: str, scratch: Path, report: Reporter
) -> Measured:
    """Metrics and mistakes of weights on the data set's hold-out.

    The weights are of the data set's task; of models that segment masks are measured too. Classes are matched by name,
    so a model with other or fewer classes is measured too: what it cannot name, it misses.
    Raises TrainingError with the cause, Stopped when told to stop.
    """
    quiet_ultralytics(scratch)
    with told(batch, imgsz):
        report.check_stop()
        report.progress(0, 0, "Measuring on the hold-out")
        data_yaml = link_data(dataset, scratch / "data")
        validator = _validator(data_yaml, dataset.task, imgsz, batch, device, scratch, report)
        validator.classes = dataset.classes
        validator(model=str(weights))
        loss = _loss(weights, dataset.classes, validator)
        mistakes = _mistakes(dataset, validator.found)
        return Measured(_metrics(dataset, validator, mistakes, loss, imgsz), mistakes)


class _ByName:
    """Mixed into ultralytics' validator: the model's classes take the data set's numbers, and boxes are kept."""

    classes: tuple[str, ...] = ()
    names: Any
    nc: int
    metrics: Any
    found: dict[str, list[Labelled]]

    def get_dataloader(self, dataset_path: str, batch_size: int) -> Any:
        self.names = None  # ultralytics would leave out the true boxes of classes beyond the model's last
        return super().get_dataloader(dataset_path, batch_size)  # type: ignore[misc]

    def init_metrics(self, model: Any) -> None:
        super().init_metrics(model)  # type: ignore[misc]
        self._numbers = [self.classes.index(name) if name in self.classes else -1 for name in _in_order(self.names)]
        self.names = self.metrics.names = dict(enumerate(self.classes))
        self.nc = len(self.classes)
        self.found = {}

    def postprocess(self, preds: Any) -> list[dict[str, Any]]:
        import torch

        found = super().postprocess(preds)  # type: ignore[misc]
        for image in found:
            numbers = torch.tensor(self._numbers, device=image["cls"].device)
            image["cls"] = numbers[image["cls"].long()].to(image["cls"].dtype)
            known = image["cls"] >= 0
            image |= {name: values[known] for name, values in image.items()}
        return found

    def update_metrics(self, preds: list[dict[str, Any]], batch: dict[str, Any]) -> None:
        from ultralytics.models.yolo.detect import DetectionValidator

        super().update_metrics(preds, batch)  # type: ignore[misc]
        for place, pred in enumerate(preds):
            target = self._prepare_batch(place, batch)  # type: ignore[attr-defined]
            # the boxes alone, and a copy of them: masks are not asked for here
            scaled = DetectionValidator.scale_preds(self, pred, target)  # type: ignore[arg-type]
            self.found[Path(target["im_file"]).name] = self._labelled(scaled)

    def _labelled(self, image: Mapping[str, Any]) -> list[Labelled]:
        columns = (image["bboxes"].tolist(), image["cls"].tolist(), image["conf"].tolist())
        boxes = zip(*columns, strict=True)
        return [
            Labelled(_rounded(box), self.classes[int(number)], score)
            for box, number, score in boxes
            if score >= CONFIDENCE
        ]


def _rounded(box: list[float]) -> Box:
    x1, y1, x2, y2 = (round(value, 2) for value in box)
    return x1, y1, x2, y2


def _in_order(names: Mapping[int, str]) -> list[str]:
    return [str(names[number]) for number in range(len(names))]


def _validator(
    data_yaml: Path, task: Task, imgsz: int, batch: int, device: str, scratch: Path, report: Reporter
) -> Any:
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.models.yolo.segment import SegmentationValidator
    from ultralytics.utils.callbacks import get_default_callbacks

    callbacks = get_default_callbacks()
    callbacks["on_val_batch_start"].append(lambda _: report.check_stop())
    validator = {"detect": DetectionValidator, "segment": SegmentationValidator}[task]
    kind = type("ByNameValidator", (_ByName, validator), {})
    arguments = {
        "task": task, "mode": "val", "data": str(data_yaml), "split": "val", "imgsz": imgsz, "batch": batch,
        "device": torch_device(device), "workers": 0, "plots": False, "verbose": False,
    }  # fmt: skip
    return kind(args=arguments, save_dir=scratch / "val", _callbacks=callbacks)


def _loss(weights: Path, classes: tuple[str, ...], validator: Any) -> dict[str, float] | None:
    """Mean losses a batch, with the weights as they are trained (not fused, as the metrics' are, for speed)."""
    import torch
    from ultralytics.nn.tasks import load_checkpoint
    from ultralytics.utils import IterableSimpleNamespace

    model, _ = load_checkpoint(weights, device=validator.device)
    if tuple(_in_order(model.names)) != classes:
        return None
    model.args = IterableSimpleNamespace(**model.args)
    sums: dict[str, float] = {}
    with torch.inference_mode():
        for batch in validator.dataloader:
            batch = validator.preprocess(batch)
            for name, value in model.loss(batch, model(batch["img"].float()))[1].items():
                short = name.removesuffix("_loss")
                sums[short] = sums.get(short, 0.0) + float(value) / len(validator.dataloader)
    return {**{name: round(value, 5) for name, value in sums.items()}, "sum": round(sum(sums.values()), 5)}


def _mistakes(dataset: DatasetVersion, found: Mapping[str, list[Labelled]]) -> list[Mistake]:
    return [
        mistake
        for entry in dataset.entries("holdout")
        for mistake in mistakes_of(entry.path, _inside(found.get(entry.name, []), entry), _true_boxes(entry))
    ]


def _true_boxes(entry: ImageEntry) -> list[Labelled]:
    return [Labelled(mark.box_xyxy, mark.class_name) for mark in entry.accepted]


def _inside(predicted: list[Labelled], entry: ImageEntry) -> list[Labelled]:
    """Clipped to the image, without the rare box that this or rounding left without area: it cannot be an item."""
    clipped = ((region, clip_box(region.box_xyxy, entry.size_wh)) for region in predicted)
    return [replace(region, box_xyxy=box) for region, box in clipped if box]


def _metrics(
    dataset: DatasetVersion, validator: Any, mistakes: list[Mistake], loss: dict[str, float] | None, imgsz: int
) -> Metrics:
    entries = dataset.entries("holdout")
    (map50, map50_95, precision, recall), masks = _figures(validator.metrics.mean_results())
    n_false = sum(mistake.kind == "false_positive" for mistake in mistakes)
    return Metrics(
        map50=map50, map50_95=map50_95, precision=precision, recall=recall, loss=loss,
        speed_ms=round(sum(validator.speed.values()), 3), images=len(entries),
        boxes=sum(len(entry.accepted) for entry in entries),
        false_positives=n_false, false_negatives=len(mistakes) - n_false,
        false_positives_per_image=round(n_false / len(entries), 5),
        per_class=tuple(_class_metrics(dataset, validator.metrics, mistakes)),
        holdout=holdout_hash(dataset), imgsz=imgsz, masks=masks,
    )  # fmt: skip


def _figures(results: Sequence[float]) -> tuple[tuple[float, float, float, float], MaskMetrics | None]:
    """mAP50, mAP50-95, precision and recall of boxes, and of masks where there are any, in ultralytics' order."""
    precision, recall, map50, map50_95, *of_masks = (round(float(value), 5) for value in results)
    if not of_masks:
        return (map50, map50_95, precision, recall), None
    mask_precision, mask_recall, mask_map50, mask_map50_95 = of_masks
    masks = MaskMetrics(mask_map50, mask_map50_95, mask_precision, mask_recall)
    return (map50, map50_95, precision, recall), masks


def _class_metrics(dataset: DatasetVersion, metrics: Any, mistakes: list[Mistake]) -> list[ClassMetrics]:
    """Every class of the data set that has a true box in the hold-out or was claimed there."""
    places = {int(number): place for place, number in enumerate(metrics.ap_class_index)}
    rows = []
    for number, name in enumerate(dataset.classes):
        boxes = sum(mark.class_name == name for entry in dataset.entries("holdout") for mark in entry.accepted)
        kinds = [mistake.kind for mistake in mistakes if mistake.region.class_name == name]
        nothing = [0.0] * len(metrics.mean_results())
        figures, masks = _figures(metrics.class_result(places[number]) if number in places else nothing)
        if boxes or kinds:
            wrong = kinds.count("false_positive")
            rows.append(ClassMetrics(name, boxes, *figures, wrong, len(kinds) - wrong, masks))
    return rows
