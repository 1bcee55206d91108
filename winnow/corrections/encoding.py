"""The process that holds an encoder: a request a line on stdin, an answer a line on stdout, until stdin ends."""

import contextlib
import dataclasses
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from winnow.errors import EncoderError, FeaturesError, WinnowError
from winnow.features.encoders import Encoder, EncoderOptions, Sample, load_encoder
from winnow.features.extraction import extract
from winnow.features.manifest import Manifest, is_made_alike, read_manifest
from winnow.pool import open_pool

NICENESS = 10
BATCH_SIZE = 8  # few items come at a time, and memory is shared with a server


class Encoders:
    """The last encoder that was asked for, loaded once."""

    def __init__(self) -> None:
        self._options: EncoderOptions | None = None
        self._encoder: Encoder | None = None

    def load(self, options: EncoderOptions, sample: Sample) -> Encoder:
        if self._encoder is None or options != self._options:
            self._encoder, self._options = load_encoder(options, sample), options
        return self._encoder


def options_of(manifest: Manifest, *, has_cuda: bool) -> EncoderOptions:
    """What `compute_features.py` was given to make a matrix; half precision becomes single where there is no GPU."""
    recipe = manifest.recipe
    precision = str(recipe.get("precision", "auto"))
    if precision == "fp16" and not has_cuda:
        precision = "fp32"
    return EncoderOptions(
        model=manifest.encoder,
        pool=str(recipe.get("pool", "crop")),
        context=float(recipe.get("context", 0.0)),
        precision=precision,
    )


def answer(request: dict[str, Any], encoders: Encoders) -> dict[str, Any]:
    """Brings the matrix `out` of `refs` up to date with the encoder of the matrix `like`; {"problem"} or its counts."""
    out, like = Path(request["out"]), Path(request["like"])
    try:
        manifest = read_manifest(like)
        if manifest is None:
            raise FeaturesError(f"{like} has no manifest that says which encoder made it.")
        options = options_of(manifest, has_cuda="precision" in manifest.recipe and _has_cuda())
        _check_weights(encoders.load(options, list), manifest)
        with contextlib.redirect_stderr(io.StringIO()):  # the progress bar is for people
            report = extract(
                open_pool(Path(request["refs"])),
                out,
                options,
                dtype=manifest.dtype,
                batch_size=BATCH_SIZE,
                num_workers=0,
                load=encoders.load,
            )
    except WinnowError as error:
        return {"problem": str(error)}
    return {"n_computed": report.n_computed, "failures": [dataclasses.asdict(failure) for failure in report.failures]}


def main() -> None:
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    encoders = Encoders()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), encoders)), file=channel, flush=True)


def _check_weights(encoder: Encoder, manifest: Manifest) -> None:
    if not is_made_alike(encoder.recipe, encoder.preprocessing, manifest):
        raise EncoderError(
            f"The encoder {manifest.encoder} is not the one that made the pool's features: its weights or settings "
            "have changed since. Compute the pool's features again, with --out to the same file."
        )


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


if __name__ == "__main__":
    main()
