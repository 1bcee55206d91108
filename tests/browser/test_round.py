"""A whole round in miniature, through the pages: train, propose, judge by keys, train again, compare, report."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import ROOT, Person, Server, wait_until
from PIL import Image
from playwright.sync_api import Page, expect
from test_train_page import fill, press
from tiny_models import tiny_yaml

from winnow.pool.boxes import Box, iou

SIDE = 160
RUN_MS = 240_000
Open = Callable[..., Person]
Start = Callable[..., Server]
Truth = dict[str, tuple[Box, str]]


def draw(folder: Path, n: int, seed: int) -> Truth:
    """n images of noise with one square or disc each; answers path below the project -> box, class."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    truth: Truth = {}
    for i in range(n):
        pixels = rng.integers(90, 160, (SIDE, SIDE, 3), np.uint8)
        side, name = int(rng.integers(50, 80)), ("disc", "square")[i % 2]
        x, y = (int(corner) for corner in rng.integers(2, SIDE - side - 2, 2))
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        if name == "square":
            pixels[y : y + side, x : x + side] = (250, 240, 90)
        else:
            pixels[np.hypot(columns - x - side / 2, rows - y - side / 2) <= side / 2] = (20, 30, 120)
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
        truth[f"{folder.relative_to(folder.parents[1]).as_posix()}/{i:02}.png"] = ((x, y, x + side, y + side), name)
    return truth


def import_truth(project: Path, truth: Truth, split: str) -> None:
    """Through the command, as a person who has a labelled set."""
    names = ["disc", "square"]
    images = [{"id": i, "file_name": path, "width": SIDE, "height": SIDE} for i, path in enumerate(truth)]
    boxes = [
        {"id": i, "image_id": i, "category_id": names.index(name), "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for i, ((x1, y1, x2, y2), name) in enumerate(truth.values())
    ]
    categories = [{"id": i, "name": name} for i, name in enumerate(names)]
    file = project / f"{split}.json"
    file.write_text(json.dumps({"images": images, "annotations": boxes, "categories": categories}))
    command = [sys.executable, "-m", "winnow", "import", str(file), "--images", str(project), "--split", split]
    env = {**os.environ, "WINNOW_REFS": str(project / "refs.txt")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def new_images(tmp_path: Path) -> Truth:
    """A project with 10 labelled images to train on, 6 to measure on, and 8 that nobody looked at: these."""
    start, frozen = draw(tmp_path / "photos" / "start", 10, 1), draw(tmp_path / "photos" / "frozen", 6, 2)
    new = draw(tmp_path / "photos" / "new", 8, 3)
    (tmp_path / "refs.txt").write_text("\n".join(new) + "\n")
    np.save(tmp_path / "features.npy", np.eye(8, dtype=np.float32))
    import_truth(tmp_path, start, "train")
    import_truth(tmp_path, frozen, "holdout")
    (tmp_path / "workspace" / "weights").mkdir(parents=True)
    save_tiny_detector(tmp_path / "workspace" / "weights" / "tiny.pt")
    return new


def save_tiny_detector(path: Path) -> None:
    """Untrained weights of an architecture so small that it learns the shapes within seconds."""
    import torch

    from winnow.proposals.weights import ultralytics

    torch.manual_seed(0)
    ultralytics().YOLO(tiny_yaml(path.parent)).save(path)
    (path.parent / "tiny.yaml").unlink()


def test_a_round_through_the_pages(new_images: Truth, tmp_path: Path, start_server: Start, open_person: Open) -> None:
    server = start_server(tmp_path / "refs.txt")
    ana = open_person(server)
    page = ana.page
    train(ana, "tiny.pt", epochs=60, job=1)
    propose(ana)
    judged = judge_by_keys(ana, new_images)
    assert judged["d"] > 0
    train(ana, "v1", epochs=3, job=3)
    metrics = [model["metrics"] for model in server.get("/api/models")["models"]]
    assert len(metrics) == 2
    assert all(0 <= one["map50"] <= 1 and one["images"] == 6 for one in metrics)
    make_active(ana)
    page.goto(f"{server.url}/reports/2")
    expect(page.locator(".summary")).to_contain_text(f"{sum(judged.values())} proposals judged: {judged['d']} accepted")


def train(person: Person, base: str, *, epochs: int, job: int) -> None:
    page = person.open("/train").page
    if not person.server.get("/api/sessions")["sessions"]:
        press(page, "New session")
    values = {"Epochs": epochs, "Batch, images": 8, "Image size, px": 96, "Device": "cpu"}
    for label, value in values.items():
        fill(page, label, str(value))
    page.locator("select[name='base']").select_option(base)
    settings = {"epochs": epochs, "batch": 8, "imgsz": 96, "device": "cpu"}

    def is_saved() -> bool:
        session = person.server.get("/api/sessions/1")
        return session["base"] == base and settings.items() <= session["settings"].items()

    wait_until(is_saved, "the session is saved")
    press(page, "Start training")
    card = page.get_by_role("listitem", name=f"Job {job}")
    expect(card).to_have_attribute("data-state", "completed", timeout=RUN_MS)


def propose(person: Person) -> None:
    """On the new images by the model trained, then on to triage and the label page."""
    page = person.open("/predict").page
    page.get_by_role("button", name="photos 24 images").press("Enter")
    page.get_by_role("button", name="new 8 images").press("Enter")
    expect(page.get_by_text("8 images here")).to_be_visible()
    for label, value in [("Image size, px", "96"), ("Most per image", "3"), ("Lowest score", "0.02")]:
        page.get_by_label(label).fill(value)
    page.get_by_label("Lowest score").press("Enter")
    job = page.get_by_role("listitem", name="Job 2")
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    expect(page.locator("#place")).to_contain_text("Image 1 of")
    page.locator("#stage").click()
    page.keyboard.press("Enter")
    expect(page).to_have_url(person.server.url + "/triage")
    expect(page.get_by_role("heading", name="Groups")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(person.server.url + "/")


def judge_by_keys(person: Person, truth: Truth) -> dict[str, int]:
    """D for what is there, 1 (background) for what is not; answers how often each."""
    items = {item["id"]: item for item in person.server.get("/api/queue?n=200")["items"]}
    pressed = {"d": 0, "1": 0}
    for _ in items:
        item = items[wait_until(person.item, "an item is on screen")]
        box, name = truth[item["path"]]
        is_true = iou(tuple(item["box_xyxy"]), box) >= 0.5 and item["class_name"] == name
        pressed["d" if is_true else "1"] += 1
        shown = person.press("d" if is_true else "1")
        wait_until(lambda shown=shown: person.item() != shown, "the next item is on screen")
    wait_until(lambda: person.server.progress()["labeled"] == len(items), "every verdict is on disk")
    return pressed


def make_active(person: Person) -> None:
    page: Page = person.open("/models").page
    expect(page.locator("#versions tr")).to_have_count(2)
    page.keyboard.press("a")

    def active() -> list[int]:
        return [one["number"] for one in person.server.get("/api/models")["models"] if one["is_active"]]

    wait_until(lambda: active() == [2], "version 2 is active")
