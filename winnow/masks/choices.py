"""Which segmenters there are: by name, by a file in the weights folder, or by a folder in transformers' format."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from winnow.errors import SegmenterError
from winnow.masks.promptable import Promptable

AUTO, NONE, TINY = "auto", "none", "tiny"


@dataclass(frozen=True)
class Family:
    """Models that are loaded alike; `pattern` tells their files (or folders, or hub names) by name."""

    label: str
    help: str
    pattern: str
    load: Callable[[str, str], Promptable]  # from the path of the weights (or the hub's name) and the device


@dataclass(frozen=True)
class Choice:
    """A segmenter that is there: `name` chooses it."""

    name: str
    label: str
    help: str


def _load_tiny(source: str, device: str) -> Promptable:
    from winnow.masks.sam import load_tiny
    from winnow.masks.tiny import WEIGHTS

    return load_tiny(WEIGHTS if source == TINY else Path(source))


def _load_sam(source: str, device: str) -> Promptable:
    from winnow.masks.sam import load_sam

    kind = re.search(SEGMENTERS["sam"].pattern, Path(source).name)
    assert kind is not None
    return load_sam(f"vit_{kind[1]}", Path(source), device)


def _load_ultralytics(source: str, device: str) -> Promptable:
    from winnow.masks.ultralytics_sam import load_ultralytics_sam

    return load_ultralytics_sam(Path(source), device)


def _load_transformers(source: str, device: str) -> Promptable:
    from winnow.masks.transformers_sam import load_transformers_sam

    return load_transformers_sam(source, device)


# best first: what the setting `auto` takes where several lie in the weights folder
SEGMENTERS: dict[str, Family] = {
    "sam3": Family("SAM 3", "the newest; slow without a GPU", r"sam3(\.1)?(_\w+)?\.pt", _load_ultralytics),
    "sam2.1": Family("SAM 2.1", "quick, and good at edges", r"sam2\.1_([tsbl])\.pt", _load_ultralytics),
    "sam2": Family("SAM 2", "quick, and good at edges", r"sam2_([tsbl])\.pt", _load_ultralytics),
    "sam": Family(
        "SAM", "the first; seconds an image without a GPU", r"sam_vit_([bhl])(?:_\w+)?\.pth", _load_sam
    ),
    "transformers": Family(
        "transformers", "a folder in transformers' format", r"[\w.-]+(/[\w.-]+)?", _load_transformers
    ),
    "mobile_sam": Family("MobileSAM", "small, for machines without a GPU", r"mobile_sam(_\w+)?\.pt", _load_ultralytics),
    "tiny": Family(
        "Tiny SAM", "comes with Winnow, learnt from generated shapes: quick, coarse on photographs",
        r"tiny_sam\w*\.safetensors", _load_tiny,
    ),
}  # fmt: skip
HOW_TO = (
    "Better masks come with better weights. Put a file into the weights folder under the name that it was published "
    "under, and choose it here: mobile_sam.pt or sam2.1_t.pt (from ultralytics' assets; good without a GPU), "
    "sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth or sam_vit_h_4b8939.pth (from segment-anything's README), sam3.pt, or "
    "a folder in transformers' format such as sam2.1-hiera-tiny (hf download facebook/sam2.1-hiera-tiny --local-dir …)."
)


def segmenter_named(name: str, weights_folder: Path, device: str = "auto") -> Promptable:
    """The segmenter, loaded: "tiny", a file or folder (below the weights folder or anywhere), or a hub's name.

    Raises:
        SegmenterError: there is none of this name, or its weights are damaged or another model's.
    """
    family, source = _resolved(name, weights_folder)
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    return SEGMENTERS[family].load(source, device)


def choices(weights_folder: Path, setting: str = AUTO) -> list[Choice]:
    """What can be chosen: what lies in the weights folder, what the setting names, the tiny one; best first."""
    names = [path.name for path in sorted(weights_folder.iterdir())] if weights_folder.is_dir() else []
    found = [(family, name) for name in names if (family := _family_of(weights_folder / name))]
    if setting not in (AUTO, NONE, TINY, *names) and (family := _known(setting, weights_folder)):
        found.append((family, setting))
    rank = list(SEGMENTERS)
    found.sort(key=lambda entry: (rank.index(entry[0]), -_size_rank(entry[1])))
    return [Choice(name, f"{SEGMENTERS[family].label}: {name}", SEGMENTERS[family].help) for family, name in found] + [
        Choice(TINY, SEGMENTERS["tiny"].label, SEGMENTERS["tiny"].help)
    ]


def chosen_name(setting: str, remembered: str | None, weights_folder: Path) -> str | None:
    """What masks come from: what was chosen on the page as long as it is there, else the setting; None for nothing."""
    there = choices(weights_folder, setting)
    if remembered == NONE or remembered in {choice.name for choice in there}:
        return None if remembered == NONE else remembered
    if setting == NONE:
        return None
    return there[0].name if setting == AUTO else setting


def _resolved(name: str, weights_folder: Path) -> tuple[str, str]:
    """The family, and the path of the weights or the hub's name."""
    if name == TINY:
        return "tiny", name
    for path in (weights_folder / name, Path(name)):
        if path.exists():
            family = _family_of(path)
            if family is None:
                raise SegmenterError(f"{path} is no segmenter that Winnow knows by its name. {HOW_TO}")
            return family, str(path)
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name) and Path(name).suffix not in (".pt", ".pth"):
        return "transformers", name
    raise SegmenterError(f"There is no segmenter {name!r}: no such file in {weights_folder} nor elsewhere. {HOW_TO}")


def _known(name: str, weights_folder: Path) -> str | None:
    try:
        return _resolved(name, weights_folder)[0]
    except SegmenterError:  # said when it is used; the others can still be chosen
        return None


def _family_of(path: Path) -> str | None:
    if path.is_dir():
        return "transformers" if (path / "config.json").is_file() and "sam" in path.name.lower() else None
    files = {name: family for name, family in SEGMENTERS.items() if name != "transformers"}
    return next((name for name, family in files.items() if re.fullmatch(family.pattern, path.name)), None)


def _size_rank(name: str) -> int:
    """Larger models of a family are better ones."""
    size = re.search(r"[_-](t|s|b|l|h|tiny|small|base|large|huge)(?=[._-]|$)", name)
    return "tsblh".index(size[1][0]) if size else 0
