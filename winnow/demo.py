"""The demo: a pool that the project makes itself, its features by the best encoder at hand, ready to be labelled."""

from pathlib import Path

from winnow.demo_pool import make_demo_pool
from winnow.demo_proposals import make_demo_proposals
from winnow.errors import EncoderError, FeaturesError
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.features.matrix import open_features
from winnow.pool import Pool, open_pool
from winnow.settings import Settings, read_settings

PREFERRED, FALLBACK = "facebook/dinov2-small", "classic"


def prepare_demo(folder: Path) -> Settings:
    """Makes what is missing of the demo pool and its features; says which encoder they are from."""
    print(f"Making the demo pool in {folder}: surface tiles, about 5 % with a scratch, a pit or a stain", flush=True)
    refs = make_demo_pool(folder)
    pool = open_pool(refs)
    features = folder / "features.npy"
    encoder = _existing_encoder(features, pool) or _compute(features, pool)
    print(f"Features: {features}, encoder {encoder}. The truth, for afterwards: {folder / 'truth.csv'}", flush=True)
    proposals = make_demo_proposals(folder)
    if not proposals.with_suffix(".npy").exists():
        extract(open_pool(proposals), proposals.with_suffix(".npy"), EncoderOptions(FALLBACK))
    print(f"Something to correct: open {proposals.name} on the Predict page, then Results", flush=True)
    changes = {"refs": refs, "features": features, "database": None, "strategy": "max_probability"}
    return read_settings().model_copy(update=changes)


def _existing_encoder(features: Path, pool: Pool) -> str | None:
    try:
        return open_features(features, pool).encoder
    except FeaturesError:
        return None


def _compute(features: Path, pool: Pool) -> str:
    try:
        return extract(pool, features, EncoderOptions(PREFERRED)).encoder
    except EncoderError as error:
        print(f"{PREFERRED} cannot be had here, so the weight-free encoder {FALLBACK!r} is used.")
        print(f"  ({str(error).split(' The ways out:')[0]})", flush=True)
    return extract(pool, features, EncoderOptions(FALLBACK)).encoder
