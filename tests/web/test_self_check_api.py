"""The self-check over HTTP, and the orders of the review that follow from it."""

from typing import Any

from small_pool import Client, is_red

from winnow.verdicts.log import NewVerdict


def learnt(client: Client, n: int = 24) -> list[dict[str, Any]]:
    """Judge n items truthfully, in a second each, and wait for the head; answers the items."""
    items = client.queue(n)["items"]
    for item in items:
        client.judge(item["id"], is_red(item["index"]), elapsed_ms=1000)
    return items


def say_again(client: Client, item: dict[str, Any], label: int, annotator: str = "ana") -> None:
    session = client.app.state.loader.session  # type: ignore[attr-defined]
    said = NewVerdict(f"again-{item['id']}", item["id"], label, annotator, item["path"], strategy="repeat")
    session.import_labels([said])


def wait_for_head(client: Client) -> None:
    client.wait_until(lambda client: client.queue(1)["model"]["state"] == "ready")


def test_at_first_there_is_nothing_to_say(client: Client) -> None:
    nothing = {"repeats": 0, "agreed": 0, "agreement": None}
    assert client.get("/api/self-check").json() == {
        **nothing, "bulk": nothing, "between": nothing, "hasty": 0, "hasty_below_ms": None, "share": 0.02,
    }  # fmt: skip


def test_each_persons_agreement_is_their_own(client: Client) -> None:
    first, second, *_ = learnt(client)
    say_again(client, first, is_red(first["index"]))
    say_again(client, second, is_red(second["index"]), "ben")
    check = client.get("/api/self-check").json()
    assert (check["repeats"], check["agreed"], check["agreement"]["high"]) == (1, 1, 1.0)
    assert round(check["agreement"]["low"], 3) == 0.025
    assert (check["between"]["repeats"], check["between"]["agreed"]) == (1, 1)
    ben = client.get("/api/self-check", headers={"X-Winnow-Annotator": "ben"}).json()
    assert (ben["repeats"], ben["between"]["repeats"]) == (0, 1)


def test_the_review_shows_hasty_verdicts_until_they_are_looked_at(client: Client) -> None:
    learnt(client)
    item = next(item for item in client.queue(16)["items"] if is_red(item["index"]))
    client.judge(item["id"], 0, elapsed_ms=150)
    wait_for_head(client)
    assert client.get("/api/self-check").json()["hasty"] == 1
    review = client.get("/api/review", params={"order": "hasty"}).json()
    assert (review["total"], [row["item"]["id"] for row in review["rows"]]) == (1, [item["id"]])
    assert client.judge(item["id"], 1)["verdict"]["strategy"] == "review"
    assert client.get("/api/review", params={"order": "hasty"}).json()["total"] == 0


def test_the_review_shows_what_was_judged_differently(client: Client) -> None:
    first, second, *_ = learnt(client)
    truth = is_red(first["index"])
    say_again(client, first, 1 - truth)
    say_again(client, second, is_red(second["index"]))
    review = client.get("/api/review", params={"order": "disagreed"}).json()
    assert [(row["item"]["id"], row["said_before"]) for row in review["rows"]] == [(first["id"], truth)]
    assert client.get("/api/review", params={"order": "disagreed", "annotator": "ben"}).json()["total"] == 0
    everything = client.get("/api/review").json()["rows"]
    assert [row["said_before"] for row in everything if row["item"]["id"] != first["id"]] == [None] * 23


def test_the_review_shows_a_selection_alone(client: Client) -> None:
    chosen = [item["id"] for item in learnt(client, 6)[:3]]
    not_judged = client.queue(1)["items"][0]["id"]
    selection = client.post("/api/selections", json={"item_ids": [*chosen, not_judged]}).json()["id"]
    review = client.get("/api/review", params={"selection": selection}).json()
    assert ({row["item"]["id"] for row in review["rows"]}, review["total"]) == (set(chosen), 3)


def test_a_selection_that_is_not_kept_is_said_to_be_gone(client: Client) -> None:
    answer = client.get("/api/review", params={"selection": "0123456789abcdef"})
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_selection")
