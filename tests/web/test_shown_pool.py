"""Calls that say which pool their page shows: the server never takes one for another pool."""

from typing import Any
from urllib.parse import quote

import pytest
from small_pool import Client
from test_pools import add_pool, open_pool

from winnow.settings import Settings


def of_pool(settings: Settings, name: str) -> dict[str, str]:
    return {"X-Winnow-Pool": quote(f"{settings.base_folder.name}/{name}", safe="")}


def test_a_verdict_for_a_pool_that_is_not_open_waits_until_it_is(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    item = client.queue(1)["items"][0]
    body = {"item_id": item["id"], "label": 1, "key": "k-1"}
    open_pool(client, "proposals-0001.csv")
    first = of_pool(settings, "refs.txt")
    refused = client.post("/api/verdicts", json=body, headers=first)
    assert (refused.status_code, refused.json()) == (
        503,
        {
            "error": "not_ready",
            "detail": "The server now shows proposals-0001.csv, this page refs.txt. Open refs.txt again on the Predict "
            "page, or reload this page to go on with proposals-0001.csv",
        },
    )
    open_pool(client, "refs.txt")
    assert client.post("/api/verdicts", json=body, headers=first).status_code == 201
    assert client.queue()["progress"]["labeled"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/queue", None),
        ("POST", "/api/undo", {}),
        ("GET", "/api/images", None),
        ("PUT", "/api/filter", {}),
        ("GET", "/api/triage", None),
        ("GET", "/api/review", None),
        ("POST", "/api/skipped/return", {"key": "k-2"}),
    ],
)
def test_what_is_of_a_pool_is_never_answered_for_another(
    client: Client, settings: Settings, method: str, path: str, body: Any
) -> None:
    assert client.request(method, path, json=body, headers=of_pool(settings, "later.csv")).status_code == 503
    assert client.request(method, path, json=body, headers=of_pool(settings, "refs.txt")).status_code in (200, 409)


def test_what_is_of_no_pool_works_from_any_page(client: Client, settings: Settings) -> None:
    later = of_pool(settings, "later.csv")
    for path in ("/healthz", "/api/pools", "/api/jobs", "/api/models", "/api/proposals", "/api/predict", "/api/train"):
        assert client.get(path, headers=later).status_code == 200, path
    assert client.post("/api/pools/open", json={"name": "refs.txt"}, headers=later).status_code == 200


def test_a_pool_with_any_name_is_known_by_it(client: Client, settings: Settings) -> None:
    folder = settings.base_folder
    add_pool(folder, "proposals-zellen µ %41")
    open_pool(client, "proposals-zellen µ %41.csv")
    assert client.get("/api/queue", headers=of_pool(settings, "proposals-zellen µ %41.csv")).status_code == 200
    assert client.get("/api/queue", headers=of_pool(settings, "proposals-zellen µ A.csv")).status_code == 503
