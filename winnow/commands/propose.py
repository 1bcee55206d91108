"""`python -m winnow propose`: images, or another detector's file, into a refs file."""

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from winnow.errors import ProposalError
from winnow.jobs.reporter import Reporter, long_work
from winnow.proposals.detections import Detector
from winnow.proposals.detector import DetectorOptions, YoloDetector, name_of
from winnow.proposals.foreign import FORMS, read_foreign
from winnow.proposals.run import RunOptions, Sources, propose, read_sources, write_entries
from winnow.proposals.segmenter import SEGMENTERS, SegmenterOptions, load_segmenter
from winnow.proposals.weights import find_weights
from winnow.proposals.writing import ProposalSummary, journal_path
from winnow.settings import Settings, read_settings
from winnow.training.base import find_version
from winnow.training.workspace import Workspace

_SHOWN = 20
_HELP = "propose regions by a detector or segmenter, or take another detector's file"
_WARNING = "Loading a .pt file runs the code in it: take weights only from who you trust."


def add(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser("propose", help=_HELP, description=f"{_HELP}. {_WARNING}")
    parser.add_argument("--images", type=Path, help="a folder, sub-folders too, or a refs file")
    parser.add_argument("--out", type=Path, default=Path("proposals.csv"), help="the refs file to write (%(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace --out, or begin an unfinished run anew")
    parser.add_argument("--num-workers", type=int, default=2, help="threads that decode images (%(default)s)")
    parser.add_argument("--source", help="what the column source says (default: the name of the weights or file)")
    parser.add_argument("--features", metavar="ENCODER", help="also compute features, as compute_features.py --model")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--detector",
        metavar="WEIGHTS",
        help="weights of ultralytics: a .pt or .onnx file, or a name; or a model version: v3, active",
    )
    source.add_argument(
        "--segmenter", choices=SEGMENTERS, help="segment-anything's automatic masks; tiny comes with Winnow"
    )
    source.add_argument("--from", dest="foreign", type=Path, metavar="FILE", help=f"take {FORMS}")
    _add_detector(parser.add_argument_group("detector"))
    _add_segmenter(parser.add_argument_group("segmenter"))
    taken = parser.add_argument_group("another detector's file")
    taken.add_argument("--annotations", type=Path, metavar="FILE", help="COCO annotations that name images and classes")
    taken.add_argument("--names", type=Path, metavar="FILE", help="data.yaml, or a text file with a class a line")
    parser.set_defaults(run=_run)


def _add_detector(group: Any) -> None:
    default = DetectorOptions()
    group.add_argument("--conf", type=float, default=default.conf, help="lowest score (%(default)s)")
    group.add_argument(
        "--iou", type=float, default=default.iou, help="overlap from which a box is dropped (%(default)s)"
    )
    group.add_argument(
        "--imgsz", type=int, default=default.imgsz, help="longer side of the model's input (%(default)s)"
    )
    group.add_argument("--batch", type=int, default=default.batch, help="images a batch (%(default)s)")
    group.add_argument("--max-det", type=int, default=default.max_det, help="most boxes an image (%(default)s)")
    group.add_argument("--classes", nargs="+", default=(), help="only these, by name or number")
    group.add_argument("--device", default=default.device, help="auto, cpu, cuda:0, mps … (%(default)s)")


def _add_segmenter(group: Any) -> None:
    group.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="the segmenter's weights, as sam_vit_b.pth; tiny has its own"
    )
    for option in fields(SegmenterOptions):
        if option.name != "device":
            name = f"--{option.name.replace('_', '-')}"
            group.add_argument(name, type=type(option.default), default=option.default, help="(%(default)s)")


def _run(options: argparse.Namespace) -> None:
    settings = read_settings()
    os.environ.setdefault("YOLO_CONFIG_DIR", str(settings.workspace_path))
    by = name_of(Path(options.detector)) if options.detector else options.segmenter or options.foreign.name
    title = f"Propose by {by}"
    with long_work(settings.workspace_path / "jobs", "propose", title, sys.argv[1:]) as report:
        summary = _proposals(options, settings, report)
        _tell(summary, options.out)
        report.result(
            out=str(options.out.absolute()), images=summary.n_images, boxes=summary.n_boxes, empty=summary.n_empty,
            unreadable=summary.unreadable[:_SHOWN], n_unreadable=summary.n_unreadable, classes=summary.classes,
        )  # fmt: skip
        if options.features and summary.n_boxes:
            _compute_features(options, report)
        journal_path(options.out).unlink(missing_ok=True)


def _proposals(options: argparse.Namespace, settings: Settings, report: Reporter) -> ProposalSummary:
    run_options = RunOptions(options.overwrite, options.num_workers, keeps_journal=bool(options.features))
    if options.foreign:
        sources = _sources(options, settings) if options.images else None
        foreign = read_foreign(
            options.foreign, sources.images if sources else None, annotations=options.annotations, names=options.names
        )
        source = options.source or options.foreign.stem
        return write_entries(foreign.entries, foreign.images, source, run_options, options.out)
    sources = _sources(options, settings)
    detector = _detector(options, settings)
    return propose(sources.images, detector, run_options, options.out, report, sources.groups)


def _sources(options: argparse.Namespace, settings: Settings) -> Sources:
    if options.images is None:
        raise ProposalError("Say which images: --images takes a folder or a refs file.")
    return read_sources(options.images, skip=(settings.workspace_path,))


def _detector(options: argparse.Namespace, settings: Settings) -> Detector:
    if options.segmenter:
        return load_segmenter(options.segmenter, options.checkpoint, _taken(SegmenterOptions, options), options.source)
    version = find_version(options.detector, Workspace(settings.workspace_path))
    path = find_weights(str(version.weights) if version else options.detector, settings.weights_path)
    if path.suffix == ".pt":
        print(_WARNING, file=sys.stderr)
    return YoloDetector(path, _taken(DetectorOptions, options), options.source)


def _taken(kind: Any, options: argparse.Namespace) -> Any:
    values = {option.name: getattr(options, option.name) for option in fields(kind)}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _tell(summary: ProposalSummary, out: Path) -> None:
    for path, reason in summary.unreadable[:_SHOWN]:
        print(f"not read: {path}: {reason}", file=sys.stderr)
    if summary.n_unreadable > _SHOWN:
        print(f"and {summary.n_unreadable - _SHOWN:,} more that could not be read", file=sys.stderr)
    classes = ", ".join(f"{name} {count:,}" for name, count in list(summary.classes.items())[:_SHOWN])
    print(
        f"{out}: {summary.n_boxes:,} boxes in {summary.n_images:,} images ({summary.n_empty:,} without any). {classes}"
    )
    if summary.n_dropped:
        print(f"{summary.n_dropped:,} boxes had no area on their image and were left out.")
    if not summary.n_boxes:
        print("Nothing was proposed: lower --conf (or the segmenter's thresholds), or give other weights.")


def _compute_features(options: argparse.Namespace, report: Reporter) -> None:
    from winnow.features.encoders import EncoderOptions
    from winnow.features.extraction import extract
    from winnow.pool import open_pool

    report.check_stop()
    report.progress(0, 0, f"Features by {options.features}")
    features = extract(open_pool(options.out), options.out.with_suffix(".npy"), EncoderOptions(options.features))
    report.result(features=str(features.path.absolute()))
    print(f"{features.path}: features of {features.n_items:,} items by {features.encoder}")
