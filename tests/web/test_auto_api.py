"""Auto-accept over HTTP: audit, decide, take back; what the model decided is marked, and is never learnt from."""

import csv
import io
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_pool import Client

from winnow.settings import Settings
from winnow.training.truth import Truth

N = 800
TAUGHT = [*range(0, 80, 10), *range(1, 10), *range(11, 20)]


def is_positive(index: int) -> int:
    return int(index % 10 == 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """800 boxes on ten images, every tenth a positive that its features tell."""
    rng = np.random.default_rng(0)
    boxes = [(i % 10, 3 * (i % 40), 2 * (i // 40)) for i in range(N)]
    for k in range(10):
        Image.new("RGB", (160, 60), "grey").save(tmp_path / f"{k}.png")
    lines = [f"{k}.png,{x},{y},{x + 20},{y + 15},car,0.5" for k, x, y in boxes]
    (tmp_path / "refs.csv").write_text("\n".join(["path,x1,y1,x2,y2,class,score", *lines]) + "\n")
    vectors = rng.normal(0, 0.2, (N, 6))
    vectors[::10, 0] += 3
    np.save(tmp_path / "features.npy", vectors.astype(np.float32))
    return Settings(refs=tmp_path / "refs.csv", annotator="ana", atlas=False)


@pytest.fixture
def taught(settings: Settings, open_client: Any) -> Client:
    client = open_client(settings)
    items = {index: item["id"] for index, item in rows_of(client).items()}
    for index in TAUGHT:
        client.judge(items[index], is_positive(index))
    client.wait_until(lambda client: client.queue(1)["model"]["state"] == "ready")
    return client


def rows_of(client: Client) -> dict[int, dict[str, Any]]:
    """Items by row, from the pool itself."""
    pool = client.app.state.loader.session.pool  # type: ignore[attr-defined]
    return {row: {"id": pool.item(row).id} for row in range(N)}


def draw(client: Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/api/auto", json={"sides": ["reject"], "target": 0.9, **wish})
    assert answer.status_code == 201, answer.text
    return answer.json()["audit"]


def audit_of(client: Client) -> dict[str, Any]:
    return client.get("/api/auto").json()["audit"]


def judge_sample(client: Client, *, wrong: int = 0) -> dict[str, Any]:
    """Judge all that waits by its truth, but for the first `wrong` ones; answers the audit then."""
    while (audit := audit_of(client))["items"]:
        for item in audit["items"]:
            label = is_positive(item["index"]) if wrong <= 0 else 1 - is_positive(item["index"])
            wrong -= 1
            body = {"item_id": item["id"], "label": label, "key": f"audit-{audit['number']}-{item['id']}"}
            assert client.post(f"/api/auto/{audit['number']}/verdicts", json=body).status_code == 201
    return audit


def apply(client: Client, audit: dict[str, Any], key: str = "apply-1") -> Any:
    return client.post(f"/api/auto/{audit['number']}/apply", json={"key": key})


def exported(client: Client) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(client.get("/export/annotations.csv").text))
    return {row["id"]: row for row in rows}


def test_offers_say_what_an_audit_takes(taught: Client) -> None:
    accept, reject = taught.get("/api/auto/offers", params={"target": 0.9, "sides": "reject"}).json()
    assert (accept["side"], reject["side"]) == ("accept", "reject")
    assert accept["candidates"] + reject["candidates"] == N - len(TAUGHT)
    assert reject["audit"] < reject["candidates"] / 2


def test_the_sample_is_judged_blind_by_ordinary_verdicts(taught: Client) -> None:
    audit = draw(taught)
    (side,) = audit["sides"]
    assert (audit["left"], side["judged"], side["wrong"], side["decision"]) == (side["size"], 0, None, None)
    assert {(item["probability"], item["strategy"]) for item in audit["items"]} == {(None, "random_audit")}
    item = audit["items"][0]
    body = {"item_id": item["id"], "label": 0, "key": "k", "elapsed_ms": 700}
    first, again = (taught.post(f"/api/auto/{audit['number']}/verdicts", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    verdict = first.json()["verdict"]
    assert again.json()["verdict"] == verdict
    assert (verdict["strategy"], verdict["label"], verdict["elapsed_ms"]) == ("random_audit", 0, 700)
    assert verdict["selection_probability"] == pytest.approx(side["size"] / side["candidates"])
    assert verdict["probability"] < 0.5
    assert audit_of(taught)["left"] == side["size"] - 1


def test_what_is_proved_is_decided_by_one_event_and_undone_by_one_key(taught: Client) -> None:
    draw(taught)
    audit = judge_sample(taught)
    (side,) = audit["sides"]
    decision = side["decision"]
    assert (audit["is_complete"], side["wrong"], decision["is_widest"]) == (True, 0, True)
    assert decision["items"] == side["candidates"] - side["size"]
    assert decision["wrong_max"] <= 0.1 * decision["items"]
    known_before = exported(taught)
    assert apply(taught, audit).status_code == 200
    after = taught.get("/api/auto").json()
    assert after["audit"]["applied"]["negative"] == decision["items"]
    assert after["progress"]["auto_negative"] == decision["items"]
    assert after["progress"]["labeled"] == len(known_before)
    decided = {id_: row for id_, row in exported(taught).items() if id_ not in known_before}
    assert len(decided) == decision["items"]
    assert {(row["strategy"], row["label"], row["annotator"]) for row in decided.values()} == {("auto", "0", "ana")}
    taught.wait_until(lambda client: client.queue(1)["model"]["state"] in ("ready", "exhausted"))
    queue = taught.queue(200)
    assert queue["model"]["labels"] == len(known_before)
    assert not {item["id"] for item in queue["items"]} & decided.keys()
    assert taught.undo()["verdict"]["kind"] == "auto"
    assert taught.get("/api/auto").json()["progress"]["auto_negative"] == 0
    assert exported(taught) == known_before


def test_a_restart_keeps_what_was_decided(taught: Client, settings: Settings, open_client: Any) -> None:
    draw(taught)
    audit = judge_sample(taught)
    apply(taught, audit)
    before = taught.get("/api/auto").json()
    taught.__exit__(None, None, None)
    again = open_client(settings)
    assert again.get("/api/auto").json() == before
    assert again.undo()["verdict"]["kind"] == "auto"


def test_a_persons_verdict_wins_over_the_models(taught: Client, settings: Settings) -> None:
    draw(taught)
    audit = judge_sample(taught)
    apply(taught, audit)
    decided = next(id_ for id_, row in exported(taught).items() if row["strategy"] == "auto")
    taught.judge(decided, 1)
    row = exported(taught)[decided]
    assert (row["label"], row["strategy"] != "auto") == ("1", True)
    taught.undo()
    assert exported(taught)[decided]["strategy"] == "auto"


def test_a_label_of_the_model_is_truth_for_training(taught: Client) -> None:
    draw(taught)
    apply(taught, judge_sample(taught))
    session = taught.app.state.loader.session  # type: ignore[attr-defined]
    with session.reading() as ledger:
        truth = Truth(session.pool, ledger)
    rejected = sum(len(record.rejected) for record in truth.records())
    assert rejected == sum(row["label"] == "0" for row in exported(taught).values())


def test_the_same_key_answers_the_same_event_and_another_is_refused(taught: Client) -> None:
    draw(taught)
    audit = judge_sample(taught)
    first, again, other = apply(taught, audit), apply(taught, audit), apply(taught, audit, "apply-2")
    assert first.json()["audit"]["applied"] == again.json()["audit"]["applied"]
    assert (other.status_code, other.json()["error"]) == (409, "cannot_auto")
    with sqlite3.connect(taught.app.state.settings.refs.parent / "winnow.db") as log:  # type: ignore[attr-defined]
        assert log.execute("select count(*) from verdicts where kind = 'auto'").fetchone() == (1,)


def test_nothing_is_read_or_decided_before_the_sample_is_judged(taught: Client) -> None:
    audit = draw(taught)
    assert apply(taught, audit).status_code == 409
    assert taught.put(f"/api/auto/{audit['number']}/look", json={"look": 2}).status_code == 409


def test_wrong_ones_fail_the_audit_and_it_goes_on_as_planned(taught: Client) -> None:
    size = draw(taught)["sides"][0]["size"]
    audit = judge_sample(taught, wrong=1)
    (side,) = audit["sides"]
    assert (side["wrong"], side["decision"]) == (1, None)
    assert side["next_look"] == {"look": 2, "verdicts": size, "wrong_max": 0}
    assert apply(taught, audit).status_code == 409
    assert audit["can_go_on"]
    more = taught.put(f"/api/auto/{audit['number']}/look", json={"look": 2}).json()["audit"]
    assert (more["left"], more["is_complete"], more["sides"][0]["wrong"]) == (size, False, None)
    done = judge_sample(taught)
    assert done["sides"][0]["decision"]["items"] > 0


def test_an_item_outside_the_sample_is_refused(taught: Client) -> None:
    audit = draw(taught)
    body = {"item_id": rows_of(taught)[0]["id"], "label": 1, "key": "k"}
    assert taught.post(f"/api/auto/{audit['number']}/verdicts", json=body).status_code == 409


def test_an_audit_can_be_given_up(taught: Client) -> None:
    audit = draw(taught)
    assert taught.delete(f"/api/auto/{audit['number']}").json()["audit"] is None
    assert draw(taught)["number"] == audit["number"] + 1
    assert taught.delete(f"/api/auto/{audit['number']}").status_code == 409


def test_without_a_model_it_says_what_is_missing(settings: Settings, open_client: Any) -> None:
    answer = open_client(settings).post("/api/auto", json={"sides": ["reject"]})
    assert (answer.status_code, answer.json()["error"]) == (409, "cannot_auto")
    assert "needs a positive and a negative verdict" in answer.json()["detail"]
