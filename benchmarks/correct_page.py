"""A hand at the correct page: real keys and real mouse events, in pixels of the image."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
from playwright.sync_api import Page

Box = tuple[float, float, float, float]
MARGIN_PX = 12  # around a fitted image, as canvas_view.js has it
CLOSEST = 40
EDGE_PX = 3  # a box is hit so far outside its edge, in pixels of the screen
PATIENCE_S = 60.0


def until(holds: Callable[[], Any], what: str) -> Any:
    """Polls until `holds()` answers something true, and answers that."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if result := holds():
            return result
        time.sleep(0.01)
    raise TimeoutError(f"not within {PATIENCE_S:.0f} s: {what}")


class CorrectPage:
    """The page with one image open; `boxes` mirrors its objects, in their order."""

    def __init__(self, page: Page, client: httpx2.Client) -> None:
        self.page, self._client = page, client
        self.boxes: list[Box] = []

    def take(self, item_id: str) -> dict[str, Any]:
        """Wait until the page shows this image, whole; answers what the server says of it."""
        result: dict[str, Any] = self._client.get(f"/api/results/{item_id}").json()
        until(lambda: self.page.locator("#path").text_content() == result["path"], f"{result['path']} on the page")
        self.page.wait_for_load_state("networkidle")
        self.boxes = [tuple(one["box_xyxy"]) for one in result["objects"]]
        stage = self.page.locator("#stage").bounding_box()
        assert stage
        width, height = result["width"], result["height"]
        room_w, room_h = stage["width"] - 2 * MARGIN_PX, stage["height"] - 2 * MARGIN_PX
        self.scale = min(room_w / width, room_h / height, CLOSEST)
        self._left = stage["x"] + (stage["width"] - width * self.scale) / 2
        self._top = stage["y"] + (stage["height"] - height * self.scale) / 2
        self.page.keyboard.press("0")
        return result

    def draw(self, box: Box) -> None:
        """A new object, from its upper left corner to its lower right one."""
        self._press("Escape", "b")
        self._drag(box[:2], box[2:])
        self.boxes.append(box)

    def move_by_keys(self, box: Box, by: tuple[int, int]) -> None:
        """Choose with Tab, then nudge by tens and ones."""
        place = self._choose_by_tab(box)
        for distance, (minus, plus) in zip(by, (("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown")), strict=True):
            key = plus if distance > 0 else minus
            self._press(*[f"Shift+{key}"] * (abs(distance) // 10), *[key] * (abs(distance) % 10))
        self._moved(place, by)

    def move_by_mouse(self, box: Box, by: tuple[int, int]) -> bool:
        """Drag the object; False where no point of it can be grabbed, or the way is too short for a drag."""
        point = self._grip(box)
        if point is None or max(map(abs, by)) * self.scale < 6:
            return False
        self._press("Escape", "v")
        self._drag(point, (point[0] + by[0], point[1] + by[1]))
        self._moved(self.boxes.index(box), by)
        return True

    def delete(self, box: Box) -> None:
        place = self._choose_by_tab(box)
        self._press("Delete")
        del self.boxes[place]

    def _choose_by_tab(self, box: Box) -> int:
        place = self.boxes.index(box)
        self._press("Escape", "v", "Escape", *["Tab"] * (place + 1))
        return place

    def _grip(self, box: Box) -> tuple[float, float] | None:
        """The point nearest to the middle at which this box, and no smaller one, is hit."""
        x1, y1, x2, y2 = box
        inside = ((x + 0.5, y + 0.5) for x in range(int(x1), int(x2)) for y in range(int(y1), int(y2)))
        hit = [point for point in inside if self._object_at(point) == box]
        middle = (x1 + x2) / 2, (y1 + y2) / 2
        return min(hit, key=lambda at: (at[0] - middle[0]) ** 2 + (at[1] - middle[1]) ** 2, default=None)

    def _object_at(self, point: tuple[float, float]) -> Box:
        (x, y), edge = point, EDGE_PX / self.scale
        at = [b for b in self.boxes if b[0] - edge <= x <= b[2] + edge and b[1] - edge <= y <= b[3] + edge]
        return min(at, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))

    def _moved(self, place: int, by: tuple[int, int]) -> None:
        x1, y1, x2, y2 = self.boxes[place]
        self.boxes[place] = (x1 + by[0], y1 + by[1], x2 + by[0], y2 + by[1])

    def _drag(self, start: tuple[float, ...], end: tuple[float, ...]) -> None:
        self.page.mouse.move(*self._on_screen(start))
        self.page.mouse.down()
        self.page.mouse.move(*self._on_screen(end), steps=12)
        self.page.mouse.up()

    def _on_screen(self, point: tuple[float, ...]) -> tuple[float, float]:
        return self._left + point[0] * self.scale, self._top + point[1] * self.scale

    def _press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
