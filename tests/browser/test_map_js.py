"""The map's modules in the browser that will run them: bytes, geometry, looks, pixels, what is chosen."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

MODULES = """async () => {
  const names = ["map_points", "map_geometry", "map_colours", "map_paint", "insight_choice", "insight_keys"];
  const loaded = await Promise.all(names.map((name) => import(`/static/js/${name}.js`)));
  globalThis.map = Object.assign({}, ...loaded);
  globalThis.pointsOf = (places, clusters = []) => ({
    key: 1, count: places.length, ids: new BigUint64Array(places.length),
    clusters: Math.max(0, ...clusters.map((c) => c + 1)),
    x: Uint16Array.from(places, ([x]) => x), y: Uint16Array.from(places, ([, y]) => y),
    cluster: Int16Array.from(places, (_, i) => clusters[i] ?? -1),
  });
  globalThis.stateOf = (kinds, probability = kinds.map(() => 255)) => ({
    key: 1, seq: 0, version: 0, kind: Uint8Array.from(kinds), probability: Uint8Array.from(probability),
  });
}"""
PLANE = 65_536


@pytest.fixture(scope="module")
def page(modules_page: Page) -> Page:
    """An empty page with the modules loaded."""
    modules_page.evaluate(MODULES)
    return modules_page


def test_points_are_read_from_the_servers_bytes(page: Page) -> None:
    header = struct.pack("<4s5I", b"WMAP", 77, 2, 5, 0, 0)
    body = struct.pack("<2Q", 0x0123456789ABCDEF, 1) + struct.pack("<2H2H2h", 1, 65535, 2, 3, 4, -1)
    read = """(bytes) => {
      const points = map.readPoints(Uint8Array.from(bytes).buffer);
      const { key, count, clusters, x, y, cluster } = points;
      const ids = [map.idOf(points, 0), map.idOf(points, 1)];
      return { key, count, clusters, x: [...x], y: [...y], cluster: [...cluster], ids };
    }"""
    assert page.evaluate(read, list(header + body)) == {
        "key": 77,
        "count": 2,
        "clusters": 5,
        "x": [1, 65535],
        "y": [2, 3],
        "cluster": [4, -1],
        "ids": ["0123456789abcdef", "0000000000000001"],
    }


def test_states_are_read_from_the_servers_bytes(page: Page) -> None:
    body = struct.pack("<4s5I", b"WMST", 77, 3, 12, 9, 0) + bytes([1, 3, 4, 254, 127, 255])
    read = """(bytes) => {
      const state = map.readState(Uint8Array.from(bytes).buffer);
      return { ...state, kind: [...state.kind], probability: [...state.probability].map(map.probabilityOf) };
    }"""
    told = page.evaluate(read, list(body))
    assert told == {"key": 77, "seq": 12, "version": 9, "kind": [1, 3, 4], "probability": [1, 0.5, None]}


def test_other_bytes_are_refused(page: Page) -> None:
    read = """(bytes) => {
      try { map.readPoints(Uint8Array.from(bytes).buffer); } catch (error) { return error.message; }
    }"""
    assert "reload the page" in page.evaluate(read, list(b"not a map, but long enough to be one"))
    assert "reload the page" in page.evaluate(read, [1, 2, 3])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, PLANE), st.integers(0, PLANE), st.floats(0.2, 9), st.integers(-300, 300), st.integers(-300, 300))
def test_a_place_comes_back_from_its_pixel(page: Page, x: int, y: int, factor: float, dx: int, dy: int) -> None:
    there = """([x, y, factor, dx, dy]) => {
      const view = new map.Viewport();
      view.resize(800, 600);
      view.fit();
      view.panBy(dx, dy);
      const before = view.placeAt([300, 200]);
      view.zoomBy(factor, [300, 200]);
      return [view.placeAt(view.pixelOf([x, y])), before, view.placeAt([300, 200])];
    }"""
    place, before, after = page.evaluate(there, [x, y, factor, dx, dy])
    assert place == pytest.approx([x, y], abs=1e-6)
    if dx == dy == 0 and factor >= 1:  # what lies under the pointer stays under it
        assert after == pytest.approx(before, abs=1e-6)


def test_the_map_cannot_be_lost(page: Page) -> None:
    pan = """() => {
      const view = new map.Viewport();
      view.resize(800, 600);
      view.fit();
      view.panBy(99999, -99999);
      const place = view.placeAt([400, 300]);
      view.zoomBy(1e9, [400, 300]);
      return [place, view.zoom];
    }"""
    assert page.evaluate(pan) == [[0, PLANE], pytest.approx(60)]


@st.composite
def polygons(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Three to eight corners; off the grid of the points, so that none lies on an edge."""
    corner = st.tuples(st.integers(-3, 33), st.integers(-3, 33))
    return [(x + 0.37, y + 0.41) for x, y in draw(st.lists(corner, min_size=3, max_size=8))]


