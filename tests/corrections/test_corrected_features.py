"""Corrected boxes have features right after they were saved: real server, real log, the encoder in its own process."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_pool import Client, draw_pool

from winnow.corrections import features as corrected_features
from winnow.corrections.encoder_process import EncoderProcess
from winnow.corrections.encoding import Encoders, answer, options_of
from winnow.corrections.features import CorrectedFeatures, CorrectedState, accepted_corrections
from winnow.features import open_features
from winnow.features.classic import ClassicEncoder
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.features.manifest import Manifest, read_manifest
from winnow.image_review import Drawn, ImageReview
from winnow.pool import load_image, open_pool
from winnow.pool.identity import item_id_of
from winnow.session import Session
from winnow.settings import Settings
from winnow.verdicts.log import NewVerdict, Verdict

BOX, OTHER = (2.0, 3.5, 30.0, 27.0), (5.0, 6.0, 40.0, 30.0)
HEADER = "path,x1,y1,x2,y2,class,score,source,label\n"


@pytest.fixture(scope="module")
def drawn_pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Refs whose features Winnow computed, with a margin around each crop."""
    refs = draw_pool(tmp_path_factory.mktemp("pool"), n=12)
    extract(open_pool(refs), refs.with_name("features.npy"), EncoderOptions("classic", context=0.25), dtype="float16")
    return refs


@pytest.fixture
def settings(drawn_pool: Path, tmp_path: Path) -> Settings:
    for file in drawn_pool.parent.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    return Settings(refs=tmp_path / "refs.txt", annotator="ana")


def correct(client: Client, path: str, box: tuple[float, ...], name: str = "tile") -> str:
    """Draw a box on an image of the pool; answers the new item's id."""
    pool = client.app.state.loader.session.pool
    item = next(pool.item(row) for row in range(pool.n_rows) if pool.item(row).path == path)
    body = {
        "item_id": item.id,
        "box_xyxy": box,
        "class_name": name,
        "key": f"{path}-{int(box[0])}",
        "is_replaced": False,
    }
    response = client.post("/api/corrections", json=body)
    assert response.status_code == 201, response.text
    return item_id_of(path, box)


def wait_for(client: Client, n_items: int) -> dict[str, Any]:
    """Until this many corrections have features, or a problem is told."""

    def look(client: Client) -> Any:
        state = client.get("/api/pools").json()["corrections"]
        return state if state["n_items"] == n_items and (state["problem"] or not state["n_waiting"]) else None

    return client.wait_until(look)


def listed(folder: Path) -> list[str]:
    text = (folder / "corrections.csv").read_text()
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER).splitlines()


def test_a_corrected_box_gets_the_vector_that_the_pools_encoder_gives_it(client: Client, settings: Settings) -> None:
    correct(client, "3.png", BOX)
    assert wait_for(client, 1) == {"n_items": 1, "n_waiting": 0, "problem": None}
    folder = settings.base_folder
    assert listed(folder) == ["3.png,2.0,3.5,30.0,27.0,tile,,correction,1"]
    vectors = np.load(folder / "corrections.npy", allow_pickle=False)
    (expected,) = ClassicEncoder(context=0.25).prepare(load_image(folder / "3.png"), [BOX])
    np.testing.assert_array_equal(vectors, expected[None].astype(np.float16))
    own, pools = read_manifest(folder / "corrections.npy"), read_manifest(folder / "features.npy")
    assert own
    assert pools
    assert (own.recipe, own.preprocessing, own.dtype) == (pools.recipe, pools.preprocessing, "float16")


def test_the_corrections_are_a_pool_in_which_they_are_judged(client: Client, settings: Settings) -> None:
    ids = {correct(client, "3.png", BOX), correct(client, "5.png", OTHER)}
    wait_for(client, 2)
    pools = {pool["name"]: pool["has_features"] for pool in client.get("/api/pools").json()["pools"]}
    assert pools == {"refs.txt": True, "corrections.csv": True}
    client.post("/api/pools/open", json={"name": "corrections.csv"})
    client.wait_until(lambda client: client.get("/api/pools").json()["is_ready"])
    session: Session = client.app.state.loader.session
    assert {session.pool.item(row).id for row in range(2)} == ids
    assert (client.queue()["items"], client.queue()["progress"]["positive"]) == ([], 2)


def test_corrections_hold_no_image_open_and_close_none(client: Client, settings: Settings) -> None:
    def states() -> dict[str, str]:
        return {image["path"]: image["state"] for image in client.get("/api/images").json()["images"]}

    correct(client, "2.png", BOX)
    wait_for(client, 1)
    assert states()["2.png"] == "in_progress"
    for name in ("corrections.csv", "refs.txt"):
        client.post("/api/pools/open", json={"name": name})
        client.wait_until(lambda client: client.get("/api/pools").json()["is_ready"])
        assert states()["2.png"] == "in_progress"
    pool = client.app.state.loader.session.pool
    client.judge(next(pool.item(row).id for row in range(12) if pool.item(row).path == "2.png"), 0)
    assert states()["2.png"] == "complete"


