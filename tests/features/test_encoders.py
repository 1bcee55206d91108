import json
import shutil
import socket

import numpy as np
import pytest
from PIL import Image

from compute_features import main
from winnow.errors import EncoderError
from winnow.features import open_features
from winnow.features.encoders import EncoderOptions, load_encoder
from winnow.features.extraction import extract
from winnow.features.precision import choose_precision
from winnow.features.transformer import load_transformer
from winnow.pool import open_pool

FAMILIES = ["Dinov2", "Dinov2WithRegisters", "DINOv3ViT", "ViT"]


def no_sample():
    return []


def picture(width: int = 60, height: int = 40, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def plain_tokens(folder, image: Image.Image) -> np.ndarray:
    """(tokens, d) of one image, as transformers' documentation does it."""
    import torch
    from transformers import AutoImageProcessor, AutoModel

    model = AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        inputs = AutoImageProcessor.from_pretrained(folder)(images=image, return_tensors="pt")
        return model(**inputs).last_hidden_state[0].numpy()


@pytest.fixture
def options(model_folder):
    def make(family: str, **settings) -> EncoderOptions:
        return EncoderOptions(str(model_folder(family)), **{"device": "cpu", "precision": "fp32", **settings})

    return make


@pytest.mark.parametrize("family", FAMILIES)
def test_crop_vector_is_the_cls_token_of_a_plain_forward(options, model_folder, family):
    image = picture(90, 33)
    encoder = load_encoder(options(family), no_sample)
    vectors = encoder.encode(encoder.prepare(image, [None, (10, 5, 70, 30)]))
    expected = [plain_tokens(model_folder(family), crop)[0] for crop in (image, image.crop((10, 5, 70, 30)))]
    assert vectors.shape == (2, encoder.width) == (2, 32)
    assert vectors.dtype == np.float32
    assert cosines(vectors, np.stack(expected)).min() > 0.9999


@pytest.mark.parametrize("family", FAMILIES)
def test_roi_vector_is_the_mean_of_patch_tokens_without_registers(options, family):
    encoder = load_encoder(options(family, pool="roi"), no_sample)
    image = picture(448, 448)  # the roi input: 32 × 32 patches of 14 pixels, so the patches are known by hand
    vectors = encoder.encode(encoder.prepare(image, [None, (14, 28, 42, 42), (0, 0, 448, 448)]))
    tokens = encoder._tokens([encoder._input.pixels(image)])[0].detach().numpy()
    n_prefix = 5 if family in ("Dinov2WithRegisters", "DINOv3ViT") else 1
    patches = tokens[n_prefix:]
    assert len(patches) == 32 * 32
    assert vectors[0] == pytest.approx(tokens[0], abs=1e-4)
    assert vectors[1] == pytest.approx((patches[2 * 32 + 1] + patches[2 * 32 + 2]) / 2, abs=1e-4)
    assert vectors[2] == pytest.approx(patches.mean(axis=0), abs=1e-4)


@pytest.mark.parametrize("family", ["Dinov2", "ViT"])
@pytest.mark.parametrize("size_wh", [(90, 33), (33, 90), (28, 28), (5, 7), (300, 3)])
def test_preprocessing_gives_the_pixels_of_the_models_own_processor(options, model_folder, family, size_wh):
    import torch
    from transformers import AutoImageProcessor

    image = picture(*size_wh)
    encoder = load_encoder(options(family), no_sample)
    mine = encoder._input.normalise(torch.stack(encoder.prepare(image, [None])))
    processor = AutoImageProcessor.from_pretrained(model_folder(family))
    if max(size_wh) < 16 * min(size_wh):  # of longer slivers only the middle is resized
        torch.testing.assert_close(mine, processor(images=image, return_tensors="pt")["pixel_values"])
    assert mine.shape == (1, 3, 28, 28)


def test_batches_of_roi_images_give_each_line_its_own_vector(options, draw, pool_of, tmp_path):
    draw("a.png", 80, 60, seed=1)
    draw("b.png", 60, 80, seed=2)
    pool = pool_of("a.png 0 0 40 30", "b.png", "a.png 40 30 80 60", "b.png 0 0 30 40", "a.png 0 0 40 30")
    chosen = options("Dinov2", pool="roi")
    report = extract(pool, tmp_path / "features.npy", chosen, batch_size=2, num_workers=2)
    vectors = open_features(tmp_path / "features.npy", pool).vectors
    encoder = load_encoder(chosen, no_sample)
    for row, (name, region) in enumerate(
        [("a", (0, 0, 40, 30)), ("b", None), ("a", (40, 30, 80, 60)), ("b", (0, 0, 30, 40)), ("a", (0, 0, 40, 30))]
    ):
        alone = encoder.encode(encoder.prepare(Image.open(tmp_path / f"{name}.png"), [region]))[0]
        assert vectors[row] == pytest.approx(alone, abs=1e-4)
    assert report.n_decoded == 2


def test_bf16_vectors_point_where_fp32_ones_do(options):
    exact = load_encoder(options("Dinov2"), no_sample)
    quick = load_encoder(options("Dinov2", precision="bf16"), no_sample)
    prepared = exact.prepare(picture(), [None, (0, 0, 20, 20)])
    assert cosines(exact.encode(prepared), quick.encode(prepared)).min() > 0.999
    assert quick.recipe["precision"] == "bf16"


def test_automatic_precision_without_a_sample_is_exact(options):
    encoder = load_transformer(options("Dinov2"), no_sample)
    assert choose_precision("auto", encoder, no_sample) == "fp32"


def test_automatic_precision_keeps_to_what_the_first_run_chose(options, draw, pool_of, tmp_path, monkeypatch):
    draw("a.png")
    draw("b.png")
    out = tmp_path / "features.npy"
    extract(pool_of("a.png"), out, options("ViT", precision="bf16"), num_workers=0)
    monkeypatch.setattr("winnow.features.precision.has_native_bf16", lambda: False)
    report = extract(pool_of("a.png", "b.png"), out, options("ViT", precision="auto"), num_workers=0)
    assert json.loads(out.with_suffix(".json").read_text())["recipe"]["precision"] == "bf16"
    assert report.n_computed == 1


def test_other_weights_in_the_same_folder_are_not_taken_for_the_old_ones(options, draw, pool_of, tmp_path):
    import torch
    from transformers import AutoModel

    draw("a.png")
    folder, out = tmp_path / "model", tmp_path / "features.npy"
    shutil.copytree(options("Dinov2").model, folder)
    chosen = EncoderOptions(str(folder), precision="fp32")
    extract(pool_of("a.png"), out, chosen, num_workers=0)
    model = AutoModel.from_pretrained(folder)
    torch.nn.init.normal_(model.embeddings.cls_token)
    model.save_pretrained(folder)
    assert extract(pool_of("a.png"), out, chosen, num_workers=0).n_computed == 1


def test_a_file_without_the_pooler_that_nobody_uses_always_has_the_same_hash(options, tmp_path):
    from transformers import ViTModel

    shutil.copytree(options("ViT").model, tmp_path / "model")
    ViTModel.from_pretrained(tmp_path / "model", add_pooling_layer=False).save_pretrained(tmp_path / "model")
    chosen = EncoderOptions(str(tmp_path / "model"), precision="fp32")
    assert load_encoder(chosen, no_sample).recipe == load_encoder(chosen, no_sample).recipe


def test_real_vit_gives_the_published_vectors_of_magnetic_tiles(shared, tmp_path):
    paths = [line.split(",")[0] for line in (shared / "data/magnetic_tile/labels.csv").read_text().splitlines()[1::150]]
    refs = tmp_path / "refs.txt"
    refs.write_text("".join(f'"{shared}/data/magnetic_tile/{path}"\n' for path in paths))
    model = str(shared / "models/vit-tiny-imagenet")
    extract(open_pool(refs), tmp_path / "features.npy", EncoderOptions(model, precision="fp32"), num_workers=1)
    published = np.load(shared / "data/features/magnetic.npz")["X"][::150].astype(np.float32)
    assert cosines(np.load(tmp_path / "features.npy"), published).min() > 0.999


def test_hub_that_cannot_be_reached_is_told_at_once_with_the_ways_out(draw, pool_of, capsys, monkeypatch, tmp_path):
    with socket.socket() as free:  # bound and not listening: every connection is refused
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        draw("a.png")
        refs = str(pool_of("a.png").refs_path)
        assert main(["--refs", refs, "--model", "someone/no-such-model"]) == 2
    text = capsys.readouterr().err
    assert "cannot be reached" in text
    for way in ("--model path/to/folder", "hf download someone/no-such-model", "HF_HOME", "--model classic"):
        assert way in text
    assert not (tmp_path / "features.npy").exists()


def test_offline_setting_is_respected(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderError, match="HF_HUB_OFFLINE is set"):
        load_encoder(EncoderOptions("someone/no-such-model"), no_sample)


def test_folder_that_does_not_exist_is_not_looked_up_on_a_hub():
    with pytest.raises(EncoderError, match="there is no such folder"):
        load_encoder(EncoderOptions("./no/such/folder"), no_sample)


@pytest.mark.parametrize(
    ("broken", "said"),
    [("model.safetensors", "cannot be loaded"), ("preprocessor_config.json", "cannot be loaded")],
)
def test_folder_that_lacks_a_file_is_refused(options, tmp_path, broken, said):
    folder = tmp_path / "model"
    shutil.copytree(options("Dinov2").model, folder)
    (folder / broken).unlink()
    with pytest.raises(EncoderError, match=said):
        load_encoder(EncoderOptions(str(folder)), no_sample)


def test_weights_that_are_not_in_the_file_are_never_made_up(options, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(options("Dinov2").model, folder)
    tensors = load_file(folder / "model.safetensors")
    removed = next(name for name in tensors if "encoder.layer.1" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != removed}, folder / "model.safetensors")
    with pytest.raises(EncoderError, match="lacks the weights"):
        load_encoder(EncoderOptions(str(folder)), no_sample)


@pytest.mark.parametrize(
    "change",
    [{"do_pad": True}, {"size": {"longest_edge": 30}}, {"do_center_crop": False}, {"resample": 5}],
    ids=["padding", "longest edge", "no fixed size", "hamming"],
)
def test_preprocessing_that_winnow_does_not_do_is_refused(change):
    from winnow.features.preprocessing import read_preprocessing

    processor = {"size": {"shortest_edge": 32}, "do_center_crop": True, "crop_size": {"height": 28, "width": 28}}
    norms = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3}
    with pytest.raises(EncoderError, match=r"preprocessor_config\.json"):
        read_preprocessing({**processor, **norms, **change}, "a model")


