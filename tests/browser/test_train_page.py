"""The train page: from verdicts to a measured version and its report, with the keyboard alone, in a real browser."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import Page, Route, expect
from shapes_pool import draw_shapes, judge_images
from tiny_models import metrics, write_version

from winnow.settings import Settings
from winnow.training.dataset import DatasetOptions, build_dataset
from winnow.training.reading import read_truth
from winnow.training.workspace import Workspace

TRAIN_S = 180.0
Start = Callable[..., Server]
Open = Callable[..., Person]


@pytest.fixture
def shapes(start_server: Start, tmp_path: Path) -> Server:
    """14 of 20 images judged."""
    server = start_server(draw_shapes(tmp_path))
    judge_images(server, 14)
    return server


def fill(page: Page, label: str, value: str) -> None:
    """As a person does: the field by its label, the value, on with Tab."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_be_visible()
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(value)
    page.keyboard.press("Tab")


def press(page: Page, name: str) -> None:
    """A button by Enter."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")


def make_tiny_session(person: Person) -> Page:
    page = person.open("/train").page
    press(page, "New session")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    for label, value in [("Epochs", "1"), ("Batch, images", "8"), ("Image size, px", "64"), ("Device", "cpu")]:
        fill(page, label, value)
    saved = {"epochs": 1, "batch": 8, "imgsz": 64, "device": "cpu"}
    wait_until(lambda: saved.items() <= person.server.get("/api/sessions/1")["settings"].items(), "the form is saved")
    return page


def test_a_training_from_the_first_key_to_the_report(shapes: Server, open_person: Open) -> None:
    ana = open_person(shapes)
    page = make_tiny_session(ana)
    expect(page.locator("#check")).to_contain_text("Ready")
    press(page, "Start training")
    card = page.get_by_role("listitem", name="Job 1")
    expect(card).to_have_attribute("data-state", "completed", timeout=1000 * TRAIN_S)
    iteration = page.get_by_role("article", name="Version 1")
    expect(iteration).to_contain_text("The first version")
    assert page.locator("#plot-losses").get_attribute("data-points") == "1"
    expect(page.locator("#plot-losses")).to_have_attribute("aria-label", re.compile("After epoch 1 of 1: box loss"))
    expect(page.locator("#check")).to_contain_text("Nothing is new")
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    expect(page.locator("#dataset-rows tr")).to_have_count(1)
    expect(page.get_by_role("button", name="Take Start from: v1")).to_be_visible()
    iteration.get_by_role("link", name="Report of the round").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Round 1")).to_be_visible()
    expect(page.locator(".summary")).to_contain_text("28 proposals judged: 14 accepted, 14 rejected")
    look_again_after_reload(ana)


def look_again_after_reload(person: Person) -> None:
    """What was trained is still to be seen, and can be trained once more."""
    page = person.open("/train").page
    expect(page.locator("#plot-losses")).to_have_attribute("data-points", "1")
    again = page.get_by_label("also when nothing is new")
    expect(again).to_be_visible()
    again.focus()
    page.keyboard.press("Space")
    expect(page.locator("#check")).to_contain_text("Ready")


def test_a_training_that_fails_says_why(shapes: Server, open_person: Open) -> None:
    folder = shapes.folder / "workspace" / "weights"
    folder.mkdir(parents=True)
    (folder / "broken.pt").write_bytes(b"no weights")
    ana = open_person(shapes)
    page = make_tiny_session(ana)
    base = page.get_by_label("Start from")
    base.focus()
    base.select_option("broken.pt")
    wait_until(lambda: shapes.get("/api/sessions/1")["base"] == "broken.pt", "the base is saved")
    press(page, "Start training")
    card = page.get_by_role("listitem", name="Job 1")
    expect(card).to_have_attribute("data-state", "failed", timeout=1000 * TRAIN_S)
    expect(card).to_contain_text("broken.pt")
    assert shapes.get("/api/sessions/1")["iterations"] == []


def test_what_is_typed_stays_while_the_page_reads_again(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    press(page, "New session")
    expect(page.locator("#check")).to_contain_text("Ready")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/train?task=segment", hold)
    page.locator("#settings [name=task]").focus()
    with page.expect_request("**/api/train?task=segment"):
        page.keyboard.press("ArrowDown")
    page.route("**/api/sessions/1", hold)
    with page.expect_request("**/api/sessions/1"):
        fill(page, "Epochs", "7")
    page.unroute("**/api/sessions/1")
    stock, saving = held
    with page.expect_response("**/next-images"):
        stock.continue_()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
    fill(page, "Batch, images", "8")
    saving.continue_()
    wanted = {"epochs": 7, "batch": 8}
    wait_until(lambda: wanted.items() <= shapes.get("/api/sessions/1")["settings"].items(), "both are saved")


def test_a_suggestion_is_taken_by_one_key(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    press(page, "New session")
    wanted = page.get_by_role("button", name="Take Image size: 64")
    expect(wanted).to_contain_text("1")
    page.get_by_role("heading", name="Suggestions").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    wait_until(lambda: shapes.get("/api/sessions/1")["settings"]["imgsz"] == 64, "it is saved")
    expect(wanted).to_have_count(0)
    assert page.get_by_label("Image size, px").input_value() == "64"


def test_a_training_is_stopped_by_one_key(shapes: Server, open_person: Open) -> None:
    page = make_tiny_session(open_person(shapes))
    fill(page, "Epochs", "1000")
    wait_until(lambda: shapes.get("/api/sessions/1")["settings"]["epochs"] == 1000, "it is saved")
    press(page, "Start training")
    card = page.get_by_role("listitem", name="Job 1")
    expect(card).to_contain_text("Epoch", timeout=1000 * TRAIN_S)
    page.keyboard.press("x")
    expect(card).to_have_attribute("data-state", "stopped", timeout=1000 * TRAIN_S)
    assert shapes.get("/api/sessions/1")["iterations"] == []
    assert list((shapes.folder / "workspace" / "models").glob("*")) == []


def test_the_next_images_are_reviewed_on_the_label_page(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    press(page, "New session")
    expect(page.locator("#next-images li")).to_have_count(5)  # the sixth measures
    page.get_by_text("How the next images are ranked").click()
    fill(page, "Images a batch", "2")
    expect(page.locator("#next-images li")).to_have_count(2)
    paths = {line.split(" ")[0] for line in page.locator("#next-images li").all_inner_texts()}
    press(page, "Review these")
    expect(page).to_have_url(shapes.url + "/")
    assert {item["path"] for item in shapes.get("/api/queue?n=20")["items"]} == paths
    page.goto(shapes.url + "/train")
    press(page, "Review all again")
    wait_until(lambda: len(shapes.get("/api/queue?n=20")["items"]) == 12, "all are there again")


def test_a_session_is_deleted_only_after_it_was_asked(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    press(page, "New session")
    press(page, "Delete this session")
    page.keyboard.press("Escape")
    assert len(shapes.get("/api/sessions")["sessions"]) == 1
    press(page, "Delete this session")
    press(page, "Delete")
    wait_until(lambda: shapes.get("/api/sessions")["sessions"] == [], "it is gone")
    expect(page.locator("#sessions-empty")).to_be_visible()


def test_a_data_set_version_is_made_and_listed(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    expect(page.locator("#datasets-empty")).to_contain_text("python -m winnow dataset")
    press(page, "Make a data set version")
    expect(page.locator("#dataset-rows tr")).to_have_count(1, timeout=60_000)
    expect(page.locator("#dataset-rows")).to_contain_text("square 11")


def test_without_a_pool_the_page_says_what_is_missing(start_server: Start, open_person: Open, tmp_path: Path) -> None:
    server = start_server(tmp_path / "refs.csv", is_ready=False)
    wait_until(server.answers, "the server answers")
    page = open_person(server, expected="503").open("/train").page
    expect(page.locator("#stock-problem")).to_contain_text("refs.csv")
    press(page, "New session")
    expect(page.locator("#check")).to_contain_text("refs.csv")
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()


def test_masks_are_learnt_from_a_base_that_can_and_what_lacks_one_is_said(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    press(page, "New session")
    expect(page.get_by_label("Start from")).to_have_value("yolo11n.yaml")
    page.locator("#settings [name=task]").focus()
    page.keyboard.press("ArrowDown")
    wanted = {"base": "yolo11n-seg.yaml", "task": "segment"}
    wait_until(lambda: saved_base_and_task(shapes) == wanted, "base and task are saved")
    expect(page.get_by_label("Start from")).to_have_value("yolo11n-seg.yaml")
    expect(page.locator("#stock-note")).to_contain_text("14 stay out because an accepted object has no mask")
    expect(page.locator("#check")).to_contain_text("14 images, an accepted object has no mask")
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()


def saved_base_and_task(server: Server) -> dict[str, str]:
    session = server.get("/api/sessions/1")
    return {"base": session["base"], "task": session["settings"]["task"]}


def test_where_nothing_was_changed_the_button_says_so_and_trains_at_the_second_press(
    shapes: Server, open_person: Open
) -> None:
    learn_without_training(shapes)
    accept_next_image(shapes)
    page = make_tiny_session(open_person(shapes))
    page.get_by_label("Start from").select_option("yolo11n.yaml")
    wait_until(lambda: shapes.get("/api/sessions/1")["base"] == "yolo11n.yaml", "the base is saved")
    expect(page.locator("#check")).to_contain_text("No change, no retrain: since v1 1 image was reviewed")
    press(page, "Start training")
    assert shapes.get("/api/jobs")["jobs"] == []
    press(page, "Train all the same")
    card = page.get_by_role("listitem", name="Job 1")
    expect(card).to_be_visible()
    assert "--anyway" in shapes.get("/api/jobs/1")["arguments"]
    expect(card).to_have_attribute("data-state", "completed", timeout=1000 * TRAIN_S)


def learn_without_training(server: Server) -> None:
    """A model version that says it learnt from what is judged now."""
    settings = Settings(refs=server.folder / "refs.csv")
    workspace = Workspace(settings.workspace_path)
    truth = read_truth(settings).truth
    dataset = build_dataset(truth, workspace, DatasetOptions(), base_folder=settings.base_folder, image_root=None)
    weights = server.folder / "none.pt"
    weights.write_bytes(b"none")
    model = write_version(workspace, 1, weights, metrics(0.5, 0.4))
    learnt = replace(model, dataset_hash=dataset.manifest.content_hash, dataset=dataset.number)
    (model.folder / "model.json").write_bytes(learnt.to_json())


def accept_next_image(server: Server) -> None:
    """The first open image of the results is accepted as it is predicted."""
    item_id = server.get("/api/results?status=open&score_min=0")["images"][0]["item_id"]
    kept = [one["item_id"] for one in server.get(f"/api/results/{item_id}")["objects"]]
    body = {"key": "accept", "outcome": "accept", "kept": kept, "drawn": [], "deleted": [], "elapsed_ms": 900}
    server.send("POST", f"/api/results/{item_id}", {**body, "based_on": None})
