"""Who may write, how much, and what a browser may run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pool import Client, draw_pool

from winnow.settings import Settings

GOOD = {"label": 1, "key": "k"}


@pytest.mark.parametrize("host", ["elsewhere.example", "", "127.0.0.1.evil.example", "localhost@evil.example"])
def test_an_unknown_host_is_refused(client: Client, host: str) -> None:
    response = client.get("/api/queue", headers={"Host": host})
    assert (response.status_code, response.json()["error"]) == (400, "unknown_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:8000", "LOCALHOST"])
def test_this_machines_own_names_are_known(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://elsewhere.example", "null", "http://localhost:9999", "https://", "http://[::1"]
)
def test_a_write_from_a_foreign_origin_is_refused(client: Client, origin: str) -> None:
    body = {**GOOD, "item_id": client.queue(1)["items"][0]["id"]}
    response = client.post("/api/verdicts", json=body, headers={"Origin": origin})
    assert (response.status_code, response.json()["error"]) == (403, "foreign_origin")
    assert client.queue(1)["progress"]["labeled"] == 0


def test_a_write_from_our_own_page_is_taken(client: Client) -> None:
    body = {**GOOD, "item_id": client.queue(1)["items"][0]["id"]}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/verdicts", json=body, headers=headers).status_code == 201


def test_only_reviews_and_masks_may_be_long(client: Client) -> None:
    item_id = client.queue(1)["items"][0]["id"]
    assert client.post(f"/api/results/{item_id}", content=b"x" * 10_000_000).status_code == 422
    assert client.post(f"/api/results/{item_id}", content=b"x" * 17_000_000).status_code == 413


def test_a_body_of_ten_megabytes_is_refused(client: Client) -> None:
    response = client.post("/api/verdicts", content=b"x" * 10_000_000)
    assert (response.status_code, response.json()["error"]) == (413, "body_too_large")


def test_a_body_without_a_length_is_bounded_too(client: Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    response = client.post("/api/verdicts", content=chunks(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/", "/review", "/export", "/api/queue", "/nowhere", "/static/js/keys.js"])
def test_every_answer_carries_the_strict_policy(client: Client, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "../../etc/passwd", "0", "zzzzzzzzzzzzzzzz", "%00"])
def test_media_knows_items_only(client: Client, name: str) -> None:
    assert client.get(f"/media/items/{name}").status_code in (404, 422)


def test_errors_are_json_to_programs_and_a_page_to_people(client: Client) -> None:
    assert client.get("/nowhere").json() == {"error": "http_error", "detail": "Not Found"}
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")


def test_images_stay_below_the_root_also_through_links(tmp_path: Path, open_client: Any) -> None:
    root = tmp_path / "root"
    root.mkdir()
    refs = draw_pool(root, n=4)
    (root / "0.png").rename(tmp_path / "secret.png")
    (root / "0.png").symlink_to(tmp_path / "secret.png")
    (root / "1.png").rename(tmp_path / "1.png")
    refs.write_text(refs.read_text().replace("1.png", "../1.png"))
    client = open_client(Settings(refs=refs, image_root=root))
    statuses = {item["index"]: client.get(item["image_url"]).status_code for item in client.queue(4)["items"]}
    assert statuses == {0: 422, 1: 422, 2: 200, 3: 200}