def test_device_that_is_not_there_is_refused(options, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(EncoderError, match="--device cuda"):
        load_encoder(options("ViT", device="cuda"), no_sample)


def test_fp16_on_a_processor_is_refused(options):
    with pytest.raises(EncoderError, match="--precision fp16"):
        load_encoder(options("ViT", precision="fp16"), no_sample)


@pytest.mark.parametrize("defect", ["scratch", "pit"])
def test_classic_tells_tiles_with_a_defect_from_plain_ones(defect):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(0)
    encoder = load_encoder(EncoderOptions("classic"), no_sample)
    is_bad = np.arange(120) % 4 == 0
    tiles = [tile(rng, defect if bad else None) for bad in is_bad]
    vectors = np.concatenate([encoder.encode(encoder.prepare(one, [None])) for one in tiles])
    head = LogisticRegression(C=10, max_iter=1000).fit(vectors[:60], is_bad[:60])
    assert average_precision_score(is_bad[60:], head.decision_function(vectors[60:])) > 0.9


def tile(rng: np.random.Generator, defect: str | None) -> Image.Image:
    """A noisy grey tile of 128 × 128, with a dark line or spot at a random place."""
    pixels = rng.normal(128, 12, (128, 128))
    x, y = rng.integers(10, 90, 2)
    if defect == "scratch":
        pixels[y : y + 3, x : x + 30] -= 90
    elif defect == "pit":
        pixels[y : y + 9, x : x + 9] -= 80
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert("RGB")


def test_classic_needs_no_torch():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from PIL import Image; "
        "from winnow.features.encoders import EncoderOptions, load_encoder; "
        "e = load_encoder(EncoderOptions('classic'), list); "
        "v = e.encode(e.prepare(Image.new('RGB', (9, 9)), [None])); "
        "assert np.isfinite(v).all() and v.shape == (1, e.width); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