def _is_inside(corners: list[tuple[float, float]], x: float, y: float) -> bool:
    """By the number of edges right of the point, edge by edge as the definition says."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if min(y1, y2) <= y < max(y1, y2):
            crossings += x1 + (y - y1) * (x2 - x1) / (y2 - y1) > x
    return crossings % 2 == 1


@settings(max_examples=60, deadline=None)
@given(polygons())
def test_a_lasso_takes_what_lies_inside(page: Page, corners: list[tuple[float, float]]) -> None:
    places = [(x, y) for x in range(0, 31, 2) for y in range(0, 31, 2)]
    found = page.evaluate("([places, corners]) => map.inside(pointsOf(places), corners)", [places, corners])
    assert found == [i for i, (x, y) in enumerate(places) if _is_inside(corners, x, y)]


def test_only_points_that_count_are_found(page: Page) -> None:
    ask = """() => {
      const points = pointsOf([[10, 10], [12, 10], [500, 500]]);
      const square = [[0, 0], [20, 0], [20, 20], [0, 20]];
      const isOdd = (i) => i % 2 === 1;
      const near = [map.nearest(points, [10, 10], 50), map.nearest(points, [10, 10], 50, isOdd)];
      return [map.inside(points, square, isOdd), ...near, map.nearest(points, [200, 200], 50)];
    }"""
    assert page.evaluate(ask) == [[1], 0, 1, -1]


LOOK = """([kinds, probability, clusters, colouring]) => {
  const palette = new map.Palette();
  const points = pointsOf(kinds.map((_, i) => [i, i]), clusters);
  const hues = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
  const look = map.lookOf(points, stateOf(kinds, probability), colouring, palette, hues);
  const names = ["negative", "positive", "open", "faint", "cluster-0", "cluster-1", "skipped"];
  const nameOf = (pixel) => names.find((name) => palette.pixel(name) === pixel) ?? "other";
  return { colours: [...look.colours].map(nameOf), signs: [...look.signs], order: [...look.order] };
}"""


def test_labels_have_a_colour_and_a_sign_and_lie_over_the_open(page: Page) -> None:
    look = page.evaluate(LOOK, [[1, 3, 0, 4, 2], [255] * 5, [0] * 5, "label"])
    assert look["colours"] == ["positive", "open", "negative", "faint", "skipped"]
    assert look["signs"] == [1, 0, 2, 4, 3]
    assert look["order"] == [3, 1, 4, 2, 0]


def test_probabilities_run_from_one_colour_to_the_other(page: Page) -> None:
    look = page.evaluate(LOOK, [[1, 3, 3, 3], [0, 254, 255, 100], [0] * 4, "probability"])
    assert look["colours"] == ["negative", "positive", "faint", "other"]
    assert look["signs"] == [0, 0, 0, 0]


def test_clusters_have_their_hues(page: Page) -> None:
    look = page.evaluate(LOOK, [[3, 1, 3, 4], [255] * 4, [0, 1, -1, 1], "cluster"])
    assert look["colours"] == ["cluster-0", "cluster-1", "faint", "faint"]


def test_near_clusters_get_different_hues(page: Page) -> None:
    middles = [{"x": 100 * (i % 8), "y": 10_000 * (i // 8), "size": 100 - i} for i in range(16)]
    hues = page.evaluate("(middles) => [...map.huesOf(middles)]", middles)
    assert sorted(hues[:8]) == sorted(hues[8:]) == list(range(8))


PAINT = """([places, selected]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 100, height: 80 });
  const view = new map.Viewport();
  view.resize(100, 80);
  Object.assign(view, { scale: 1, x: 0, y: 0 });
  const n = places.length;
  const red = 0xff0000ff, white = 0xffffffff;
  const order = Uint32Array.from(places, (_, i) => i);
  const look = { colours: new Uint32Array(n).fill(red), signs: new Uint8Array(n), order, ring: white };
  const painter = new map.PointPainter(canvas);
  const isSelected = Uint8Array.from(selected);
  painter.paint(pointsOf(places), look, view, { isSelected, density: 1, isMoving: false });
  return [...canvas.getContext("2d").getImageData(0, 0, 100, 80).data];
}"""


def painted(page: Page, places: list[list[int]], selected: list[int]) -> np.ndarray:
    return np.array(page.evaluate(PAINT, [places, selected]), np.uint8).reshape(80, 100, 4)


def test_points_are_painted_where_they_lie(page: Page) -> None:
    pixels = painted(page, [[50, 30]], [0])
    rows, columns = np.nonzero(pixels[..., 3])
    assert (rows.mean(), columns.mean()) == (30, 50)
    assert pixels[30, 50].tolist() == [255, 0, 0, 255]


def test_the_chosen_have_a_ring(page: Page) -> None:
    is_white = (painted(page, [[50, 30]], [1]) == 255).all(axis=2)
    assert is_white.sum() > 8
    assert not is_white[30, 50]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20))
def test_no_point_is_painted_across_the_edge(page: Page, places: list[tuple[int, int]]) -> None:
    """A sign written past the right edge would come in again on the left."""
    pixels = painted(page, [list(place) for place in places], [1] * len(places))
    for y, x in zip(*np.nonzero(pixels[..., 3]), strict=True):
        assert min(max(abs(x - px), abs(y - py)) for px, py in places) <= 20


def test_a_choice_shows_open_and_probable_first(page: Page) -> None:
    ask = """() => {
      const state = stateOf([3, 1, 3, 3, 0, 5], [10, 250, 200, 255, 3, 0]);
      const choice = new map.Choice();
      choice.take([0, 1, 2, 3, 4, 5], state, false);
      choice.toggle(2);
      return [choice.places, choice.labellable(state), choice.judged(state), choice.words(state)];
    }"""
    assert page.evaluate(ask) == [
        [2, 0, 3, 1, 4, 5],
        [0, 3],
        [1, 4],
        "6 chosen: 3 open (1 left out), 2 judged, 1 labelled by the model",
    ]


def test_a_choice_added_to_keeps_what_was_left_out(page: Page) -> None:
    ask = """() => {
      const state = stateOf([3, 3, 3]);
      const choice = new map.Choice();
      choice.take([0, 1], state, false);
      choice.toggle(1);
      choice.take([1, 2], state, true);
      const added = choice.labellable(state);
      choice.take([1], state, false);
      return [added, choice.labellable(state)];
    }"""
    assert page.evaluate(ask) == [[0, 2], [1]]


def test_pictures_come_in_pages(page: Page) -> None:
    ask = """() => {
      const choice = new map.Choice();
      const kinds = new Array(50).fill(3);
      choice.take(kinds.map((_, i) => i), stateOf(kinds), false);
      const first = choice.shown.length;
      const turned = [choice.turnPage(-1), choice.turnPage(1), choice.turnPage(1), choice.turnPage(1)];
      return [first, choice.pages, turned, choice.shown];
    }"""
    assert page.evaluate(ask) == [24, 3, [False, True, True, False], [48, 49]]


WISH = """(press) => {
  const actions = [["a", "negative"], ["d", "positive"], ["k", "positive"], ["ArrowRight", "positive"]];
  const more = [["Backspace", "undo"], ["Space", "skip"]];
  return map.wishOf({ key: "", shiftKey: false, repeat: false, ...press }, new Map([...actions, ...more]));
}"""


@pytest.mark.parametrize(
    ("press", "wish"),
    [
        ({"key": "ArrowRight"}, {"action": "move", "value": [12, 0]}),
        ({"key": "ArrowUp", "shiftKey": True}, {"action": "move", "value": [0, -72]}),
        ({"key": "Enter"}, {"action": "corner"}),
        ({"key": "C", "shiftKey": True}, {"action": "close", "value": True}),
        ({"key": "k"}, {"action": "cluster", "value": False}),
        ({"key": "d"}, {"action": "positive"}),
        ({"key": "d", "repeat": True}, None),
        ({"key": "ArrowRight", "repeat": True}, {"action": "move", "value": [12, 0]}),
        ({"key": "Backspace"}, {"action": "undo"}),
        ({"key": " "}, None),
        ({"key": "x"}, None),
    ],
)
def test_keys_mean_what_the_table_says(page: Page, press: dict[str, Any], wish: dict[str, Any] | None) -> None:
    assert page.evaluate(WISH, press) == wish


LABELLING = """async () => {
  const { Labelling } = await import("/static/js/insight_labelling.js");
  const sent = [];
  const api = Object.assign(new EventTarget(), { annotator: "", isReachable: true, async post(path, body) {
    sent.push([path, body.way ?? "", body.items?.length ?? 0, body.items?.[0]?.label ?? null]);
    return { verdict: { strategy: "lasso" }, queue: { model: {} } };
  } });
  const state = stateOf(new Array(1200).fill(3));
  const choice = new map.Choice();
  choice.take([...state.kind.keys()], state, false);
  const said = [];
  const notices = { say: (text) => said.push(text), showRefusal: () => {} };
  const pool = { points: pointsOf(new Array(1200).fill([0, 0])), state, forget() {} };
  pool.mark = (places, label) => places.forEach((i) => (state.kind[i] = label));
  const labelling = new Labelling({ api, storage: localStorage, place: "a", map: pool, choice, notices });
  const settled = () => new Promise((done) => labelling.addEventListener("news", done, { once: true }));
  labelling.judge("positive");
  const question = labelling.question;
  labelling.judge("negative");
  labelling.drop();
  labelling.judge("negative");
  const before = [sent.length, question];
  labelling.judge("negative");
  await settled();
  labelling.judge("negative");
  labelling.takeBack();
  await settled();
  labelling.takeBack();
  await settled();
  return { before, sent, said };
}"""


def test_a_thousand_labels_go_in_presses_and_come_back_by_one_key(page: Page) -> None:
    told = page.evaluate(LABELLING)
    assert told["before"] == [0, "The same again makes all 1,200 positive."]
    batches = [["/api/verdicts/batch", "lasso", n, 0] for n in (500, 500, 200)]
    assert told["sent"] == [*batches, *[["/api/undo", "", 0, None]] * 4]
    assert told["said"] == ["1,200 negative", "None of the chosen is open", "Taken back", "Taken back"]
