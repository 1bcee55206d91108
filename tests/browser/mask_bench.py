"""The mask panel and B's canvas on a page of their own, over a segmenter that answers at once with an ellipse."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from winnow.masks.rle import area, box_of, decode, encode, from_json
from winnow.masks.tidy import drop_islands, fill_holes, filled, outlines

ROOT = Path(__file__).parents[2]
SITE = "http://masks.test"
SIZE_WH = (400, 300)
MODELS = [
    {"name": "tiny", "label": "Tiny SAM", "help": "Shipped with Winnow; quick and rough."},
    {"name": "mobile_sam.pt", "label": "MobileSAM", "help": ""},
]
PAGE = """<!doctype html><meta charset="utf-8"><title>masks</title>
<link rel="stylesheet" href="/static/css/winnow.css"><link rel="stylesheet" href="/static/css/masks.css">
<script type="application/json" id="config">{{}}</script>
<main style="display:grid;grid-template:600px / 800px 320px">
<div id="stage" tabindex="0" aria-label="Image" style="position:relative;overflow:hidden"></div>
<div>{panel}</div></main>
<style>#stage canvas {{ position: absolute; inset: 0; width: 100%; height: 100%; }}</style>"""
START = """async (objects) => {
  const { EditModel } = await import("/static/js/edit_model.js");
  const { CanvasView } = await import("/static/js/canvas_view.js");
  const { CanvasGestures } = await import("/static/js/canvas_gestures.js");
  const { MaskTools } = await import("/static/js/mask_tools.js");
  const { Api } = await import("/static/js/api.js");
  let n = 0;
  const newObject = (box) => ({
    id: `new-${n++}`, item_id: null, box, class_name: "scratch", score: null, mask: null, origin: "drawn",
  });
  const model = new EditModel();
  const view = new CanvasView({ stage: document.getElementById("stage") }, model, () => "#e69f00");
  new CanvasGestures(view, newObject, () => true);
  const images = ["first", "second", "third", "fourth"];
  let at = 0;
  const nextIds = () => images.slice(at + 1);
  globalThis.tools = new MaskTools({ api: new Api(), model, view, itemId: () => images[at], nextIds, newObject });
  globalThis.go = async (to, found) => {
    at = to;
    model.open(found, [400, 300]);
    await view.setImage("/image.png", [400, 300]);
    view.setView(2, 0, 0);
  };
  globalThis.model = model;
  globalThis.view = view;
  await go(0, objects);
}"""
BITS = """(id) => {
  const object = id ? model.get(id) : model.objects.at(-1);
  return object && { id: object.id, box: object.box, mask: object.mask };
}"""


Open = Callable[..., "Bench"]


def opened(chromium: Browser) -> Iterator[Open]:
    """Opens the page, as often as it is called; an error that nothing catches fails the test."""
    pages, complaints = [], []

    def open_(objects: list[dict[str, Any]] | None = None, **choices: Any) -> Bench:
        pages.append(chromium.new_page(viewport={"width": 1200, "height": 700}))
        pages[-1].on("pageerror", lambda error: complaints.append(str(error)))
        return Bench(pages[-1], objects or [], **choices)

    yield open_
    for page in pages:
        page.close()
    assert complaints == []


def known(id_: str, box: list[int], mask: np.ndarray | None = None) -> dict[str, Any]:
    """An object that a detector proposed."""
    rle = None if mask is None else encode(mask).as_json()
    claim = {"class_name": "hole", "score": 0.8, "origin": "prediction"}
    return {"id": id_, "item_id": id_, "box": box, "mask": rle, **claim}


