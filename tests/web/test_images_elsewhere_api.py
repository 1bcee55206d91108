"""Images that the open pool does not have: which other refs list them, if any."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proposal_pool import draw_proposals
from small_pool import Client
from test_pools import open_pool

from winnow.pool.identity import item_id_of
from winnow.settings import Settings
from winnow.verdicts.log import NewVerdict, VerdictLog


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


def add_proposals(folder: Path, number: int, *paths: str) -> None:
    refs = folder / f"proposals-{number:04d}.csv"
    lines = ["path,x1,y1,x2,y2,class,score", *(f"{path},5,5,60,60,dog,0.5" for path in paths)]
    refs.write_text("\n".join(lines) + "\n")
    np.save(refs.with_suffix(".npy"), np.eye(len(paths), 4, dtype=np.float32))


def judge_first_of(client: Client, path: str) -> None:
    item = next(item for item in client.queue(100)["items"] if item["path"] == path)
    client.judge(item["id"], 1)


def pools_by_path(client: Client) -> dict[str, tuple[bool, list[str]]]:
    answer: dict[str, Any] = client.get("/api/images").json()
    return {image["path"]: (image["item_id"] is not None, image["pools"]) for image in answer["images"]}


def test_an_image_names_the_other_refs_that_list_it(settings: Settings, open_client: Any) -> None:
    add_proposals(settings.base_folder, 1, "photos/00.png", "photos/02.png")
    add_proposals(settings.base_folder, 2, "photos/02.png", "photos/01.png")
    add_proposals(settings.base_folder, 3, "photos/00.png")
    client = open_client(settings)
    judge_first_of(client, "photos/01.png")
    judge_first_of(client, "photos/02.png")
    assert pools_by_path(client) == {f"photos/0{i}.png": (True, []) for i in range(3)}
    open_pool(client, "proposals-0003.csv")
    assert pools_by_path(client) == {
        "photos/00.png": (True, []),
        "photos/01.png": (False, ["proposals-0002.csv", "refs.csv"]),
        "photos/02.png": (False, ["proposals-0002.csv", "proposals-0001.csv", "refs.csv"]),
    }


def test_an_image_that_no_refs_list_says_so(settings: Settings, open_client: Any) -> None:
    log = VerdictLog(settings.database_url)
    box = (1.0, 2.0, 30.0, 40.0)
    item_id = item_id_of("set/9.png", box)
    imported = NewVerdict(str(uuid.uuid4()), item_id, 1, "set", "set/9.png", box, strategy="import", class_name="dog")
    log.append([imported])
    log.close()
    assert pools_by_path(open_client(settings))["set/9.png"] == (False, [])
