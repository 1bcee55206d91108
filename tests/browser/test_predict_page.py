"""Predict in a real browser: choose, start, watch, stop, look through what was found, judge it."""

import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from PIL import Image
from playwright.sync_api import Page, expect
from tiny_models import save_model

Open = Callable[..., Person]
Start = Callable[..., Server]
RUN_MS = 90_000
CSV = "path,x1,y1,x2,y2,class,score,source\n"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save_model(folder / "cells.pt")
    save_model(folder / "sorter.pt", "classify")
    (folder / "sam_vit_b.pth").write_bytes(b"no checkpoint")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The refs of 40 tiles, with six photos in a folder of their own beside them."""
    refs = draw_pool(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "photos" / "day one").mkdir(parents=True)
    for i in range(6):
        place = tmp_path / "photos" / ("day one" if i > 2 else ".") / f"photo {i}.jpg"
        Image.fromarray(rng.integers(0, 255, (120, 160, 3), np.uint8)).save(place)
    return refs


@pytest.fixture
def ana(project: Path, weights: Path, start_server: Start, open_person: Open) -> Person:
    shutil.copytree(weights, project.parent / "workspace" / "weights", ignore=shutil.ignore_patterns("Ultralytics"))
    return open_person(start_server(project)).open("/predict")


def write_proposals(folder: Path) -> None:
    """Two images: one with a cell and a plate, whose mask is a rectangle, one with a cell."""
    rows = ["tiles/000.png,10,10,60,50,cell,0.9,yolo", "tiles/000.png,30,40,110,80,plate,0.4,yolo"]
    (folder / "proposals-0001.csv").write_text(CSV + "\n".join([*rows, "tiles/001.png,5,5,50,60,cell,0.8,yolo"]) + "\n")
    from winnow.masks.rle import encode
    from winnow.masks.sidecar import mask_line

    mask = np.zeros((90, 120), bool)
    mask[45:75, 35:100] = True
    (folder / "proposals-0001.masks.jsonl").write_text(mask_line(1, encode(mask)))


def choose(page: Page, model: str) -> None:
    page.get_by_label("Model", exact=True).select_option(f"file:{model}")
    for label, value in [("Image size, px", "96"), ("Most per image", "4"), ("Lowest score", "0.3")]:
        page.get_by_label(label).fill(value)


def drawn(page: Page) -> list[str]:
    """The labels on the image, the lowest score first."""
    return page.locator("#overlay text").all_text_contents()


def test_a_run_is_started_watched_and_its_proposals_are_shown_and_judged(ana: Person) -> None:
    page = ana.page
    page.get_by_role("button", name="photos 6 images").press("Enter")
    expect(page.get_by_text("6 images here, sub-folders too")).to_be_visible()
    expect(page.get_by_text("Loading a .pt file runs the code in it")).to_be_visible()
    choose(page, "cells.pt")
    page.get_by_label("Lowest score").press("Enter")
    job = page.get_by_role("listitem", name="Job 1: cells.pt on photos")
    expect(job.get_by_role("button", name="Stop")).to_be_visible()
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    expect(page.locator("#place")).to_contain_text("Image 1 of 6: 4 proposals")
    expect(page.locator("#overlay rect.edge")).to_have_count(4)
    assert page.locator("#image").evaluate("image => image.decode().then(() => image.naturalWidth)") == 160
    page.locator("#stage").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#place")).to_contain_text("Image 2 of 6")
    page.keyboard.press("End")
    expect(page.locator("#path")).to_have_text("photos/day one/photo 5.jpg")
    page.keyboard.press("Enter")
    page.wait_for_url("**/triage")
    pools = {pool["name"]: pool["is_open"] for pool in ana.server.get("/api/pools")["pools"]}
    assert pools == {"refs.csv": False, "proposals-0001.csv": True}
    wait_until(lambda: ana.server.get("/healthz")["ready"], "the proposals are open")
    assert {item["class_name"] for item in ana.server.get("/api/queue")["items"]} <= {"cell", "plate"}


def test_weights_of_another_task_are_told_at_the_model(ana: Person) -> None:
    choose(ana.page, "sorter.pt")
    ana.page.get_by_role("button", name="Start", exact=True).click()
    problem = ana.page.locator("#model-problem")
    expect(problem).to_contain_text("is a model of the task 'classify'", timeout=RUN_MS)
    job = ana.page.get_by_role("listitem", name="Job 1: sorter.pt")
    expect(job.get_by_text("failed", exact=True)).to_be_visible()
    job.get_by_text("Command and log").click()
    expect(job.get_by_label("Log of job 1")).to_contain_text("classify")


def test_a_waiting_run_is_stopped_and_goes_on(ana: Person) -> None:
    page = ana.page
    choose(page, "cells.pt")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("listitem", name="Job 1")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    second = page.get_by_role("listitem", name="Job 2")
    second.get_by_role("button", name="Stop").click()
    expect(second.get_by_text("stopped", exact=True)).to_be_visible()
    second.get_by_role("button", name="Go on").click()
    third = page.get_by_role("listitem", name="Job 3")
    expect(third.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_label("Proposals", exact=True)).to_have_value("proposals-0002.csv")


def test_a_running_job_is_stopped_by_a_key(ana: Person) -> None:
    page = ana.page
    choose(page, "cells.pt")
    page.get_by_role("button", name="Start", exact=True).click()
    job = page.get_by_role("listitem", name="Job 1")
    expect(job.get_by_text("runs", exact=True)).to_be_visible(timeout=RUN_MS)
    page.get_by_role("heading", name="Predict").click()
    page.keyboard.press("x")
    expect(job.get_by_text("stopped", exact=True)).to_be_visible(timeout=RUN_MS)


def test_a_setting_out_of_its_range_is_told_and_nothing_starts(ana: Person) -> None:
    choose(ana.page, "cells.pt")
    ana.page.get_by_label("Lowest score").fill("2")
    ana.page.get_by_role("button", name="Start", exact=True).click()
    expect(ana.page.get_by_role("alert").filter(has_text="Lowest score")).to_contain_text("a number from 0 to 1")
    expect(ana.page.get_by_label("Lowest score")).to_be_focused()
    assert ana.server.get("/api/jobs")["jobs"] == []


def test_a_segmenters_settings_take_the_place_of_the_detectors(ana: Person) -> None:
    page = ana.page
    page.get_by_label("Model", exact=True).select_option("file:sam_vit_b.pth")
    expect(page.get_by_label("Lowest score")).to_be_hidden()
    page.get_by_text("Settings of the mask generator").press("Enter")
    page.get_by_label("Points per side").fill("8")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("listitem", name="Job 1")).to_be_visible()
    arguments = ana.server.get("/api/jobs")["jobs"][0]["arguments"]
    assert arguments[arguments.index("--points-per-side") + 1] == "8"
    expect(page.locator("#model-problem")).to_contain_text("no checkpoint that can be loaded", timeout=RUN_MS)


def test_without_weights_the_page_says_where_they_go(project: Path, start_server: Start, open_person: Open) -> None:
    ana = open_person(start_server(project)).open("/predict")
    folder = project.parent / "workspace" / "weights"
    expect(ana.page.get_by_text("There are no weights to propose with yet")).to_be_visible()
    expect(ana.page.locator("#weights-command")).to_contain_text(str(folder))
    expect(ana.page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    expect(ana.page.get_by_role("heading", name="No proposals yet")).to_be_visible()
    folder.mkdir(parents=True)
    (folder / "yolo.pt").write_bytes(b"x")
    ana.page.get_by_role("button", name="Look again").click()
    expect(ana.page.get_by_label("Model", exact=True)).to_have_value("file:yolo.pt")
    expect(ana.page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def test_a_folder_without_images_cannot_be_started_on(ana: Person, project: Path) -> None:
    (project.parent / "bare").mkdir()
    ana.page.reload()
    ana.page.get_by_role("button", name="bare no images").click()
    expect(ana.page.get_by_text("No images here.")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    ana.page.get_by_label("Chosen folder").get_by_role("button").first.click()
    expect(ana.page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def test_the_threshold_filters_what_is_drawn(project: Path, start_server: Start, open_person: Open) -> None:
    write_proposals(project.parent)
    ana = open_person(start_server(project)).open("/predict")
    page = ana.page
    expect(page.locator("#place")).to_contain_text("Image 1 of 2: 2 proposals")
    wait_until(lambda: drawn(page) == ["plate 0.40", "cell 0.90"], "both are drawn")
    expect(page.locator("#overlay path.mask")).to_have_count(1)
    page.get_by_label("Masks").press("Space")
    expect(page.locator("#overlay path.mask")).to_have_count(0)
    page.get_by_label("Score from").fill("0.5")
    wait_until(lambda: drawn(page) == ["cell 0.90"], "the lower one is gone")
    expect(page.locator("#place")).to_contain_text("1 of 2 proposals")
    page.locator("#stage").click()
    for _ in range(2):
        page.keyboard.press("[")
    wait_until(lambda: drawn(page) == ["plate 0.40", "cell 0.90"], "it is back")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: drawn(page) == ["cell 0.80"], "the second image is shown")
    page.reload()
    expect(page.locator("#place")).to_contain_text("Image 2 of 2")


def test_proposals_without_features_name_the_command(project: Path, start_server: Start, open_person: Open) -> None:
    write_proposals(project.parent)
    ana = open_person(start_server(project)).open("/predict")
    ana.page.get_by_role("button", name="Judge these").click()
    expect(ana.page.get_by_text("has no features yet")).to_be_visible()
    refs = project.parent / "proposals-0001.csv"
    expect(ana.page.locator("#features-command code")).to_have_text(
        f"python compute_features.py --refs {refs} --out {refs.with_suffix('.npy')} --model classic"
    )


def test_the_label_page_is_given_another_pool(project: Path, start_server: Start, open_person: Open) -> None:
    write_proposals(project.parent)
    np.save(project.parent / "proposals-0001.npy", np.random.default_rng(0).random((3, 8), np.float32))
    ana = open_person(start_server(project), expected="503").open("/")
    ana.page.get_by_role("link", name="refs.csv").click()
    expect(ana.page.get_by_label("The label page shows")).to_be_focused()
    ana.page.get_by_label("The label page shows").select_option("proposals-0001.csv")
    ana.page.wait_for_url(f"{ana.server.url}/")
    wait_until(lambda: ana.server.get("/healthz")["ready"], "the proposals are open")
    assert {item["path"] for item in ana.server.get("/api/queue")["items"]} == {"tiles/000.png", "tiles/001.png"}


def test_a_page_that_is_looked_at_again_hears_what_it_missed(
    project: Path, start_server: Start, open_person: Open
) -> None:
    (project.parent / "workspace" / "weights").mkdir(parents=True)
    (project.parent / "workspace" / "weights" / "junk.pt").write_bytes(b"x")
    ana = open_person(start_server(project)).open("/predict")
    expect(ana.page.get_by_label("Model", exact=True)).to_have_value("file:junk.pt")
    hide(ana.page, True)
    body = {"folder": "photos", "model": "file:junk.pt", "encoder": "classic"}
    ana.server.send("POST", "/api/proposals", body)
    wait_until(lambda: ana.server.get("/api/jobs/1")["state"] == "failed", "the run has failed", 60)
    expect(ana.page.get_by_role("listitem", name="Job 1")).to_have_count(0)
    hide(ana.page, False)
    expect(ana.page.get_by_role("listitem", name="Job 1").get_by_text("failed", exact=True)).to_be_visible()


def hide(page: Page, is_hidden: bool) -> None:
    """As if another tab were chosen, or this one again."""
    value = "true" if is_hidden else "false"
    page.evaluate(
        f"""() => {{
          Object.defineProperty(document, "hidden", {{ value: {value}, configurable: true }});
          document.dispatchEvent(new Event("visibilitychange"));
        }}"""
    )


def test_the_page_works_before_there_is_a_pool(tmp_path: Path, start_server: Start, open_person: Open) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "one.png")
    server = start_server(tmp_path / "refs.csv", is_ready=False)
    wait_until(lambda: is_up(server), "the server answers", 60)
    ana = open_person(server, expected="503").open("/predict")
    expect(ana.page.get_by_text("1 image here")).to_be_visible()
    expect(ana.page.get_by_text("There are no weights to propose with yet")).to_be_visible()


def test_a_restarted_server_goes_on_telling(ana: Person, open_person: Open) -> None:
    page, server = open_person(ana.server, expected="net::ERR").open("/predict").page, ana.server
    expect(page.get_by_text("40 images").first).to_be_visible()
    ana.page.close()
    server.kill()
    server.start()
    expect(page.locator("#connection-text")).to_have_text("Connected")
    choose(page, "sorter.pt")
    page.get_by_role("button", name="Start", exact=True).click()
    job = page.get_by_role("listitem", name="Job 1")
    expect(job.get_by_text("failed", exact=True)).to_be_visible(timeout=RUN_MS)


def test_open_listeners_do_not_keep_the_server_from_ending(server: Server) -> None:
    with urllib.request.urlopen(server.url + "/api/jobs/events", timeout=10) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.readline() == b"retry: 1000\n"
        process: Any = server._process
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while process.poll() is None:
            assert time.monotonic() < deadline, "it still waits for its listener"


def is_up(server: Server) -> bool:
    try:
        return server.get("/healthz")["status"] == "ok"
    except OSError:
        return False