class Bench:
    """The page and what its segmenter was asked. `hold()` keeps answers back until `let_go()`.

    Held are masks, tidied masks, and with `holds` = "" what is said of the segmenter, which `late` then changes.
    """

    def __init__(self, page: Page, objects: list[dict[str, Any]], **choices: Any) -> None:
        self.page = page
        self.choices = {"model": "tiny", "state": "ready", "problem": None, "models": MODELS, "how_to": "Copy weights."}
        self.choices.update(choices)
        self.prompts: list[dict[str, Any]] = []
        self.prepared: list[list[str]] = []
        self.states = ["ready"]
        self.refusal: dict[str, str] | None = None
        self.is_down = False
        self.holds = "predict"
        self.late: dict[str, str] = {}
        self.finds = "ellipse"  # or "nothing", "everything", "little"
        self._held: list[Route] | None = None
        page.route(f"{SITE}/**", self._serve)
        page.goto(SITE)
        page.evaluate(START, objects)
        page.wait_for_function(
            "tools.segmenter.choices !== null && tools.segmenter.image !== 'unknown' || !tools.segmenter.isUsable"
        )

    def hold(self) -> None:
        self._held = []

    def let_go(self) -> None:
        held, self._held = self._held or [], None
        for route in held:
            self._give(route)

    def tool(self, name: str) -> None:
        self.tool_now(name)
        self.settle()

    def tool_now(self, name: str) -> None:
        """Also while a mask is on its way."""
        self.page.evaluate("(name) => { view.tool = name; view.draw(); }", name)

    def settle(self) -> None:
        """Until what was asked for is answered and on screen."""
        self.page.wait_for_function("!tools.prompter.isBusy && tools.prompter.live === null")
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def drag(self, *points: tuple[float, float], steps: int = 4) -> None:
        """With the mouse over pixels of the image, at two pixels of the screen each."""
        self.press(*points[0])
        for point in points[1:]:
            self.move(*point, steps=steps)
        self.page.mouse.up()

    def press(self, x: float, y: float) -> None:
        self.move(x, y, steps=1)
        self.page.mouse.down()

    def move(self, x: float, y: float, steps: int = 4) -> None:
        left, top = self.page.evaluate("() => { const { x, y } = view.stage.getBoundingClientRect(); return [x, y]; }")
        self.page.mouse.move(left + 2 * x, top + 2 * y, steps=steps)

    def object(self, id_: str | None = None) -> dict[str, Any]:
        """Id, box and mask (h, w) bool or None of an object, by default of the last."""
        found = self.page.evaluate(BITS, id_)
        return {**found, "mask": found["mask"] and decode(from_json(found["mask"]))}

    def select(self, id_: str | None) -> None:
        self.page.evaluate("(id) => { model.selected = id; }", id_)

    def _serve(self, route: Route) -> None:
        place = route.request.url.removeprefix(SITE)
        if self.is_down:
            route.abort()
        elif place.startswith("/static/"):
            route.fulfill(path=ROOT / place[1:])
        elif place == "/image.png":
            route.fulfill(body=picture(), content_type="image/png")
        elif place.startswith("/api/masks"):
            self._answer(route, place.removeprefix("/api/masks").strip("/"))
        else:
            panel = Environment(loader=FileSystemLoader(ROOT / "templates")).get_template("_mask_panel.html").render()
            route.fulfill(body=PAGE.format(panel=panel), content_type="text/html")

    def _answer(self, route: Route, call: str) -> None:
        body = route.request.post_data_json if route.request.post_data else {}
        if call == "predict":
            self.prompts.append(body)
        if call in ("predict", "tidy") or (call == self.holds and route.request.method == "GET"):
            if self._held is None:
                self._give(route)
            else:
                self._held.append(route)
        elif call == "prepare":
            self.prepared.append(body["item_ids"])
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            route.fulfill(status=202, json={"states": dict.fromkeys(body["item_ids"], state)})
        else:
            if route.request.method == "PUT":
                self.choices.update(
                    model=None if body["model"] == "none" else body["model"], state="ready", problem=None
                )
            route.fulfill(json=self.choices)

    def _give(self, route: Route) -> None:
        if route.request.url.endswith("/predict"):
            self._predict(route)
        elif route.request.url.endswith("/tidy"):
            route.fulfill(json=tidied(route.request.post_data_json))
        else:
            route.fulfill(json={**self.choices, **self.late})

    def _predict(self, route: Route) -> None:
        if self.refusal:
            route.fulfill(status=422, json=self.refusal)
            return
        body = route.request.post_data_json
        mask = None if self.finds == "nothing" else encode(self._seen(body))
        figures = {"score": 0.9, "stability": 0.95, "ms": 12.5, "model": "tiny", "is_embedding_new": False}
        box, pixels = (None, 0) if mask is None else (list(map(int, box_of(mask) or ())), area(mask))
        found = {"mask": mask and mask.as_json(), "box_xyxy": box, "area_px": pixels}
        route.fulfill(json={"seq": body["seq"], **found, **figures})

    def _seen(self, prompt: dict[str, Any]) -> np.ndarray:
        if self.finds == "little":
            x1, y1, _, _ = prompt["box_xyxy"]
            return ellipse([x1, y1, x1 + 6, y1 + 6])
        return mask_of(prompt) | (self.finds == "everything")


def mask_of(prompt: dict[str, Any]) -> np.ndarray:
    """What this segmenter sees: the ellipse in the box, else a disc of 30; more points add and take discs of 10."""
    box, points = prompt["box_xyxy"], prompt["points"]
    mask = ellipse(box) if box else disc(points[0][0], points[0][1], 30)
    if prompt["mask"]:
        mask = mask | decode(from_json(prompt["mask"]))
    for x, y, label in points if box else points[1:]:
        mask = mask | disc(x, y, 10) if label else mask & ~disc(x, y, 10)
    return mask


def ellipse(box: list[float]) -> np.ndarray:
    x1, y1, x2, y2 = box
    y, x = np.ogrid[: SIZE_WH[1], : SIZE_WH[0]]
    inside = ((x + 0.5 - (x1 + x2) / 2) / ((x2 - x1) / 2)) ** 2 + (
        (y + 0.5 - (y1 + y2) / 2) / ((y2 - y1) / 2)
    ) ** 2 <= 1
    return np.asarray(inside)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return ellipse([x - radius, y - radius, x + radius, y + radius])


def tidied(body: dict[str, Any]) -> dict[str, Any]:
    mask = drop_islands(fill_holes(decode(from_json(body["mask"])), body["holes_px"]), body["islands_px"])
    parts = outlines(mask, body["tolerance_px"])
    rle = filled(parts, mask.shape) if body["tolerance_px"] else encode(mask)
    polygons = [ring.tolist() for part in parts for ring in (part.outer_xy, *part.holes_xy)]
    return {"mask": rle.as_json(), "box_xyxy": box_of(rle), "area_px": area(rle), "polygons": polygons}


def picture() -> bytes:
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(rng.integers(60, 120, (SIZE_WH[1], SIZE_WH[0], 3), np.uint8)).save(file, "PNG")
    return file.getvalue()
