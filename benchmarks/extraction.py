"""Extraction against a plain loop over the same model: `python benchmarks/extraction.py --refs … --model …`.

The plain loop is what one writes first: for each line open the image, crop, the model's own AutoImageProcessor, one
fp32 forward, PyTorch's default threads. Each way runs in a process of its own, whose imports are not counted and whose
loading of the weights is; cosines are to the plain loop's vectors (`--pool roi` makes other vectors: none given).
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.pool import Pool, open_pool


@dataclass(frozen=True)
class Measured:
    """One way's vectors (n, d), wall time with loading, images decoded, peak resident memory of its process."""

    name: str
    vectors: np.ndarray
    seconds: float
    n_decoded: int
    peak_mb: float


def main() -> None:
    options = _parse()
    with tempfile.TemporaryDirectory() as folder:
        refs = _subset(options.refs, options.images, Path(folder))
        plain = _alone(_plain_loop, refs, options.model)
        rows = [plain]
        for pool, precision in (("crop", "fp32"), ("crop", "auto"), ("roi", "auto")):
            rows.append(
                _alone(_extraction, refs, options.model, pool, precision, options.batch_size, options.num_workers)
            )
    print(_table(rows, plain))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--refs", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--images", type=int, default=32, help="measure the items of so many images, spread evenly")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-workers", type=int, default=2)
    return parser.parse_args()


def _subset(refs_path: Path, n_images: int, folder: Path) -> Path:
    """Refs of the items of some images, the paths absolute."""
    pool = open_pool(refs_path)
    chosen = np.unique(np.linspace(0, len(pool.paths) - 1, n_images, dtype=np.int64))
    lines = []
    for row in np.flatnonzero(np.isin(pool.path_codes, chosen) & ~pool.is_duplicate).tolist():
        box = pool.item(row).box_xyxy or ()
        lines.append(f'"{pool.file_of(row).resolve()}" ' + " ".join(map(repr, box)))
    (folder / "refs.txt").write_text("\n".join(lines) + "\n")
    return folder / "refs.txt"


def _alone(measure: Callable[..., Measured], *arguments: object) -> Measured:
    """Runs it in a new process, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        return executor.submit(measure, *arguments).result()


def _plain_loop(refs_path: Path, model_name: str) -> Measured:
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModel

    pool = open_pool(refs_path)
    started = time.perf_counter()
    processor, model = AutoImageProcessor.from_pretrained(model_name), AutoModel.from_pretrained(model_name)
    model = model.float().eval()
    vectors = []
    with torch.no_grad():
        for row in range(pool.n_rows):
            image = Image.open(pool.file_of(row)).convert("RGB")
            box = pool.item(row).box_xyxy
            inputs = processor(images=image.crop(box) if box else image, return_tensors="pt")
            vectors.append(model(**inputs).last_hidden_state[0, 0].numpy())
    seconds = time.perf_counter() - started
    return Measured("plain loop, fp32, batches of 1", np.stack(vectors), seconds, pool.n_rows, _peak_mb())


def _extraction(
    refs_path: Path, model: str, pooling: str, precision: str, batch_size: int, num_workers: int
) -> Measured:
    import torch  # noqa: F401 - imports are not counted
    import transformers

    transformers.utils.logging.disable_progress_bar()
    pool: Pool = open_pool(refs_path)
    out = refs_path.with_name(f"{pooling}-{precision}.npy")
    options = EncoderOptions(model, pooling, 0.0, "cpu", precision)
    started = time.perf_counter()
    report = extract(pool, out, options, batch_size=batch_size, num_workers=num_workers)
    seconds = time.perf_counter() - started
    chosen = "" if precision != "auto" else " (auto)"
    name = f"Winnow, --pool {pooling}, {_recorded_precision(out)}{chosen}, batches of {batch_size}"
    return Measured(name, np.load(out), seconds, report.n_decoded, _peak_mb())


def _recorded_precision(out: Path) -> str:
    from winnow.features.manifest import read_manifest

    manifest = read_manifest(out)
    return str(manifest.recipe["precision"]) if manifest else "unknown"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _table(rows: list[Measured], plain: Measured) -> str:
    lines = [
        "| way | seconds | items/s | times the plain loop | cosine min / mean | images decoded | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        n_items = len(row.vectors)
        lines.append(
            f"| {row.name} | {row.seconds:.1f} | {n_items / row.seconds:.1f} | {plain.seconds / row.seconds:.2f} | "
            f"{_cosines(row, plain)} | {row.n_decoded} for {n_items} items | {row.peak_mb:.0f} |"
        )
    return "\n".join(lines)


def _cosines(row: Measured, plain: Measured) -> str:
    if "roi" in row.name:
        return "–"
    dots = (row.vectors * plain.vectors).sum(axis=1)
    cosines = dots / np.linalg.norm(row.vectors, axis=1) / np.linalg.norm(plain.vectors, axis=1)
    return f"{cosines.min():.5f} / {cosines.mean():.5f}"


if __name__ == "__main__":
    main()
