"""What is served while something is missing or wrong, and that it heals without a restart."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_pool import Client, draw_pool

from winnow.__main__ import main
from winnow.settings import Settings


def told(client: Client) -> str:
    """What the queue says is wrong, once the loader has found out."""
    client.wait_until(lambda c: c.app.state.loader.problem)
    response = client.get("/api/queue")
    assert (response.status_code, response.json()["error"]) == (503, "not_ready")
    page = client.get("/")
    assert page.status_code == 200
    assert client.get("/healthz").json() == {"status": "ok", "ready": False}
    return response.json()["detail"]


def without_index(line: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name != "index"}


def test_missing_refs_are_named_and_found_when_they_come(tmp_path: Path, open_client: Any) -> None:
    client = open_client(Settings(refs=tmp_path / "refs.txt"), is_ready=False)
    assert str(tmp_path / "refs.txt") in told(client)
    draw_pool(tmp_path)
    client.wait_until(lambda c: c.get("/healthz").json()["ready"])
    assert client.queue(1)["progress"]["total"] == 40


def test_missing_features_come_with_the_command_that_makes_them(tmp_path: Path, open_client: Any) -> None:
    refs = draw_pool(tmp_path)
    (tmp_path / "features.npy").unlink()
    client = open_client(Settings(refs=refs), is_ready=False)
    assert f"python compute_features.py --refs {refs}" in told(client)
    assert "python compute_features.py" in client.get("/").text


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.zeros((39, 8), np.float32), "39"),
        (np.zeros((40, 8), np.float64), "float64"),
        (np.zeros((40, 0), np.float32), "width"),
        (np.zeros(40, np.float32), "shape"),
        (np.array([{"a": 1}] * 40, dtype=object), "never loaded"),
    ],
)
def test_features_that_do_not_fit_are_refused(
    tmp_path: Path, open_client: Any, features: np.ndarray, said: str
) -> None:
    refs = draw_pool(tmp_path)
    np.save(tmp_path / "features.npy", features)
    assert said in told(open_client(Settings(refs=refs), is_ready=False))


def test_rows_that_are_not_finite_are_counted_and_never_shown(tmp_path: Path, open_client: Any) -> None:
    refs = draw_pool(tmp_path)
    features = np.load(tmp_path / "features.npy")
    features[3] = np.nan
    features[5, 2] = np.inf
    np.save(tmp_path / "features.npy", features)
    client = open_client(Settings(refs=refs))
    queue = client.queue(100)
    assert queue["progress"]["invalid"] == 2
    assert sorted(item["index"] for item in queue["items"]) == [i for i in range(40) if i not in (3, 5)]


def test_an_image_that_cannot_be_read_leaves_the_queue_until_it_can(settings: Settings, client: Client) -> None:
    item = client.queue(1)["items"][0]
    file = settings.refs.parent / item["path"]
    whole = file.read_bytes()
    file.write_bytes(b"\xff\xd8\xff not a jpeg")
    response = client.get(item["image_url"])
    assert (response.status_code, response.json()["error"]) == (422, "unreadable_image")
    queue = client.queue(100)
    assert queue["progress"]["unreadable"] == 1
    assert item["id"] not in [other["id"] for other in queue["items"]]
    file.write_bytes(whole)
    assert client.get(item["image_url"]).status_code == 200
    client.wait_until(lambda client: item["id"] in [other["id"] for other in client.queue(100)["items"]])
    assert client.queue(1)["progress"]["unreadable"] == 0


def test_a_missing_image_leaves_the_queue(settings: Settings, client: Client) -> None:
    item = client.queue(1)["items"][0]
    (settings.refs.parent / item["path"]).unlink()
    assert client.get(item["crop_url"]).status_code == 422
    assert client.queue(1)["progress"]["unreadable"] == 1


def test_a_database_in_use_is_said_and_taken_over_when_free(settings: Settings, open_client: Any) -> None:
    first = open_client(settings)
    second = open_client(settings, is_ready=False)
    assert "Another Winnow server has the database" in told(second)
    first.__exit__(None, None, None)
    second.wait_until(lambda c: c.get("/healthz").json()["ready"])


def test_a_file_that_is_no_database_is_left_alone(settings: Settings, open_client: Any) -> None:
    diary = settings.refs.parent / "winnow.db"
    diary.write_bytes(b"dear diary" * 500)
    assert "not a database" in told(open_client(settings, is_ready=False))
    assert diary.read_bytes() == b"dear diary" * 500


def test_a_start_that_cannot_be_read_holds_nothing_open_and_heals(settings: Settings, open_client: Any) -> None:
    examples = settings.refs.parent / "refs.txt.winnow" / "examples" / "examples.json"
    examples.parent.mkdir(parents=True)
    examples.write_text("[")
    client = open_client(settings, is_ready=False)
    assert f"{examples} is damaged" in told(client)
    examples.unlink()
    client.wait_until(lambda c: c.get("/healthz").json()["ready"])


def test_a_folder_that_cannot_be_written_is_named(settings: Settings, client: Client) -> None:
    item = client.queue(1)["items"][0]
    examples = settings.refs.parent / "refs.txt.winnow" / "examples"
    examples.write_bytes(b"in the way")
    response = client.post("/api/start/examples", json={"key": "one", "item_id": item["id"]})
    assert (response.status_code, response.json()["error"]) == (503, "bad_disk")
    assert str(examples) in response.json()["detail"]
    examples.unlink()
    assert client.post("/api/start/examples", json={"key": "one", "item_id": item["id"]}).status_code == 201


def test_a_port_that_another_program_has_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINNOW_REFS", str(settings.refs))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"winnow serve: Port {port} of 127.0.0.1 cannot be had: Address already in use. Stop")
    assert said.out == ""


@pytest.mark.parametrize("port", ["65536", "-1", "eighty"])
def test_a_number_that_is_no_port_is_said(
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit):
        main(["serve"])
    assert f"'{port}' is no port; --port and PORT take a number such as 8000." in capsys.readouterr().err


def test_verdicts_survive_new_order_new_items_and_new_features(
    settings: Settings, tmp_path: Path, open_client: Any
) -> None:
    client = open_client(settings)
    client.learn(6)
    before = client.get("/export/annotations.jsonl").text.splitlines()
    client.__exit__(None, None, None)
    lines = settings.refs.read_text().splitlines()
    shutil.copy(tmp_path / "1.png", tmp_path / "new.png")
    settings.refs.write_text("\n".join(["new.png", *reversed(lines)]) + "\n")
    features = np.load(tmp_path / "features.npy")
    np.save(tmp_path / "features.npy", np.concatenate([features[:1], features[::-1]])[:, :6])
    again = open_client(settings)
    assert again.queue(1)["progress"]["labeled"] == 6
    assert again.queue(1)["progress"]["total"] == 41
    after = again.get("/export/annotations.jsonl").text.splitlines()
    assert [without_index(line) for line in after] == [without_index(line) for line in before]


def test_labels_of_items_that_left_the_pool_are_kept(settings: Settings, open_client: Any) -> None:
    client = open_client(settings)
    judged = client.judge(client.queue(1)["items"][0]["id"], 1)["verdict"]["item_id"]
    path = client.get("/export/annotations.csv").text
    client.__exit__(None, None, None)
    lines = settings.refs.read_text().splitlines()
    index = int(path.splitlines()[1].split(",")[0])
    settings.refs.write_text("\n".join(lines[:index] + lines[index + 1 :]) + "\n")
    features = np.load(settings.features_path)
    np.save(settings.features_path, np.delete(features, index, axis=0))
    again = open_client(settings)
    assert again.queue(1)["progress"]["labeled"] == 0
    assert "1 verdicts are on items that the refs no longer list" in again.get("/").text
    assert f'"id": "{judged}"' in again.get("/export/annotations.jsonl").text
    assert again.undo()["item"] is None


def test_repeated_lines_are_merged_and_said(tmp_path: Path, open_client: Any) -> None:
    refs = draw_pool(tmp_path)
    refs.write_text(refs.read_text() + "1.png\n./3.png\n")
    features = np.load(tmp_path / "features.npy")
    np.save(tmp_path / "features.npy", np.concatenate([features, features[[1, 3]]]))
    client = open_client(Settings(refs=refs))
    assert client.queue(1)["progress"]["total"] == 40
    assert {item["index"] for item in client.queue(100)["items"]} == set(range(40))
    assert "2 repeated lines of the refs are merged" in client.get("/").text
