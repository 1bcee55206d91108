"""Masks over HTTP: a real segmenter in its own process, with weights that mean nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_pool import Client

from winnow.masks.rle import Rle, decode, encode
from winnow.settings import Settings
from winnow.web.app import create_app

RANDOM = "tiny_sam_random.safetensors"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny SAM that has learnt nothing, and files that are no segmenters of that name."""
    import torch

    from winnow.masks.tiny import build_tiny_sam
    from winnow.masks.tiny_training import write_weights

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    write_weights(build_tiny_sam(), folder / RANDOM)
    (folder / "sam_vit_b_01ec64.pth").write_bytes(b"none")
    (folder / "yolo.pt").write_bytes(b"none")
    return folder


@pytest.fixture(scope="module")
def client(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    from small_pool import draw_pool

    settings = Settings(
        refs=draw_pool(tmp_path_factory.mktemp("pool"), 12), annotator="ana", weights=weights, segmenter=RANDOM
    )
    with Client(create_app(settings), base_url="http://localhost") as client:
        client.wait_until(lambda client: client.get("/healthz").json()["ready"])
        yield client


@pytest.fixture
def items(client: Client) -> list[dict[str, Any]]:
    return sorted(client.queue(12)["items"], key=lambda item: item["index"])


def predict(client: Client, item: dict[str, Any], **more: Any) -> Any:
    return client.post("/api/masks/predict", json={"item_id": item["id"], **more})


def as_mask(answer: dict[str, Any]) -> np.ndarray:
    height, width = answer["mask"]["size"]
    return decode(Rle((height, width), answer["mask"]["counts"]))


def test_a_box_is_answered_with_a_mask_of_the_images_size(client: Client, items: list[dict[str, Any]]) -> None:
    answer = predict(client, items[0], box_xyxy=[4, 6, 40, 28], seq=7)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    mask = as_mask(told)
    assert (told["seq"], told["model"], mask.shape) == (7, RANDOM, (32, 48))
    y, x = np.nonzero(mask)
    assert told["box_xyxy"] == [x.min(), y.min(), x.max() + 1, y.max() + 1]
    assert told["area_px"] == mask.sum()
    assert 0 <= told["score"] <= 1
    assert 0 <= told["stability"] <= 1
    again = predict(client, items[0], box_xyxy=[4, 6, 40, 28]).json()
    assert (again["is_embedding_new"], again["mask"]) == (False, told["mask"])
    assert client.get("/api/masks").json()["state"] == "ready"


def test_points_and_an_earlier_mask_prompt_too(client: Client, items: list[dict[str, Any]]) -> None:
    first = predict(client, items[0], points=[[20, 16, 1]]).json()
    refined = predict(client, items[0], points=[[20, 16, 1], [2, 2, 0]], mask=first["mask"])
    assert refined.status_code == 200, refined.text
    assert refined.json()["score"] != first["score"]


def test_images_are_prepared_ahead(client: Client, items: list[dict[str, Any]]) -> None:
    ids = [item["id"] for item in items[2:5]]
    answer = client.post("/api/masks/prepare", json={"item_ids": ids})
    assert (answer.status_code, set(answer.json()["states"])) == (202, set(ids))
    client.wait_until(
        lambda client: (
            set(client.post("/api/masks/prepare", json={"item_ids": ids}).json()["states"].values()) == {"ready"}
        )
    )
    assert predict(client, items[3], box_xyxy=[1, 1, 20, 20]).json()["is_embedding_new"] is False


@pytest.mark.parametrize(
    ("prompt", "error", "told"),
    [
        ({"box_xyxy": [4, 6, 49, 28]}, "bad_box", "48 × 32"),
        ({"box_xyxy": [4, 6, 4, 28]}, "bad_box", "x1 < x2"),
        ({"points": [[50, 3, 1]]}, "bad_segmenter", "outside the image of 48 × 32"),
        ({"points": [[5, 3, 0]]}, "bad_segmenter", "Nothing says where the object is"),
        ({}, "bad_segmenter", "Nothing says where the object is"),
        ({"points": [[5, 3, 2]]}, "bad_request", "points"),
        ({"mask": encode(np.ones((32, 47), bool)).as_json()}, "bad_segmenter", "The mask is 47 × 32 pixels, its image"),
        ({"mask": {"size": [32, 48], "counts": "oops"}}, "bad_proposals", "mask's run"),
    ],
)
def test_what_cannot_be_prompted_by_is_refused(
    client: Client, items: list[dict[str, Any]], prompt: dict[str, Any], error: str, told: str
) -> None:
    answer = predict(client, items[0], **prompt)
    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert told in answer.json()["detail"]


def test_an_unknown_item_is_not_found(client: Client) -> None:
    assert predict(client, {"id": "0" * 16}, box_xyxy=[0, 0, 1, 1]).status_code == 404
    assert client.post("/api/masks/prepare", json={"item_ids": ["0" * 16]}).status_code == 404


def test_an_image_replaced_on_disk_is_embedded_anew(client: Client, items: list[dict[str, Any]], weights: Path) -> None:
    old = predict(client, items[9], box_xyxy=[1, 1, 20, 20]).json()
    file = client.app.state.settings.base_folder / items[9]["path"]  # type: ignore[attr-defined]
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (20, 30, 3), np.uint8)).save(file)
    new = predict(client, items[9], box_xyxy=[1, 1, 20, 20]).json()
    assert (new["is_embedding_new"], new["mask"]["size"]) == (True, [20, 30])
    refused = predict(client, items[9], box_xyxy=[1, 1, 20, 20], mask=old["mask"])
    assert (refused.status_code, refused.json()["error"]) == (422, "bad_segmenter")
    assert "or the image was replaced" in refused.json()["detail"]