def test_an_undone_correction_leaves(client: Client, settings: Settings) -> None:
    correct(client, "3.png", BOX)
    correct(client, "5.png", OTHER)
    wait_for(client, 2)
    client.undo()
    wait_for(client, 1)
    assert listed(settings.base_folder) == ["3.png,2.0,3.5,30.0,27.0,tile,,correction,1"]
    assert np.load(settings.base_folder / "corrections.npy").shape == (1, 366)
    client.undo()
    wait_for(client, 0)
    assert sorted(path.name for path in settings.base_folder.glob("corrections.*")) == []
    assert [pool["name"] for pool in client.get("/api/pools").json()["pools"]] == ["refs.txt"]


def test_all_that_one_review_drew_is_computed_and_taken_back_together(client: Client, settings: Settings) -> None:
    session: Session = client.app.state.loader.session
    review = ImageReview(drawn=(Drawn(BOX, "a"), Drawn(OTHER, "b", replaces=session.pool.item(2).id)))
    session.review_image(session.pool.item(2).id, review, key="k", annotator="ana")
    wait_for(client, 2)
    assert sorted(line.split(",")[5] for line in listed(settings.base_folder)) == ["a", "b"]
    client.undo()
    wait_for(client, 0)


def test_the_head_learns_from_corrections_with_the_next_verdict(client: Client) -> None:
    client.learn(4)
    correct(client, "4.png", BOX)
    wait_for(client, 1)
    client.learn(1)
    head = client.app.state.loader.session.learner.learnt.snapshot.head
    assert 12 in head.landmarks.tolist()


def test_what_the_log_has_and_the_matrix_lacks_is_computed_at_the_next_start(
    settings: Settings, open_client: Callable[[Settings], Client]
) -> None:
    session = Session(settings)  # as a server that was killed before its encoder answered
    item = session.pool.item(3)
    session.correct(item.id, BOX, "tile", is_replaced=True, key="k", annotator="ana")
    session.close()
    (settings.base_folder / "corrections.csv").write_text(HEADER + "0.png,1.0,2.0,3.0,4.0,tile,,correction,1\n")
    assert wait_for(open_client(settings), 1)["problem"] is None
    assert listed(settings.base_folder) == ["3.png,2.0,3.5,30.0,27.0,tile,,correction,1"]
    pool = open_pool(settings.base_folder / "corrections.csv")
    assert open_features(settings.base_folder / "corrections.npy", pool).is_valid.tolist() == [True]


def test_a_box_that_cannot_be_computed_is_said_and_teaches_nothing(client: Client, settings: Settings) -> None:
    correct(client, "3.png", BOX)
    wait_for(client, 1)
    correct(client, "5.png", OTHER)
    wait_for(client, 2)
    (settings.base_folder / "7.png").write_bytes(b"no image")
    session: Session = client.app.state.loader.session
    session.import_labels([_verdict(1, item_id_of("7.png", BOX), path="7.png", is_stored=False)])
    problem = "1 corrected boxes have no features; corrections.errors.csv says why."
    assert wait_for(client, 3) == {"n_items": 3, "n_waiting": 1, "problem": problem}
    assert len(session.learner._outside_rows) == 2


def test_features_made_elsewhere_are_said_and_nothing_is_computed(
    tmp_path: Path, open_client: Callable[[Settings], Client]
) -> None:
    client = open_client(Settings(refs=draw_pool(tmp_path, n=8), annotator="ana"))
    correct(client, "3.png", BOX)
    assert "features.npy was made elsewhere" in wait_for(client, 1)["problem"]
    assert not list(tmp_path.glob("corrections.*"))


def test_somebody_elses_file_of_this_name_is_left_alone(client: Client, settings: Settings) -> None:
    theirs = settings.base_folder / "corrections.csv"
    theirs.write_text("path\n1.png\n")
    correct(client, "3.png", BOX)
    assert "was not written by Winnow" in wait_for(client, 1)["problem"]
    client.undo()
    wait_for(client, 0)
    assert theirs.read_text() == "path\n1.png\n"


def test_the_encoders_process_ends_with_the_server(
    settings: Settings, open_client: Callable[[Settings], Client]
) -> None:
    client = open_client(settings)
    assert client.app.state.loader.corrected._process.pid is None  # nothing was corrected
    correct(client, "3.png", BOX)
    wait_for(client, 1)
    pid = client.app.state.loader.corrected._process.pid
    os.kill(pid, 0)
    client.app.state.loader.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.fixture
def shelf() -> list[Verdict]:
    return []


