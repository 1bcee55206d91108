"""What the tests of the correct page do and look at."""

from collections.abc import Callable
from typing import Any

from browser_helpers import Person, Server, wait_until
from playwright.sync_api import Page, expect
from proposal_pool import HEIGHT, WIDTH

Open = Callable[..., Person]
Start = Callable[..., Server]
MARGIN_PX = 12  # around a fitted image, as canvas_view.js has it
OFFLINE = "net::ERR|Failed to load resource"
# the dog of 0.91, the cat of 0.77, the bird of 0.55, the dog of 0.42; two more are below the score of 0.25
BOXES = [(40, 40, 120, 120), (180, 60, 260, 150), (0, 180, 60, 240), (42, 41, 121, 122)]


def opened(person: Person, path: str = "photos/00.png") -> Page:
    """The correct page with an image on it."""
    person.open(f"/correct?image={item_on(person.server, path)}")
    wait_for_image(person.page, path)
    return person.page


def become(page: Page, name: str) -> Page:
    """Another person than the server's own, on the same image."""
    page.locator("#annotator").fill(name)
    page.locator("#annotator").press("Enter")
    path = page.locator("#path").inner_text()
    page.reload()
    wait_for_image(page, path)
    return page


def wait_for_image(page: Page, path: str) -> None:
    expect(page.locator("#path")).to_have_text(path, timeout=40_000)  # a page and two requests on a busy machine
    expect(page.locator("#objects li").first).to_be_visible()


def item_on(server: Server, path: str) -> str:
    rows = server.get("/api/results?score_min=0&limit=200")["images"]
    return next(row["item_id"] for row in rows if row["path"] == path)


def result(server: Server, path: str = "photos/00.png") -> Any:
    return server.get(f"/api/results/{item_on(server, path)}")


def objects(server: Server, path: str = "photos/00.png") -> list[tuple[str, tuple[float, ...]]]:
    """Class and box of what stands on an image, from the server."""
    return sorted((one["class_name"], tuple(one["box_xyxy"])) for one in result(server, path)["objects"])


def saved(server: Server, status: str, path: str = "photos/00.png") -> Any:
    wait_until(lambda: result(server, path)["status"] == status, f"{path} is {status}")
    return result(server, path)


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the fitted image is on the page."""
    box = page.locator("#stage").bounding_box()
    assert box
    scale = min((box["width"] - 2 * MARGIN_PX) / WIDTH, (box["height"] - 2 * MARGIN_PX) / HEIGHT)
    left, top = box["x"] + (box["width"] - WIDTH * scale) / 2, box["y"] + (box["height"] - HEIGHT * scale) / 2
    return left + x * scale, top + y * scale


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, between two pixels of the image."""
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*on_screen(page, *end))
    page.mouse.up()


def listed(page: Page) -> list[str]:
    """The rows of the list of objects, as they are read."""
    return [" ".join(row.split()) for row in page.locator("#objects li").all_inner_texts()]


def inked(page: Page, stage: str) -> int:
    """Pixels of the boxes that a canvas shows."""
    return int(
        page.evaluate(
            """(stage) => {
              const canvas = document.querySelector(`${stage} .sheet-of-still`);
              const scratch = new OffscreenCanvas(canvas.width, canvas.height);
              const copy = scratch.getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((value, i) => i % 4 === 3 && value > 0).length;
            }""",
            stage,
        )
    )
