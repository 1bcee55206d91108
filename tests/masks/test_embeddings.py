"""Embeddings on disk: one an image and model, none that is damaged, no more than was allowed."""

import os
from pathlib import Path

import numpy as np
import pytest

from winnow.errors import UnreadableImage
from winnow.masks.embeddings import EmbeddingCache
from winnow.masks.promptable import Embedding, PromptedImages
from winnow.masks.prompts import Prompt
from winnow.masks.sam import prompted_sam


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return draw(tmp_path / "image.png", 0)


def draw(path: Path, seed: int) -> Path:
    from PIL import Image

    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 30, 3), np.uint8)).save(path)
    return path


def embedding(seed: int = 0, n: int = 1000) -> Embedding:
    return Embedding({"image": np.random.default_rng(seed).random(n).astype(np.float16)}, (30, 20))


def fresh(tmp_path: Path, max_bytes: int = 10**6) -> EmbeddingCache:
    """As after a restart: nothing in memory."""
    return EmbeddingCache(tmp_path / "cache", max_bytes)


def test_what_is_kept_comes_back_after_a_restart(tmp_path: Path, image: Path) -> None:
    cache = fresh(tmp_path)
    key = cache.key(image, "model")
    assert cache.get(key) is None
    cache.put(key, embedding())
    for known in (cache, fresh(tmp_path)):
        back = known.get(known.key(image, "model"))
        assert back is not None
        assert back.size_wh == (30, 20)
        assert np.array_equal(back.arrays["image"], embedding().arrays["image"])


def test_another_model_or_a_replaced_image_has_another_key(tmp_path: Path, image: Path) -> None:
    cache = fresh(tmp_path)
    key = cache.key(image, "model")
    assert cache.key(image, "other") != key
    state = image.stat()
    os.utime(image, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert cache.key(image, "model") != key
    image.unlink()
    with pytest.raises(UnreadableImage, match="no such file"):
        cache.key(image, "model")


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty", "numbers"])
def test_a_damaged_file_is_computed_again_and_said(
    damage: str, tmp_path: Path, image: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = fresh(tmp_path)
    key = cache.key(image, "model")
    cache.put(key, embedding())
    (path,) = (tmp_path / "cache").glob("*/*.npz")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "numbers":
        cache.put(key, Embedding({"image": np.array([np.nan], np.float16)}, (30, 20)))
    else:
        cache.put(f"{key[:-1]}x", embedding())
        path.with_name(f"{path.stem[:-1]}x.npz").replace(path)
    assert fresh(tmp_path).get(key) is None
    assert "is damaged" in caplog.text
    assert not path.exists()


def test_the_oldest_go_when_there_is_no_more_room(tmp_path: Path) -> None:
    cache = fresh(tmp_path, max_bytes=12_000)  # four of 2,500 bytes and their headers
    for i in range(4):
        cache.put(f"model/{i}", embedding(i))
        path = tmp_path / "cache" / "model" / f"{i}.npz"
        os.utime(path, ns=(i, i))
    assert fresh(tmp_path).get("model/0") is not None  # used now
    cache.put("model/4", embedding(4))
    left = {path.stem for path in (tmp_path / "cache" / "model").iterdir()}
    assert {"0", "4"} <= left
    assert "1" not in left
    assert sum(path.stat().st_size for path in (tmp_path / "cache" / "model").iterdir()) <= 12_000


def test_where_nothing_can_be_written_it_is_kept_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("no folder")
    cache = fresh(tmp_path)
    cache.put("model/0", embedding())
    assert cache.get("model/0") is not None
    assert "kept in memory only" in caplog.text


def test_an_image_is_embedded_once(tmp_path: Path, image: Path) -> None:
    import small_models

    model = prompted_sam(small_models.small_sam(), "small")
    images = PromptedImages(model, fresh(tmp_path))
    first, is_new = images.set_image(image)
    assert is_new
    assert images.set_image(image)[1] is False
    again, is_new = PromptedImages(model, fresh(tmp_path)).set_image(image)
    assert is_new is False
    prompt = Prompt((1, 1, 20, 20))
    assert model.predict(first, prompt) == model.predict(again, prompt) == images.predict(image, prompt)
    draw(image, 1)
    assert images.set_image(image)[1] is True
