"""Suggestions for a training's settings: stated rules on the data set's size and the machine's memory."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from winnow.training.sessions import SessionSettings
from winnow.training.trainer import CONTINUED_EPOCHS

IMAGE_SIZES = (64, 96, 128, 160, 224, 320, 416, 512, 640, 800, 960, 1280)
LEAST_SIZE = 320  # where the images themselves are that large
WANTED_SIDE_PX = 24  # three cells of YOLO's finest grid (stride 8): less is hard to place
FEW_IMAGES = 200
FEW_BOXES = 20
BACKBONE_LAYERS = 10  # of YOLOv8 and YOLO11: what finds edges and textures, learnt from very many images
LOPSIDED = 10
# Of yolo11n at 640 px while it trains, per image: activations and their gradients. Estimates with room to spare.
GPU_BYTES_PER_IMAGE = 200e6  # half precision
CPU_BYTES_PER_IMAGE = 400e6  # single precision
SHARE_OF_MEMORY = 0.6
SIZE_FACTORS = {"n": 1.0, "s": 2.0, "m": 4.0, "l": 5.0, "x": 8.0}
LEAST_BATCH, MAX_BATCH = 4, 64
SCALE = re.compile(r"^(yolov?\d+)([nsmlx])(?=[.-])")
# Training images, at most -> epochs: about as many steps for a small set as for a large one.
EPOCHS = ((50, 150), (200, 100), (1000, 60), (5000, 40))
EPOCHS_OF_MANY = 25


@dataclass(frozen=True)
class DatasetFacts:
    """What a training would learn from.

    n_waiting: training images that are in progress, and enter only with `partial`.
    median_side: median over accepted boxes of √(box area / image area), 0 to 1; None without boxes.
    median_longer_px: median longer side of the images, in pixels.
    """

    n_images: int
    n_waiting: int
    boxes: dict[str, int]
    median_side: float | None
    median_longer_px: int | None


@dataclass(frozen=True)
class Machine:
    """Free memory in bytes; gpu_free is None where there is no CUDA GPU."""

    ram_free: int
    gpu_free: int | None


@dataclass(frozen=True)
class Suggestion:
    """A setting's name, the value to take, and the rule with its numbers. `base` is the session's, not a setting."""

    setting: str
    value: Any
    reason: str


Rule = Callable[[DatasetFacts, Machine, SessionSettings, str], Suggestion | None]


def suggestions(
    facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str, newest: int | None = None
) -> list[Suggestion]:
    """What the rules would set otherwise; nothing for what is set so already, or where there is nothing to go by.

    `newest` is the session's newest model version.
    """
    going_on = _newest_base(base, newest)
    found = [going_on, *(rule(facts, machine, settings, going_on.value if going_on else base) for rule in RULES)]
    return [suggestion for suggestion in found if suggestion]


def _newest_base(base: str, newest: int | None) -> Suggestion | None:
    if newest is None or base == f"v{newest}":
        return None
    reason = (
        f"Version {newest} has learnt from this session's images already: what goes on from it needs fewer epochs and "
        "a lower learning rate."
    )
    return Suggestion("base", f"v{newest}", reason)


def _device(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if machine.gpu_free is None or settings.device != "cpu":
        return None
    return Suggestion("device", "auto", "There is a CUDA GPU, and the session is set to the CPU.")


def _imgsz(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if facts.median_side is None or facts.median_longer_px is None:
        return None
    size = _wanted_size(facts.median_side, facts.median_longer_px)
    if settings.imgsz == size:
        return None
    reason = (
        f"The median box is {100 * facts.median_side:.1f} % of its image's side. At {size} px that is "
        f"{facts.median_side * size:.0f} px; the rule takes the smallest size, from {LEAST_SIZE} px on, that makes it "
        f"{WANTED_SIDE_PX} px, but enlarges no image ({facts.median_longer_px} px)."
    )
    return Suggestion("imgsz", size, reason)


def _wanted_size(median_side: float, longer_px: int) -> int:
    useful = [size for size in IMAGE_SIZES if size < longer_px + 32] or [IMAGE_SIZES[0]]
    return next((size for size in useful if size >= LEAST_SIZE and size * median_side >= WANTED_SIDE_PX), useful[-1])


def _batch(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    is_gpu = machine.gpu_free is not None and settings.device != "cpu"
    free = machine.gpu_free if is_gpu else machine.ram_free
    assert free is not None
    factor = SIZE_FACTORS.get(_scale_of(base), 1.0) * (settings.imgsz / 640) ** 2
    each = (GPU_BYTES_PER_IMAGE if is_gpu else CPU_BYTES_PER_IMAGE) * factor
    room = min(SHARE_OF_MEMORY * free / each, MAX_BATCH, max(facts.n_images / 4, LEAST_BATCH))
    batch = 1 << max(int(room).bit_length() - 1, 0)  # the power of two below
    if batch == settings.batch:
        return None
    reason = (
        f"{free / 1e9:.1f} GB of {'GPU memory' if is_gpu else 'memory'} are free; an image takes about "
        f"{each / 1e6:.0f} MB at {settings.imgsz} px. The rule fills {SHARE_OF_MEMORY:.0%} of it, and takes four "
        f"steps an epoch where {facts.n_images} images allow it."
    )
    return Suggestion("batch", batch, reason)


def _epochs(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if re.fullmatch(r"v\d+", base):
        if settings.epochs is None or settings.epochs <= CONTINUED_EPOCHS:
            return None
        reason = f"From a model version {CONTINUED_EPOCHS} epochs do: it has learnt from most of these images already."
        return Suggestion("epochs", CONTINUED_EPOCHS, reason)
    epochs = next((epochs for most, epochs in EPOCHS if facts.n_images <= most), EPOCHS_OF_MANY)
    if not facts.n_images or settings.epochs == epochs:
        return None
    steps = "fewer images make fewer steps an epoch, so they need more epochs"
    return Suggestion("epochs", epochs, f"For {facts.n_images} training images: {steps}.")


def _smaller_base(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if not 0 < facts.n_images < FEW_IMAGES or _scale_of(base) in ("", "n"):
        return None
    reason = f"{facts.n_images} training images are fewer than {FEW_IMAGES}: a larger model learns them by heart."
    return Suggestion("base", SCALE.sub(r"\1n", base), reason)


def _freeze(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if not 0 < facts.n_images < FEW_IMAGES or not base.endswith(".pt") or settings.freeze:
        return None
    reason = (
        f"{facts.n_images} training images are fewer than {FEW_IMAGES}: too few to teach the first {BACKBONE_LAYERS} "
        "layers better than the weights know them already."
    )
    return Suggestion("freeze", BACKBONE_LAYERS, reason)


def _partial(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if settings.partial or facts.n_waiting <= facts.n_images:
        return None
    reason = (
        f"{facts.n_waiting} training images are in progress and only {facts.n_images} complete. Partial takes them "
        "too, with what is not judged yet painted over."
    )
    return Suggestion("partial", True, reason)


def _class_balance(facts: DatasetFacts, machine: Machine, settings: SessionSettings, base: str) -> Suggestion | None:
    if settings.ranking.class_balance or len(facts.boxes) < 2:
        return None
    rarest, most = (pick(facts.boxes.items(), key=lambda entry: (entry[1], entry[0])) for pick in (min, max))
    if rarest[1] >= FEW_BOXES and most[1] < LOPSIDED * max(rarest[1], 1):
        return None
    reason = (
        f"Accepted boxes of {rarest[0]}: {rarest[1]}, of {most[0]}: {most[1]}. The rule wants {FEW_BOXES} of each and "
        f"no class {LOPSIDED} times another. Balance offers images of rare classes sooner."
    )
    return Suggestion("class_balance", True, reason)


RULES: tuple[Rule, ...] = (_device, _smaller_base, _freeze, _imgsz, _batch, _epochs, _partial, _class_balance)


def _scale_of(base: str) -> str:
    """n, s, m, l or x of an ultralytics name; empty for others."""
    match = SCALE.match(base)
    return match.group(2) if match else ""
