"""Calls about results that the tests make, and the log that they lead to."""

from typing import Any

from small_pool import Client

from winnow.settings import Settings
from winnow.verdicts.log import VerdictLog

FIRST, SECOND = "photos/00.png", "photos/01.png"


def moved_object(item_id: str) -> dict[str, Any]:
    return {"box_xyxy": [1, 2, 30, 40], "class_name": "cat", "replaces": item_id}


def results(client: Client, **query: Any) -> dict[str, Any]:
    response = client.get("/api/results", params={"score_min": 0, **query})
    assert response.status_code == 200, response.text
    return response.json()


def item_on(client: Client, path: str) -> str:
    return next(row["item_id"] for row in results(client)["images"] if row["path"] == path)


def image(client: Client, path: str = FIRST) -> dict[str, Any]:
    response = client.get(f"/api/results/{item_on(client, path)}")
    assert response.status_code == 200, response.text
    return response.json()


def review(client: Client, path: str = FIRST, outcome: str = "accept", *, by: str = "ana", **more: Any) -> Any:
    body = {"key": f"k:{path[7:9]}:{outcome}", "outcome": outcome, **more}
    return client.post(f"/api/results/{item_on(client, path)}", json=body, headers={"X-Winnow-Annotator": by})


def ids(objects: list[dict[str, Any]]) -> list[str]:
    return [one["item_id"] for one in objects]


def events(settings: Settings) -> list[tuple[str, int | None, str, str | None]]:
    """Kind, label, strategy and reason of every event, oldest first, from the log itself."""
    log = VerdictLog(settings.database_url, is_writer=False)
    try:
        return [
            (event.kind, event.label, event.strategy, event.reason)
            if hasattr(event, "kind")
            else ("undo", None, "", None)
            for event in log.replay()
        ]
    finally:
        log.close()
