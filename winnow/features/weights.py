"""Model weights from a local folder, the hub's cache or the hub, in that order; never another model instead."""

import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow.errors import EncoderError

if TYPE_CHECKING:
    import torch

_HUB_TIMEOUT_S = 5.0
_UNUSED_WEIGHTS = ("pooler.", "mask_token", "embeddings.mask_token")  # no part of the last hidden state


def load_weights(name: str) -> tuple["torch.nn.Module", dict[str, Any]]:
    """The fp32 model and its image processor's settings; raises EncoderError with the ways out."""
    if Path(name).is_dir():
        return _load(name, only_local=True)
    if _is_path(name):
        raise EncoderError(f"--model {name}: there is no such folder. {_ways_out(name)}")
    try:
        return _load(name, only_local=True)
    except EncoderError:
        _check_hub(name)
        return _load(name, only_local=False)


def _load(name: str, only_local: bool) -> tuple["torch.nn.Module", dict[str, Any]]:
    import torch
    from transformers import AutoImageProcessor, AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        processor = AutoImageProcessor.from_pretrained(name, local_files_only=only_local)
        model, report = AutoModel.from_pretrained(
            name, local_files_only=only_local, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # transformers, safetensors and the hub's client raise anything over a broken folder
        reason = str(error).split("\n", 1)[0]
        raise EncoderError(f"--model {name}: its weights cannot be loaded ({reason}). {_ways_out(name)}") from error
    missing = [key for key in report["missing_keys"] if not key.startswith(_UNUSED_WEIGHTS)]
    if missing:
        raise EncoderError(f"--model {name}: the file lacks the weights {', '.join(missing[:5])} … {_ways_out(name)}")
    for key in report["missing_keys"]:  # unused, but drawn at random: the same file must give the same hash
        model.get_parameter(key).data.zero_()
    return model, processor.to_dict()


def _is_path(name: str) -> bool:
    return not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) or name.startswith(".") or bool(os.path.splitdrive(name)[0])


def _check_hub(name: str) -> None:
    """One quick question before the hub's own client, which tries an unreachable hub for minutes."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "TRUE", "YES", "ON"):
        raise EncoderError(f"--model {name}: not on this machine, and HF_HUB_OFFLINE is set. {_ways_out(name)}")
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    request = urllib.request.Request(f"{hub}/{name}/resolve/main/config.json", method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=_HUB_TIMEOUT_S).close()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise EncoderError(f"--model {name}: {hub} knows no such model. {_ways_out(name)}") from error
        # the hub is there; its client knows about tokens and gated models
    except OSError as error:
        raise EncoderError(
            f"--model {name}: not on this machine, and {hub} cannot be reached ({error}). {_ways_out(name)}"
        ) from error


def _ways_out(name: str) -> str:
    return (
        "The ways out:\n"
        "  - a folder in transformers format (config.json, model.safetensors, preprocessor_config.json): "
        "--model path/to/folder\n"
        f"  - download where there is a network, `hf download {name} --local-dir dinov2`, copy the folder here and "
        "give it as --model; or copy that machine's hub cache and point HF_HOME to it\n"
        "  - the encoder that needs no weights: --model classic"
    )
