"""What can propose: model versions, and weights in the one configured folder."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from winnow.errors import ModelError, SettingsError
from winnow.proposals.weights import SUFFIXES
from winnow.training.models import active_model, look_at_models
from winnow.training.workspace import Workspace

CLASSIC = "classic"  # the encoder that needs no weights
_SAM = re.compile(r"sam_(vit_[blh])(?:_.*)?\.pth")


@dataclass(frozen=True)
class PredictModel:
    """Weights that pages may use; `segmenter` is segment-anything's name of the kind."""

    id: str
    kind: Literal["version", "detector", "segmenter"]
    label: str
    path: Path
    size_bytes: int
    is_active: bool = False
    segmenter: str | None = None

    @property
    def runs_code(self) -> bool:
        return self.path.suffix.lower() == ".pt"


def versions(workspace: Workspace) -> tuple[list[PredictModel], str | None]:
    """The model versions, the active one first, then the newest; and why others cannot be listed, or none is active."""
    there = look_at_models(workspace)
    problems = [str(problem) for problem in there.problems.values()]
    try:
        active = active_model(workspace)
    except ModelError as error:
        active, problems = None, list(dict.fromkeys([*problems, str(error)]))
    found = [
        PredictModel(
            f"version:{model.number}", "version", f"Model {model.name}, trained from {model.base}", model.weights,
            model.size_bytes, is_active=active is not None and active.number == model.number,
        )
        for model in reversed(there.models)
        if model.weights.is_file()  # the Models page shows those whose weights somebody took away
    ]  # fmt: skip
    return sorted(found, key=lambda model: not model.is_active), " ".join(problems) or None


def weights_files(folder: Path) -> list[PredictModel]:
    """Detectors and segment-anything checkpoints in the weights folder, by name."""
    if not folder.is_dir():
        return []
    found = [_file(path) for path in sorted(folder.iterdir()) if path.is_file()]
    return [model for model in found if model is not None]


def _file(path: Path) -> PredictModel | None:
    size = path.stat().st_size
    if sam := _SAM.fullmatch(path.name):
        kind = sam[1]
        return PredictModel(f"file:{path.name}", "segmenter", f"{path.name} (SAM)", path, size, segmenter=kind)
    if path.suffix.lower() in SUFFIXES:
        return PredictModel(f"file:{path.name}", "detector", path.name, path, size)
    return None


def find_model(model_id: str, workspace: Workspace, weights_folder: Path) -> PredictModel:
    """The listed model with this id; raises SettingsError."""
    listed = [*versions(workspace)[0], *weights_files(weights_folder)]
    found = next((model for model in listed if model.id == model_id), None)
    if found is None:
        raise SettingsError(
            f"There are no weights {model_id!r} (any more). Pages take weights only from {weights_folder} and from "
            "the model versions; reload the page for what is there."
        )
    return found


def encoders(of_the_pool: str | None) -> list[str]:
    """The encoder of the pool that is shown, where this machine has it, and the one that needs no weights."""
    return list(dict.fromkeys([of_the_pool, CLASSIC])) if of_the_pool and _is_here(of_the_pool) else [CLASSIC]


def _is_here(encoder: str) -> bool:
    if encoder == CLASSIC or Path(encoder).is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(encoder, "config.json"), str)
    except HFValidationError:
        return False