def test_a_mask_is_made_tidy(client: Client, items: list[dict[str, Any]]) -> None:
    mask = np.zeros((32, 48), bool)
    mask[4:20, 4:30] = True
    mask[8, 8] = False
    mask[25:27, 40:42] = True
    body = {"item_id": items[0]["id"], "mask": encode(mask).as_json()}
    as_it_was = client.post("/api/masks/tidy", json=body).json()
    assert np.array_equal(as_mask(as_it_was), mask)
    assert [len(ring) for ring in as_it_was["polygons"]] == [4, 4, 4]
    neat = client.post("/api/masks/tidy", json={**body, "holes_px": 1, "islands_px": 4}).json()
    assert neat["box_xyxy"] == [4, 4, 30, 20]
    assert neat["area_px"] == as_mask(neat).sum() == 16 * 26
    assert neat["polygons"] == [[[4, 4], [30, 4], [30, 20], [4, 20]]]


def test_a_tolerance_simplifies_the_mask_with_its_outline(client: Client, items: list[dict[str, Any]]) -> None:
    y, x = np.mgrid[:32, :48]
    disc = (x - 20) ** 2 + (y - 16) ** 2 < 150
    body = {"item_id": items[0]["id"], "mask": encode(disc).as_json(), "tolerance_px": 2}
    neat = client.post("/api/masks/tidy", json=body).json()
    (ring,) = neat["polygons"]
    assert 3 <= len(ring) <= 12
    found = as_mask(neat)
    assert neat["area_px"] == found.sum()
    assert 0.85 < (found & disc).sum() / (found | disc).sum() < 1


def test_a_mask_of_another_size_is_not_tidied(client: Client, items: list[dict[str, Any]]) -> None:
    body = {"item_id": items[0]["id"], "mask": encode(np.ones((4, 4), bool)).as_json()}
    answer = client.post("/api/masks/tidy", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_segmenter")


def test_segmenters_that_are_there_can_be_chosen(client: Client, items: list[dict[str, Any]]) -> None:
    listed = client.get("/api/masks").json()
    assert [model["name"] for model in listed["models"]] == ["sam_vit_b_01ec64.pth", RANDOM, "tiny"]
    assert "weights folder" in listed["how_to"]
    assert client.put("/api/masks", json={"model": "../../yolo.pt"}).status_code == 422
    assert client.put("/api/masks", json={"model": "yolo.pt"}).status_code == 422

    assert client.put("/api/masks", json={"model": "none"}).json()["state"] == "none"
    refused = predict(client, items[0], box_xyxy=[1, 1, 20, 20])
    assert (refused.status_code, refused.json()["error"]) == (422, "bad_segmenter")
    assert "choose one" in refused.json()["detail"]

    damaged = client.put("/api/masks", json={"model": "sam_vit_b_01ec64.pth"}).json()
    assert (damaged["model"], damaged["state"]) == ("sam_vit_b_01ec64.pth", "stopped")
    refused = predict(client, items[0], box_xyxy=[1, 1, 20, 20])
    assert refused.status_code == 422
    assert "no checkpoint that can be loaded" in refused.json()["detail"]
    failed = client.get("/api/masks").json()
    assert (failed["state"], failed["problem"]) == ("failed", refused.json()["detail"])

    assert client.put("/api/masks", json={"model": RANDOM}).json()["model"] == RANDOM
    assert predict(client, items[0], box_xyxy=[1, 1, 20, 20]).status_code == 200