@pytest.fixture
def follow(settings: Settings, shelf: list[Verdict]) -> Iterator[Callable[..., CorrectedFeatures]]:
    """Starts to follow the verdicts on the shelf, with a program in the encoder's place."""
    started: list[CorrectedFeatures] = []

    def start(program: list[str], learnt: list[np.ndarray]) -> CorrectedFeatures:
        like = open_features(settings.features_path, open_pool(settings.refs))
        corrected = CorrectedFeatures(
            settings.base_folder,
            like,
            read=lambda: list(shelf),
            learn=lambda ids, vectors: learnt.append(vectors),
            process=EncoderProcess(program),
        )
        started.append(corrected)
        corrected.start()
        return corrected

    yield start
    for corrected in started:
        corrected.close()


def _until(holds: Callable[[], Any]) -> Any:
    return Client.wait_until(None, lambda _: holds())  # type: ignore[arg-type]


def _verdict(
    seq: int, item_id: str, label: int = 1, *, path: str = "3.png", is_stored: bool = True, **more: Any
) -> Any:
    values = {"class_name": "tile", "strategy": "correction", "box_xyxy": BOX, **more}
    if not is_stored:
        return NewVerdict(f"k{seq}", item_id, label, "ana", path, **values)
    return Verdict(f"k{seq}", item_id, label, "ana", path, seq=seq, **values)


CRASHING = """
import os, runpy, signal, sys
if os.path.exists(sys.argv[1]):
    runpy.run_module("winnow.corrections.encoding", run_name="__main__")
sys.stdin.readline()
open(sys.argv[1], "w").close()
print("out of something", file=sys.stderr, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash_is_told_and_the_process_starts_again(
    follow: Callable[..., CorrectedFeatures], shelf: list[Verdict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrected_features, "RETRY_S", 0.05)
    told: list[str] = []
    monkeypatch.setattr(corrected_features.log, "error", lambda text, problem: told.append(problem))
    learnt: list[np.ndarray] = []
    shelf.append(_verdict(1, item_id_of("3.png", BOX)))
    corrected = follow([sys.executable, "-c", CRASHING, str(tmp_path / "crashed")], learnt)
    _until(lambda: learnt)
    assert len(told) == 1
    assert told[0].startswith("The process that computes features was ended by SIGKILL")
    assert told[0].endswith("out of something")
    assert learnt[0].shape == (1, 366)
    _until(lambda: corrected.state == CorrectedState(1, 0, None))


def test_a_process_that_always_ends_is_tried_three_times_and_again_after_the_next_correction(
    follow: Callable[..., CorrectedFeatures], shelf: list[Verdict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrected_features, "RETRY_S", 0.01)
    shelf.append(_verdict(1, item_id_of("3.png", BOX)))
    count = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(3)"
    corrected = follow([sys.executable, "-c", count], [])
    starts = tmp_path / "starts"
    _until(lambda: starts.is_file() and starts.read_text() == "xxx")
    _until(lambda: corrected.state.problem)
    assert corrected.state.problem == "The process that computes features ended with code 3."
    corrected.notice([_verdict(2, item_id_of("3.png", OTHER), box_xyxy=OTHER)])
    _until(lambda: len(starts.read_text()) > 3)


def test_weights_that_changed_since_are_refused(settings: Settings, tmp_path: Path) -> None:
    manifest = json.loads((tmp_path / "features.json").read_text())
    manifest["recipe"]["weights"] = "classic-0"
    (tmp_path / "features.json").write_text(json.dumps(manifest))
    request = {"refs": str(settings.refs), "out": str(tmp_path / "new.npy"), "like": str(tmp_path / "features.npy")}
    assert "is not the one that made the pool's features" in answer(request, Encoders())["problem"]
    assert not (tmp_path / "new.npy").exists()


def test_only_what_stands_is_a_correction() -> None:
    chain = [
        _verdict(1, "proposal", label=0, strategy="entropy", class_name=None),
        _verdict(2, "first", replaces="proposal"),
        _verdict(3, "second", replaces="first"),
        _verdict(4, "deleted", label=0, replaces="other"),
        _verdict(5, "accepted again", strategy="review"),
        _verdict(6, "plain", strategy="review", class_name=None),
        _verdict(7, "imported", strategy="import"),
        _verdict(8, "whole image", box_xyxy=None),
    ]
    assert [verdict.item_id for verdict in accepted_corrections(reversed(chain))] == ["second", "accepted again"]


@pytest.mark.parametrize(
    ("recipe", "has_cuda", "precision"),
    [
        ({"weights": "w", "pool": "roi", "context": 0.0, "precision": "fp16"}, False, "fp32"),
        ({"weights": "w", "pool": "roi", "context": 0.0, "precision": "fp16"}, True, "fp16"),
        ({"weights": "w", "pool": "roi", "context": 0.0, "precision": "bf16"}, False, "bf16"),
    ],
)
def test_options_are_those_of_the_pools_matrix(recipe: dict[str, Any], has_cuda: bool, precision: str) -> None:
    manifest = Manifest("some/model", recipe, {}, "float32", 1, 1, "", "", [])
    expected = EncoderOptions("some/model", pool="roi", context=0.0, device="auto", precision=precision)
    assert options_of(manifest, has_cuda=has_cuda) == expected
