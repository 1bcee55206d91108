"""`python -m winnow export`: labels, head or probabilities of the pool; a data set version in other tools' forms."""

import argparse
from pathlib import Path

from winnow.errors import WinnowError
from winnow.settings import read_settings

OF_THE_POOL = ("annotations", "head", "probabilities")
OF_A_DATASET = ("coco", "voc", "yolo")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser("export", help="write labels, head, probabilities or a data set version to a file")
    command.add_argument("what", choices=[*OF_THE_POOL, *OF_A_DATASET])
    command.add_argument(
        "out",
        type=Path,
        help="annotations: .csv, .jsonl or .parquet; probabilities likewise; head: .npz; coco: .json; "
        "voc, yolo: a folder that does not exist yet",
    )
    command.add_argument("--dataset", type=int, metavar="N", help="for coco, voc, yolo (default: newest version)")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    if options.what in OF_A_DATASET:
        _export_dataset(options)
    elif options.dataset is not None:
        raise WinnowError(f"--dataset is of {', '.join(OF_A_DATASET)}; {options.what} are the pool's.")
    else:
        _export_pool(options)


def _export_pool(options: argparse.Namespace) -> None:
    from winnow.export import WRITERS, annotations_table, head_npz, probabilities_table
    from winnow.files import write_atomically
    from winnow.session import Session

    suffixes = ["npz"] if options.what == "head" else sorted(WRITERS)
    suffix = options.out.suffix.lstrip(".")
    if suffix not in suffixes:
        raise WinnowError(f"{options.out} ends in {suffix!r}; {options.what} are written as {', '.join(suffixes)}.")
    session = Session(read_settings())
    try:
        if options.what == "head":
            content = head_npz(session)
        else:
            table = annotations_table if options.what == "annotations" else probabilities_table
            content = WRITERS[suffix](table(session))
    finally:
        session.close()
    write_atomically(options.out, content)
    print(f"Wrote {options.out} ({len(content):,} bytes)")


def _export_dataset(options: argparse.Namespace) -> None:
    from winnow.training.conversion import export_coco, export_voc, export_yolo
    from winnow.training.dataset import get_dataset
    from winnow.training.workspace import Workspace

    if options.what == "coco" and options.out.suffix != ".json":
        raise WinnowError(f"{options.out} ends in {options.out.suffix.lstrip('.')!r}; coco is written as json.")
    version = get_dataset(Workspace(read_settings().workspace_path), options.dataset)
    write = {"coco": export_coco, "voc": export_voc, "yolo": export_yolo}[options.what]
    n_images = write(version, options.out)
    print(f"Wrote {options.out}: {n_images:,} images of data set version {version.number}")
    if options.what == "coco":
        print(f"Its file names are relative to {version.folder / 'images'}")
