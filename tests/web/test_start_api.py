"""Where labelling starts while nothing positive is known, over HTTP."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from small_pool import Client, draw_pool

from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.pool import open_pool
from winnow.settings import Settings

RED, BLUE = (200, 40, 40), (40, 40, 200)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (48, 32)) -> str:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def give(client: Client, status: int = 201, **example: Any) -> dict[str, Any]:
    response = client.post("/api/start/examples", json={"key": "key-1", **example})
    assert response.status_code == status, response.text
    return response.json()


def first(client: Client, n: int = 10) -> list[int]:
    return [item["index"] for item in client.queue(n)["items"]]


@pytest.fixture
def encoded(tmp_path: Path) -> Settings:
    """A pool whose features an encoder of Winnow's own made."""
    refs = draw_pool(tmp_path)
    (tmp_path / "features.npy").unlink()
    extract(open_pool(refs), tmp_path / "features.npy", EncoderOptions("classic"), num_workers=0)
    return Settings(refs=refs, annotator="ana")


def test_at_first_what_covers_the_pool_is_shown(client: Client) -> None:
    start = client.get("/api/start").json()
    assert {name: start[name] for name in ("way", "coverage", "examples", "state", "problem")} == {
        "way": "cover",
        "coverage": None,
        "examples": [],
        "state": "ready",
        "problem": None,
    }
    assert [way["name"] for way in start["available"]] == ["cover", "example", "unusual", "tour"]


def test_an_item_as_example_brings_its_likes_first(client: Client) -> None:
    red = next(item for item in client.queue(40)["items"] if item["index"] == 4)
    start = give(client, item_id=red["id"])
    assert start["way"] == "example"
    assert start["examples"][0]["kind"] == "item"
    assert client.get(start["examples"][0]["url"]).headers["content-type"].startswith("image/")
    queue = client.queue(10)["items"]
    assert queue[0]["index"] == 4
    assert all(item["index"] % 4 == 0 for item in queue)
    assert {item["strategy"] for item in queue} == {"example"}
    given = client.judge(queue[0]["id"], 1)["verdict"]
    assert (given["strategy"], given["selection_probability"]) == ("example", 1.0)


def test_the_same_key_or_item_again_adds_nothing(client: Client) -> None:
    items = client.queue(2)["items"]
    once = give(client, item_id=items[0]["id"])
    assert give(client, item_id=items[1]["id"])["examples"] == once["examples"]
    assert give(client, key="key-2", item_id=items[0]["id"])["examples"] == once["examples"]
    assert len(give(client, key="key-3", item_id=items[1]["id"])["examples"]) == 2


def test_without_examples_the_pool_is_covered_again(client: Client) -> None:
    before = first(client)
    example = give(client, item_id=client.queue(1)["items"][0]["id"])["examples"][0]
    assert first(client) != before
    start = client.delete(f"/api/start/examples/{example['id']}").json()
    assert (start["way"], start["examples"]) == ("cover", [])
    assert first(client)[1:] != []
    assert {item["strategy"] for item in client.queue(10)["items"]} == {"cover"}
    assert client.delete(f"/api/start/examples/{example['id']}").status_code == 404


def test_a_start_outlives_the_server(settings: Settings, open_client: Any) -> None:
    client = open_client(settings)
    red = next(item for item in client.queue(40)["items"] if item["index"] == 8)
    give(client, item_id=red["id"])
    order = first(client)
    client.__exit__(None, None, None)
    again = open_client(settings)
    assert again.get("/api/start").json()["way"] == "example"
    assert first(again) == order


def test_a_picture_is_encoded_and_brings_its_likes_first(encoded: Settings, open_client: Any) -> None:
    client = open_client(encoded)
    start = give(client, picture=picture(RED), name="red.png")
    assert (start["way"], [example["kind"] for example in start["examples"]]) == ("example", ["picture"])
    client.wait_until(lambda client: client.get("/api/start").json()["state"] == "ready", timeout_s=120)
    assert client.get("/api/start").json()["problem"] is None
    assert all(index % 4 == 0 for index in first(client, 8))
    shown = Image.open(io.BytesIO(client.get(start["examples"][0]["url"]).content))
    assert shown.convert("RGB").getpixel((5, 5)) == RED


