"""`python -m winnow import`: labels by row or item from a table, or a labelled YOLO or COCO set."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from winnow.errors import LabelledSetError
from winnow.files import write_atomically
from winnow.settings import Settings, read_settings

QUOTE = '"'


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser(
        "import",
        help="record labels from an index,label file, an exported annotations.csv, or a labelled YOLO or COCO set",
    )
    command.add_argument("file", type=Path, help="a .csv or .txt of labels, a YOLO data.yaml or folder, a COCO .json")
    command.add_argument("--images", type=Path, help="of a labelled set: the folder its image names are relative to")
    command.add_argument(
        "--split",
        choices=["draw", "holdout", "train"],
        help="of a labelled set: where its images go (default: where its own train/val/test has them, else drawn)",
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from winnow.training.labelled_sets import is_labelled_set

    settings = read_settings()
    if not options.file.exists():
        raise LabelledSetError(f"{options.file}: there is no such file or folder. Nothing was imported.")
    if is_labelled_set(options.file):
        _import_labelled_set(settings, options)
    else:
        _import_table(settings, options.file)


def _import_table(settings: Settings, file: Path) -> None:
    from winnow.importing import read_annotations
    from winnow.session import Session

    session = Session(settings)
    try:
        verdicts = read_annotations(file, session.pool, annotator=settings.annotator)
        recorded = session.import_labels(verdicts)
    finally:
        session.close()
    print(f"Recorded {recorded} of {len(verdicts)} labels from {file}; the others were there already.")


def _import_labelled_set(settings: Settings, options: argparse.Namespace) -> None:
    from winnow.training.labelled_sets import import_labelled_set, read_labelled_set
    from winnow.training.workspace import Workspace

    labelled = read_labelled_set(options.file, settings.base_folder, images=options.images)
    done = import_labelled_set(
        labelled,
        settings.database_url,
        Workspace(settings.workspace_path),
        annotator=settings.annotator,
        split=options.split,
        groups=_groups(settings),
    )
    n_boxes = sum(len(image.boxes) for image in labelled)
    n_masks = sum(len(image.masks) for image in labelled)
    with_masks = f", {n_masks:,} of them with masks" if n_masks else ""
    train, holdout, undrawn = (done.parts.get(part, 0) for part in ("train", "holdout", None))
    print(f"{options.file}: {done.images:,} images, {n_boxes:,} boxes{with_masks}.")
    print(f"Recorded {done.recorded:,} events; {done.known:,} were there already.")
    print(f"Images in training {train:,}, in the hold-out {holdout:,}; drawn with the next data set {undrawn:,}.")
    if not settings.refs.exists():
        _list_images(settings.refs, [image.path for image in labelled])


def _list_images(refs: Path, paths: list[str]) -> None:
    """Write the refs that everything else reads, where a project begins with a labelled set."""
    if refs.suffix.lower() == ".csv":
        lines = ["path", *(f'"{path.replace(QUOTE, 2 * QUOTE)}"' for path in paths)]
    elif refs.suffix.lower() == ".txt":
        lines = [f'"{path.replace(QUOTE, 2 * QUOTE)}"' for path in paths]
    else:
        print(f"There are no refs {refs} yet: write them, with a line for each image.")
        return
    write_atomically(refs, ("\n".join(lines) + "\n").encode())
    print(f"Wrote {refs}, which lists these images; `propose` writes one that also has what was found on others.")


def _groups(settings: Settings) -> Mapping[str, str | None]:
    """Image path -> group, as far as there are refs that say so."""
    from winnow.pool import open_pool
    from winnow.training.truth import Truth
    from winnow.verdicts.ledger import Ledger

    if not settings.refs.is_file():
        return {}
    truth = Truth(open_pool(settings.refs), Ledger())
    return {path: truth.group_of(path) for path in truth.paths}
