"""Trains the tiny SAM from generated pictures: `python -m winnow.masks.tiny_training`.

Prompts and losses follow Segment Anything (Kirillov et al. 2023): boxes with noise, single points answered by the best
of three masks, and a second look with a point on the first one's error and its logits.
"""

import argparse
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from winnow.masks.generated_shapes import make_scene
from winnow.masks.tiny import SIDE, WEIGHTS, build_tiny_sam, load_tiny_sam

log = logging.getLogger(__name__)
HELD_OUT_SEED = 2**31  # no training seed reaches it
LOW = SIDE // 2  # side of the decoder's masks
_PROMPTS = 4  # shapes of a scene that are prompted for in one step
_WARM_UP = 200  # steps
_BOX_NOISE = (1.0, 0.04)  # pixels, and share of the box's side: the standard deviation of an edge


@dataclass(frozen=True)
class Plan:
    """How long and how.

    rate: the highest learning rate, after a warm-up and before a cosine to nothing. start: weights to go on from.
    """

    steps: int = 8000
    batch: int = 4
    rate: float = 1e-3
    seed: int = 0
    start: Path | None = None


class Scenes(IterableDataset[tuple[torch.Tensor, torch.Tensor]]):
    """Endless (3, 256, 256) uint8 pictures with (n, 256, 256) bool masks of some of their shapes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        rng = np.random.default_rng(self._seed)
        while True:
            scene = make_scene(rng, SIDE)
            if len(scene.masks):
                chosen = rng.choice(len(scene.masks), size=_PROMPTS, replace=len(scene.masks) < _PROMPTS)
                yield torch.from_numpy(scene.image_hwc).permute(2, 0, 1), torch.from_numpy(scene.masks[chosen])


def train(plan: Plan, out: Path) -> Any:
    """Train and write the weights, in float16; answers the model."""
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    sam = (load_tiny_sam(plan.start) if plan.start else build_tiny_sam()).train()
    optimizer = torch.optim.AdamW(sam.parameters(), lr=plan.rate, weight_decay=0.01)
    batches = iter(DataLoader(Scenes(plan.seed), batch_size=plan.batch, num_workers=1, prefetch_factor=4))
    started, losses, ious = time.monotonic(), [], []
    for step in range(1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * _schedule(step, plan.steps)
        images, masks = next(batches)
        loss, iou = _loss(sam, images, masks, rng)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(sam.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        ious.append(iou)
        if step % 50 == 0:
            minutes = (time.monotonic() - started) / 60
            log.info("step %d  loss %.4f  IoU %.4f  %.1f min", step, np.mean(losses), np.nanmean(ious), minutes)
            losses, ious = [], []
        if step % 500 == 0 or step == plan.steps:
            write_weights(sam, out)
    return sam.eval()


def write_weights(sam: Any, out: Path) -> None:
    """The weights in float16, which halves the file and changes no mask that can be seen."""
    from safetensors.torch import save_file

    unfinished = out.with_suffix(".writing")
    save_file({name: tensor.half().contiguous() for name, tensor in sam.state_dict().items()}, unfinished)
    unfinished.replace(out)


class HeldOut(NamedTuple):
    """Mean IoU of masks from boxes, of these cut as the Correct page cuts them, and of the boxes themselves."""

    mask: float
    cut: float
    box: float


def held_out_iou(sam: Any, n_scenes: int = 200, *, noise_px: float = 1.5) -> HeldOut:
    """How well masks follow boxes on scenes that no training saw; every shape counts alike.

    Each edge of a box is off by noise of `noise_px` standard deviation. A cut mask has nothing farther outside its box
    than a tenth of the box's side, or two pixels.
    """
    from segment_anything import SamPredictor

    predictor, rng = SamPredictor(sam), np.random.default_rng(HELD_OUT_SEED)
    ious = []
    for _ in range(n_scenes):
        scene = make_scene(rng, SIDE)
        predictor.set_image(scene.image_hwc)
        for mask in scene.masks:
            box = _noisy(_boxes(torch.from_numpy(mask[None]))[0].numpy(), noise_px, rng)
            found = predictor.predict(box=box, multimask_output=False)[0][0]
            reach = np.maximum((box[2:] - box[:2]) / 10, 2)
            cut = found & _filled(np.concatenate([box[:2] - reach, box[2:] + reach]))
            ious.append([_iou(found, mask), _iou(cut, mask), _iou(_filled(box), mask)])
    return HeldOut(*np.mean(ious, axis=0).tolist())


def _filled(box: np.ndarray) -> np.ndarray:
    """(256, 256) bool: the box, its edges at whole pixels."""
    x1, y1, x2, y2 = np.clip(box, 0, SIDE).round().astype(int)
    filled = np.zeros((SIDE, SIDE), bool)
    filled[y1:y2, x1:x2] = True
    return filled


def _iou(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / max(1, (mask | other).sum()))


def _schedule(step: int, steps: int) -> float:
    warm_up = min(_WARM_UP, steps // 4 or 1)
    if step < warm_up:
        return step / warm_up
    return 0.5 * (1 + float(np.cos(np.pi * (step - warm_up) / max(1, steps - warm_up))))


def _loss(sam: Any, images: torch.Tensor, masks: torch.Tensor, rng: np.random.Generator) -> tuple[torch.Tensor, float]:
    """The mean loss of a batch, and the mean IoU of its box prompts at the decoder's resolution."""
    # Only the encoder: 8 bits would put the corner of a box half a pixel beside its place.
    with torch.autocast("cpu", torch.bfloat16):
        embeddings = sam.image_encoder((images - sam.pixel_mean) / sam.pixel_std)
    embeddings = embeddings.float()
    losses, ious = [], []
    for embedding, wanted in zip(embeddings, masks, strict=True):
        boxes = _boxes(wanted)
        target = functional.avg_pool2d(wanted.float()[:, None], SIDE // LOW)[:, 0]
        weight = _weight(boxes)
        is_point = rng.random() < 0.2
        points = _points_in(wanted, rng) if is_point or rng.random() < 0.2 else None
        prompt = None if is_point else torch.from_numpy(_noisy(boxes.numpy(), _BOX_NOISE, rng)).float()
        logits, claimed = _decode(sam, embedding, points, prompt, None)
        chosen, loss, iou = _best(
            logits[:, 1:] if is_point else logits[:, :1], claimed[:, 1:] if is_point else claimed[:, :1], target, weight
        )
        losses.append(loss)
        if not is_point:
            ious.append(iou)
        if rng.random() < 0.4:
            second = _add_correction(points, chosen.detach(), target, rng)
            logits, claimed = _decode(sam, embedding, second, prompt, chosen.detach()[:, None])
            losses.append(_best(logits[:, :1], claimed[:, :1], target, weight)[1])
    return torch.stack(losses).mean(), float(np.mean(ious)) if ious else float("nan")


Points = tuple[torch.Tensor, torch.Tensor]  # (n, k, 2) x y in pixels, (n, k) 1 = inside, 0 = outside


def _decode(
    sam: Any, embedding: torch.Tensor, points: Points | None, boxes: torch.Tensor | None, earlier: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, 4, 128, 128) logits and the (n, 4) IoU that the model claims for each, of n prompts on one image."""
    sparse, dense = sam.prompt_encoder(points=points, boxes=boxes, masks=earlier)
    return sam.mask_decoder.predict_masks(
        image_embeddings=embedding[None],
        image_pe=sam.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
    )


def _best(
    logits: torch.Tensor, claimed: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """The mask of each prompt that fits best, the loss with the error of its claim, and the mean IoU."""
    logits = logits.float()
    wanted = target[:, None].expand_as(logits)
    probability = logits.sigmoid()
    overlap = (probability * wanted).sum((2, 3))
    dice = 1 - (2 * overlap + 1) / (probability.sum((2, 3)) + wanted.sum((2, 3)) + 1)
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    of_masks = dice + (entropy * weight[:, None]).sum((2, 3))
    with torch.no_grad():
        inside, truth = logits > 0, wanted > 0.5
        iou = (inside & truth).sum((2, 3)) / (inside | truth).sum((2, 3)).clamp(min=1)
    each, best = torch.arange(len(logits)), of_masks.argmin(1)
    loss = of_masks[each, best].mean() + functional.mse_loss(claimed.float(), iou)
    return logits[each, best], loss, float(iou[each, best].mean())


def _weight(boxes: torch.Tensor) -> torch.Tensor:
    """(n, 128, 128) weights of pixels: half around each box, which is where edges are decided, half elsewhere."""
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = (boxes[:, :2] - sides / 4 - 4) / 2, (boxes[:, 2:] + sides / 4 + 4) / 2
    place = torch.arange(LOW) + 0.5
    in_x = (place >= low[:, :1]) & (place <= high[:, :1])
    in_y = (place >= low[:, 1:]) & (place <= high[:, 1:])
    near = (in_y[:, :, None] & in_x[:, None, :]).float()
    far = 1 - near
    return near / near.sum((1, 2), keepdim=True) + 0.5 * far / far.sum((1, 2), keepdim=True).clamp(min=1)


def _boxes(masks: torch.Tensor) -> torch.Tensor:
    """(n, 4) x1 y1 x2 y2 around masks (n, h, w), x2 and y2 exclusive."""
    from torchvision.ops import masks_to_boxes

    boxes = masks_to_boxes(masks)
    boxes[:, 2:] += 1
    return boxes


def _noisy(boxes: np.ndarray, noise: float | tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Boxes (…, 4) with moved edges, still inside the picture and at least two pixels wide and high."""
    pixels, share = noise if isinstance(noise, tuple) else (noise, 0.0)
    sides = np.tile(boxes[..., 2:] - boxes[..., :2], 2)
    moved = np.clip(boxes + rng.normal(0, 1, boxes.shape) * (pixels + share * sides), 0, SIDE)
    is_thin = (moved[..., 2:] - moved[..., :2]).min(axis=-1, keepdims=True) < 2
    return np.where(is_thin, boxes, moved)


def _points_in(masks: torch.Tensor, rng: np.random.Generator) -> Points:
    """A point inside each mask."""
    chosen = [rows[rng.integers(len(rows))] for rows in map(torch.nonzero, masks)]
    return torch.stack(chosen).flip(1)[:, None].float() + 0.5, torch.ones(len(masks), 1)


def _add_correction(
    points: Points | None, logits: torch.Tensor, target: torch.Tensor, rng: np.random.Generator
) -> Points:
    """The points with one more each: on a pixel that the mask has wrong, or inside where it is right."""
    inside, truth = logits > 0, target > 0.5
    places, labels = [], []
    for mask, wanted in zip(inside, truth, strict=True):
        wrong = torch.nonzero(mask ^ wanted)
        rows = wrong if len(wrong) else torch.nonzero(wanted) if wanted.any() else torch.tensor([[0, 0]])
        y, x = rows[rng.integers(len(rows))].tolist()
        places.append([2 * x + 1.0, 2 * y + 1.0])
        labels.append(float(wanted[y, x]))
    added = torch.tensor(places)[:, None], torch.tensor(labels)[:, None]
    return added if points is None else (torch.cat([points[0], added[0]], 1), torch.cat([points[1], added[1]], 1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the tiny SAM from generated pictures.")
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--batch", type=int, default=Plan.batch, help="pictures a step")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--start", type=Path, metavar="WEIGHTS", help="go on from these instead of from nothing")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sam = train(Plan(asked.steps, asked.batch, asked.rate, asked.seed, asked.start), asked.out)
    found = held_out_iou(sam)
    log.info("held-out scenes: mean IoU %.4f, cut to the box %.4f, of the box itself %.4f", *found)


if __name__ == "__main__":
    main()