def test_the_box_on_a_picture_is_what_counts(encoded: Settings, open_client: Any) -> None:
    client = open_client(encoded)
    both = Image.new("RGB", (96, 32), RED)
    both.paste(BLUE, (48, 0, 96, 32))
    out = io.BytesIO()
    both.save(out, "PNG")
    content = base64.b64encode(out.getvalue()).decode()
    start = give(client, picture=content, name="both.png", box_xyxy=[50, 0, 200, 32])
    client.wait_until(lambda client: client.get("/api/start").json()["state"] == "ready", timeout_s=120)
    assert all(index % 4 for index in first(client, 8))
    shown = Image.open(io.BytesIO(client.get(start["examples"][0]["url"]).content)).convert("RGB")
    assert (shown.size, shown.getpixel((0, 0))) == ((46, 32), BLUE)


@pytest.mark.parametrize(
    ("example", "part_of_detail"),
    [
        ({"picture": base64.b64encode(b"no picture").decode(), "name": "a.png"}, "a.png: not an image"),
        ({"picture": picture(RED), "name": "b.png", "box_xyxy": [500, 500, 600, 600]}, "no area on b.png"),
    ],
)
def test_a_picture_that_says_nothing_is_refused_and_not_kept(
    example: dict[str, Any], part_of_detail: str, encoded: Settings, open_client: Any
) -> None:
    client = open_client(encoded)
    assert part_of_detail in give(client, 422, **example)["detail"]
    assert client.get("/api/start").json()["examples"] == []
    kept = encoded.refs.parent / f"{encoded.refs.name}.winnow" / "examples"
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize(
    "example",
    [
        {},
        {"item_id": "0" * 16, "picture": picture(RED)},
        {"item_id": "0" * 16, "box_xyxy": [0, 0, 1, 1]},
        {"picture": "not base 64!"},
    ],
)
def test_an_example_is_either_an_item_or_a_picture(client: Client, example: dict[str, Any]) -> None:
    give(client, 422, **example)


def test_pictures_need_features_that_winnow_made(client: Client) -> None:
    assert "made elsewhere" in give(client, 422, picture=picture(RED))["detail"]
    assert client.get("/api/start").json()["way"] == "cover"


def test_what_cannot_be_is_refused_with_the_way_out(client: Client) -> None:
    refused = {way: client.put("/api/start", json={"way": way}) for way in ("example", "unusual", "nowhere")}
    assert {way: answer.status_code for way, answer in refused.items()} == dict.fromkeys(refused, 422)
    assert "no example yet" in refused["example"].json()["detail"]
    assert "WINNOW_ATLAS" in refused["unusual"].json()["detail"]
    assert give(client, 404, item_id="0" * 16)["error"] == "unknown_item"


def test_the_unusual_and_the_tour_come_from_the_atlas(settings: Settings, open_client: Any) -> None:
    client = open_client(settings.model_copy(update={"atlas": True}))
    start = client.put("/api/start", json={"way": "unusual"}).json()
    assert start["state"] in ("building", "ready")
    client.wait_until(lambda client: client.get("/api/start").json()["state"] == "ready", timeout_s=300)
    queue = client.wait_until(
        lambda client: [item for item in client.queue(20)["items"] if item["strategy"] == "unusual"]
    )
    assert len(queue) == 20
    coverage = client.put("/api/start", json={"way": "tour"}).json()["coverage"]
    assert (coverage["seen"], coverage["share_of_items"]) == (0, 0.0)
    toured = client.queue(coverage["total"])["items"]
    assert {item["strategy"] for item in toured} == {"tour"}
    for number, item in enumerate(toured[:3], 1):
        client.judge(item["id"], 0)
        assert client.get("/api/start").json()["coverage"]["seen"] == number
