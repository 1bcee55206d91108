"""Where and how exactly a model runs: the device, and bf16 where it is quicker and as good."""

import time
from typing import TYPE_CHECKING

import numpy as np

from winnow.errors import EncoderError
from winnow.features.encoders import Sample

if TYPE_CHECKING:
    import torch

    from winnow.features.transformer import TransformerEncoder

SMALLEST_COSINE = 0.999  # between a bf16 vector and its fp32 twin


def choose_device(asked: str) -> str:
    """cpu, cuda or mps; raises EncoderError for a device that is not there."""
    import torch

    is_there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if is_there[device])
    if not is_there[asked]:
        raise EncoderError(f"--device {asked}: PyTorch finds no such device here. Use --device auto or cpu.")
    return asked


def torch_dtype(precision: str) -> "torch.dtype":
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def choose_precision(asked: str, exact: "TransformerEncoder", sample: Sample) -> str:
    """fp32, bf16 or fp16. `auto` is fp16 on cuda, bf16 on a processor where that is quicker and as good, else fp32.

    Quicker and as good: native bf16, measured on the sample against `exact`, with every cosine at least 0.999.
    """
    if asked == "fp16" and exact.device == "cpu":
        raise EncoderError("--precision fp16 is for cuda and mps; on a processor use auto, bf16 or fp32.")
    if asked != "auto":
        return asked
    if exact.device == "cuda":
        return "fp16"
    if exact.device != "cpu" or not has_native_bf16():
        return "fp32"
    return "bf16" if _is_bf16_better(exact, sample) else "fp32"


def has_native_bf16() -> bool:
    """Whether the processor multiplies bf16 itself (AVX512-BF16 or AMX); emulated, it is slower than fp32."""
    import torch

    # Not public in every version of PyTorch; where it is missing fp32 is right, if not quickest.
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(check is not None and check() for check in checks)


def _is_bf16_better(exact: "TransformerEncoder", sample: Sample) -> bool:
    quick = exact.with_precision("bf16")
    prepared = [part for image, region in sample() for part in exact.prepare(image, [region])]
    if not prepared:
        return False
    vectors, exact_s = _timed(exact, prepared)
    twins, quick_s = _timed(quick, prepared)
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(twins, axis=1)
    cosines = (vectors * twins).sum(axis=1) / norms
    return quick_s < exact_s and bool(cosines.min() >= SMALLEST_COSINE)


def _timed(encoder: "TransformerEncoder", prepared: list[object]) -> tuple[np.ndarray, float]:
    """The vectors, and the better of two times in seconds after a warm-up."""
    vectors = encoder.encode(prepared)
    times = []
    for _ in range(2):
        started = time.perf_counter()
        encoder.encode(prepared)
        times.append(time.perf_counter() - started)
    return vectors, min(times)
