"""Every family of segmenters behind one interface: embed once, then prompt."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_models

from winnow.errors import BadBox, SegmenterError
from winnow.masks.choices import segmenter_named
from winnow.masks.promptable import Promptable
from winnow.masks.prompts import Prompt
from winnow.masks.rle import encode
from winnow.masks.sam import load_tiny, prompted_sam
from winnow.masks.transformers_sam import prompted_transformers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
IMAGE = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
BOX = (20.0, 10.0, 120.0, 80.0)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Small models on many threads wait for one another when the cores are busy."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def of_transformers(model_and_processor: tuple[Any, Any]) -> Promptable:
    return prompted_transformers(*model_and_processor, "small", "cpu")


FAMILIES: dict[str, Callable[[], Promptable]] = {
    "segment_anything": lambda: prompted_sam(small_models.small_sam(), "small"),
    "transformers sam": lambda: of_transformers(small_models.transformers_sam()),
    "transformers sam 2": lambda: of_transformers(small_models.transformers_sam2()),
    "transformers sam 3": lambda: of_transformers(small_models.transformers_sam3()),
}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest) -> Promptable:
    return FAMILIES[request.param]()


def test_every_prompt_gets_a_mask_of_the_images_size(model: Promptable) -> None:
    embedding = model.embed(IMAGE)
    assert embedding.size_wh == (160, 90)
    assert {array.dtype for array in embedding.arrays.values()} == {np.dtype(np.float16)}
    earlier = encode(np.arange(90 * 160).reshape(90, 160) % 160 > 80)
    for prompt in (
        Prompt(BOX),
        Prompt(points_xy=((30, 40),), labels=(1,)),
        Prompt(BOX, ((30, 40), (150, 5)), (1, 0)),
        Prompt(earlier=earlier),
        Prompt(BOX, earlier=earlier),
    ):
        predicted = model.predict(embedding, prompt)
        assert predicted.mask_hw.shape == (90, 160)
        assert 0 <= predicted.score <= 1
        assert 0 <= predicted.stability <= 1


def test_prompts_are_told_apart_and_answered_alike_each_time(model: Promptable) -> None:
    embedding = model.embed(IMAGE)
    prompts = [Prompt(BOX), Prompt((0, 0, 30, 30)), Prompt(BOX, ((30, 40),), (1,)), Prompt(BOX, ((30, 40),), (0,))]
    scores = [model.predict(embedding, prompt).score for prompt in prompts]
    assert len({model.predict(embedding, prompt).rle for prompt in prompts} | set(scores)) > len(prompts)
    assert model.predict(model.embed(IMAGE), prompts[0]) == model.predict(embedding, prompts[0])


def test_other_weights_have_another_fingerprint() -> None:
    one, same, other = (prompted_sam(small_models.small_sam(seed), "small").fingerprint for seed in (0, 0, 1))
    assert one == same != other


@pytest.mark.parametrize("scale", [0.5, 1, 7.3])
@pytest.mark.parametrize("size_hw", [(90, 160), (160, 90), (40, 40)])
def test_masks_are_those_of_segment_anythings_own_predictor(scale: float, size_hw: tuple[int, int]) -> None:
    from segment_anything import SamPredictor

    height, width = (round(side * scale) for side in size_hw)
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    sam = small_models.small_sam()
    reference, model = SamPredictor(sam), prompted_sam(sam, "small")
    reference.set_image(image)
    embedding = model.embed(image)
    box = (width * 0.1, height * 0.1, width * 0.75, height * 0.9)
    points = ((width * 0.3, height * 0.4), (width * 0.9, height * 0.1))
    expected, scores, _ = reference.predict(np.array(points), np.array([1, 0]), np.array(box), multimask_output=False)
    found = model.predict(embedding, Prompt(box, points, (1, 0)))
    assert found.score == pytest.approx(max(0, scores[0]), abs=0.01)
    assert (found.mask_hw == expected[0]).mean() > 0.995

    several, scores, _ = reference.predict(np.array(points[:1]), np.array([1]), multimask_output=True)
    found = model.predict(embedding, Prompt(points_xy=points[:1], labels=(1,)))
    assert (found.mask_hw == several[scores.argmax()]).mean() > 0.99


@pytest.mark.parametrize(
    ("prompt", "kind", "told"),
    [
        (Prompt((0, 0, 0, 5)), BadBox, "x1 < x2"),
        (Prompt((0, 0, 161, 5)), BadBox, "160 × 90"),
        (Prompt((float("nan"), 0, 1, 5)), BadBox, "x1 < x2"),
        (Prompt(points_xy=((1, 1),)), SegmenterError, "1 points have 0 labels"),
        (Prompt(points_xy=((1, 1),), labels=(3,)), SegmenterError, "labelled 3"),
        (Prompt(points_xy=((1, -1),), labels=(1,)), SegmenterError, "outside the image of 160 × 90"),
        (Prompt(points_xy=((1, 1),), labels=(0,)), SegmenterError, "Nothing says where"),
        (Prompt(earlier=encode(np.ones((160, 90), bool))), SegmenterError, "The mask is 90 × 160 pixels"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_named(prompt: Prompt, kind: type[Exception], told: str) -> None:
    model = prompted_sam(small_models.small_sam(), "small")
    with pytest.raises(kind, match=told):
        model.predict(model.embed(IMAGE), prompt)


def test_a_folder_of_transformers_is_loaded_by_name(tmp_path: Path) -> None:
    model, processor = small_models.transformers_sam2()
    model.save_pretrained(tmp_path / "my-sam2")
    processor.save_pretrained(tmp_path / "my-sam2")
    loaded = segmenter_named("my-sam2", tmp_path, "cpu")
    assert loaded.fingerprint == prompted_transformers(model, processor, "x", "cpu").fingerprint
    (tmp_path / "my-sam2" / "model.safetensors").unlink()
    with pytest.raises(SegmenterError, match="my-sam2 cannot be loaded"):
        segmenter_named("my-sam2", tmp_path, "cpu")


def test_the_tiny_sams_weights_lie_in_a_file(tmp_path: Path) -> None:
    from winnow.masks.tiny import build_tiny_sam
    from winnow.masks.tiny_training import write_weights

    write_weights(build_tiny_sam(), tmp_path / "tiny_sam_other.safetensors")
    model = segmenter_named("tiny_sam_other.safetensors", tmp_path, "cpu")
    assert model.predict(model.embed(IMAGE), Prompt(BOX)).mask_hw.shape == (90, 160)
    (tmp_path / "tiny_sam_other.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(SegmenterError, match="does not hold the tiny SAM's weights"):
        load_tiny(tmp_path / "tiny_sam_other.safetensors")


@pytest.mark.parametrize("name", ["sam_vit_b_01ec64.pth", "mobile_sam.pt", "sam2.1_t.pt", "sam3.pt"])
def test_a_checkpoint_of_another_model_is_refused(name: str, tmp_path: Path) -> None:
    import torch

    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    torch.save(small_models.small_sam().state_dict(), tmp_path / name)
    with pytest.raises(SegmenterError, match="does not hold the weights of"):
        segmenter_named(name, tmp_path, "cpu")
    (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(SegmenterError, match="no checkpoint that can be loaded"):
        segmenter_named(name, tmp_path, "cpu")


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    import pickle

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("harm").touch, ())

    (tmp_path / "mobile_sam.pt").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(SegmenterError, match="no checkpoint that can be loaded"):
        segmenter_named("mobile_sam.pt", tmp_path, "cpu")
    assert not (tmp_path / "harm").exists()
