"""How well the tiny SAM's masks follow a box: generated shapes that no training saw, nuclei, defects of magnetic tiles.

    python benchmarks/tiny_sam.py
    python benchmarks/tiny_sam.py --weights other.safetensors --images 40

Every object is prompted by the box around its true mask, once as it is and once with each edge off by noise of 1.5
pixels standard deviation (at least two pixels stay). Beside it the IoU of the box itself with the truth: what a person
would have without masks. All objects count alike.
"""

import argparse
import itertools
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from shared_truth import Box, Picture, defects, filled, iou, nuclei

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
NOISE_PX = 1.5


def noisy(box: Box, size_hw: tuple[int, int], rng: np.random.Generator) -> Box:
    """Whole pixels, inside the image; the box as it is where noise would leave less than two pixels."""
    height, width = size_hw
    moved = np.clip(np.rint(box + rng.normal(0, NOISE_PX, 4)), 0, [width, height, width, height]).astype(int)
    x1, y1, x2, y2 = moved.tolist()
    return (x1, y1, x2, y2) if x2 - x1 >= 2 and y2 - y1 >= 2 else box


def measure(name: str, pictures: Iterable[Picture], model: "object") -> None:
    """Prints a table row for all objects, and one a class where there are several."""
    from winnow.masks.prompts import Prompt
    from winnow.pool import load_image

    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    embed_ms, predict_ms, n_images = [], [], 0
    for picture in pictures:
        started = time.perf_counter()
        embedding = model.embed(np.asarray(load_image(picture.path)))
        embed_ms.append(1000 * (time.perf_counter() - started))
        n_images += 1
        for mask, box in zip(picture.masks, picture.boxes, strict=True):
            figures = []
            for prompt in (box, noisy(box, mask.shape, rng)):
                started = time.perf_counter()
                predicted = model.predict(embedding, Prompt(box_xyxy=tuple(map(float, prompt))))
                predict_ms.append(1000 * (time.perf_counter() - started))
                figures += [iou(predicted.mask_hw, mask), iou(filled(prompt, mask.shape), mask)]
            found[picture.class_name].append(tuple(figures))
    rows = {name: list(itertools.chain(*found.values()))}
    if len(found) > 1:
        rows |= {f"{name}: {kind}": found[kind] for kind in sorted(found)}
    for title, figures in rows.items():
        exact, of_box, rough, of_rough_box = np.mean(figures, axis=0)
        print(
            f"| {title} | {len(figures)} | {exact:.3f} | {of_box:.3f} | {rough:.3f} | {of_rough_box:.3f} |", flush=True
        )
    print(
        f"\n{name}: {n_images} images, {np.median(embed_ms):.0f} ms to set one (median), "
        f"{np.median(predict_ms):.1f} ms a box (median; p95 {np.percentile(predict_ms, 95):.1f})\n",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="default: those that come with Winnow")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--images", type=int, help="of each set at most, evenly spread; default: all")
    parser.add_argument("--scenes", type=int, default=200, help="generated scenes")
    options = parser.parse_args()
    from winnow.masks.sam import load_tiny
    from winnow.masks.tiny import WEIGHTS, load_tiny_sam
    from winnow.masks.tiny_training import held_out_iou

    weights = options.weights or WEIGHTS
    model = load_tiny(weights)
    print("| objects | n | IoU, exact box | box itself | IoU, box ± 1.5 px | box itself |\n|---|---|---|---|---|---|")
    for name, read in (("nuclei", nuclei), ("defects", defects)):
        pictures = list(read(options.data))
        step = max(1, len(pictures) // options.images) if options.images else 1
        measure(name, pictures[::step], model)
    exact = held_out_iou(load_tiny_sam(weights), options.scenes, noise_px=0.0)
    rough = held_out_iou(load_tiny_sam(weights), options.scenes, noise_px=NOISE_PX)
    for title, place in (("generated shapes", 0), ("generated shapes, cut to the box", 1)):
        figures = f"{exact[place]:.3f} | {exact.box:.3f} | {rough[place]:.3f} | {rough.box:.3f}"
        print(f"| {title} | {options.scenes} scenes | {figures} |")


if __name__ == "__main__":
    main()
