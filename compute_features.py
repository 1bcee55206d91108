"""Refs in, feature matrix out: `python compute_features.py --refs refs.txt --out features.npy`."""

import argparse
import os
import sys
from pathlib import Path

from winnow.errors import WinnowError
from winnow.features.encoders import DEVICES, POOLS, PRECISIONS, EncoderOptions
from winnow.features.extraction import Report, extract
from winnow.features.manifest import DEFAULT_MODEL
from winnow.features.matrix import DTYPES
from winnow.pool import open_pool

_SHOWN = 20  # failures on the screen; the file has them all


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compute the feature vector of every item of a refs file.")
    parser.add_argument("--refs", type=Path, default=Path("refs.txt"), help="the refs file (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="the matrix to write (default: features.npy beside the refs)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="hub name, local folder or classic (%(default)s)")
    parser.add_argument(
        "--batch-size", type=_positive, default=32, help="items, or images with --pool roi (%(default)s)"
    )
    workers = min(4, os.cpu_count() or 1)
    parser.add_argument("--num-workers", type=_count, default=workers, help="decoding threads, 0 = none (%(default)s)")
    parser.add_argument("--pool", choices=POOLS, default="crop", help="crop: one forward a box; roi: one an image")
    parser.add_argument(
        "--context", type=float, default=0.0, help="margin around a crop, in its longer side (%(default)s)"
    )
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="auto: bf16 where it is as good and quicker"
    )
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="of the matrix (%(default)s)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when any item could not be computed")
    return parser


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args([_with_hyphens(argument) for argument in arguments])
    try:
        report = _run(options)
    except WinnowError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; what is finished is kept. Run the same command to go on.", file=sys.stderr)
        return 130
    _print(report)
    return 1 if options.strict and report.failures else 0


def _run(options: argparse.Namespace) -> Report:
    out = options.out or options.refs.parent / "features.npy"
    encoder = EncoderOptions(options.model, options.pool, options.context, options.device, options.precision)
    pool = open_pool(options.refs)
    if pool.n_duplicates:
        print(f"{options.refs}: {pool.n_duplicates:,} repeated lines are merged with the first.", file=sys.stderr)
    return extract(
        pool, out, encoder, dtype=options.dtype, batch_size=options.batch_size, num_workers=options.num_workers
    )


def _print(report: Report) -> None:
    for failure in report.failures[:_SHOWN]:
        print(f"not computed: {failure.path} ({failure.item_id}): {failure.reason}", file=sys.stderr)
    if report.failures:
        errors_path = report.path.with_suffix(".errors.csv")
        print(f"{len(report.failures):,} items could not be computed; all are in {errors_path}.", file=sys.stderr)
    reused = report.n_items - report.n_computed
    print(
        f"{report.path}: {report.n_items:,} items by {report.encoder}; {report.n_computed:,} computed now from "
        f"{report.n_decoded:,} images, {reused:,} known before."
    )


def _with_hyphens(argument: str) -> str:
    """--batch_size=32 as --batch-size=32; values stay as they are."""
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else argument


def _positive(text: str) -> int:
    return _whole(text, at_least=1)


def _count(text: str) -> int:
    return _whole(text, at_least=0)


def _whole(text: str, at_least: int) -> int:
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"a whole number of at least {at_least}, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
