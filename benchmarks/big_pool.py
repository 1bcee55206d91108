"""Large pools for benchmarks: clustered vectors, and as many different image paths as rows from a hundred JPEGs."""

from pathlib import Path

import numpy as np
from PIL import Image

WIDTH = 384
IMAGE_WH = (1280, 960)
N_IMAGES = 100
N_CLUSTERS = 50


def make_pool(folder: Path, n: int, *, dtype: str = "float32", seed: int = 0) -> Path:
    """A pool of n whole images with (n, 384) features; positives are cluster 0. Answers the refs."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    _draw_images(folder / "images", rng)
    _link_folders(folder, n)
    refs = folder / "refs.txt"
    refs.write_text("".join(f"d{i // N_IMAGES}/{i % N_IMAGES}.jpg\n" for i in range(n)))
    clusters = write_vectors(folder / "features.npy", n, dtype=dtype, rng=rng)
    np.save(folder / "is_positive.npy", clusters == 0)
    return refs


def write_vectors(path: Path, n: int, *, dtype: str, rng: np.random.Generator) -> np.ndarray:
    """(n, 384) vectors in blocks, so that a million fit in little memory; answers each row's cluster."""
    centres = rng.standard_normal((N_CLUSTERS, WIDTH)).astype(np.float32)
    clusters = rng.integers(0, N_CLUSTERS, n)
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=(n, WIDTH))
    for start in range(0, n, 50_000):
        block = clusters[start : start + 50_000]
        matrix[start : start + 50_000] = centres[block] + 1.5 * rng.standard_normal((len(block), WIDTH), np.float32)
    matrix.flush()
    return clusters


def _draw_images(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir(exist_ok=True)
    width, height = IMAGE_WH
    for i in range(N_IMAGES):
        coarse = Image.fromarray(rng.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize(IMAGE_WH, Image.Resampling.BICUBIC), dtype=np.float32)
        pixels = np.clip(pixels + rng.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.jpg", quality=85)


def _link_folders(folder: Path, n: int) -> None:
    for i in range(-(-n // N_IMAGES)):
        link = folder / f"d{i}"
        if not link.is_symlink():
            link.symlink_to("images")
