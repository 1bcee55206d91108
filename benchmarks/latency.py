"""Speed as a user has it: start, verdicts over HTTP, key press to painted image, at 1 thousand to 1 million items.

    python benchmarks/latency.py --sizes 1000 100000 1000000
    python benchmarks/latency.py --peer CHECKOUT --peer-python PYTHON     # side by side with the tool before Winnow

CHECKOUT is franchesoni/image-active-learning at commit 69ee47c, PYTHON an interpreter that has its requirements. Every
size is measured on the same pool for both, one after the other in one run. Key to paint is, for both, from the key
event's time stamp to the first task after the animation frame that shows the next image.
"""

import argparse
import itertools
import shutil
import tempfile
import time
import uuid
from pathlib import Path

import httpx2
import numpy as np
from big_pool import make_pool
from playwright.sync_api import Browser, Page, sync_playwright
from serving import Served, serve_peer, serve_winnow

VERDICTS = 300
KEYS = 300
PEER_KEYS = 60
KEY_GAP_S = (0.1, 0.3)  # drawn at random: people are no metronomes, and quicker than most of them judge
PEER_KEY_INTERVAL_S = 0.6  # it drops a key within 500 ms of the last
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The peer loads a new page for every verdict: the key's time goes along in the session storage.
PEER_CLOCK = """
addEventListener('keydown', (event) => {
  sessionStorage.setItem('pressed', performance.timeOrigin + event.timeStamp);
}, true);
addEventListener('load', () => requestAnimationFrame(() => setTimeout(() => {
  const pressed = sessionStorage.getItem('pressed');
  if (pressed) {
    const waits = JSON.parse(sessionStorage.getItem('waits') || '[]');
    waits.push(performance.timeOrigin + performance.now() - Number(pressed));
    sessionStorage.setItem('waits', JSON.stringify(waits));
    sessionStorage.removeItem('pressed');
  }
})));
"""


def percentiles(values_ms: list[float]) -> str:
    p50, p95, p99 = np.percentile(values_ms, [50, 95, 99])
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, max {max(values_ms):.1f} ms (n = {len(values_ms)})"


def post_verdicts(url: str, is_positive: np.ndarray) -> list[float]:
    """Milliseconds of each POST /api/verdicts, back to back, so that the learner never rests."""
    waits = []
    with httpx2.Client(base_url=url, timeout=60) as client:
        queue = client.get("/api/queue?n=8").json()["items"]
        for _ in range(VERDICTS):
            item = queue[0]
            body = {"item_id": item["id"], "label": int(is_positive[item["index"]]), "key": str(uuid.uuid4())}
            started = time.perf_counter()
            response = client.post("/api/verdicts", json=body)
            waits.append(1000 * (time.perf_counter() - started))
            response.raise_for_status()
            queue = response.json()["queue"]["items"]
    return waits


def press_winnow(browser: Browser, url: str) -> list[float]:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(url)
    page.locator("main img").first.wait_for()
    page.wait_for_timeout(1000)
    _press(page, itertools.cycle(["a", "a", "a", "d"]), KEYS, np.random.default_rng(0))
    page.wait_for_timeout(500)
    waits = page.evaluate("performance.getEntriesByName('key-to-paint').map((entry) => entry.duration)")
    page.close()
    return waits


def press_peer(browser: Browser, url: str) -> list[float]:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.add_init_script(PEER_CLOCK)
    page.goto(url)
    waits: list[float] = []
    for key in itertools.islice(itertools.cycle(["a", "a", "a", "d"]), PEER_KEYS):
        page.keyboard.press(key)
        page.wait_for_timeout(1000 * PEER_KEY_INTERVAL_S)
        page.wait_for_function("!sessionStorage.getItem('pressed')", timeout=60_000)
    waits = page.evaluate("JSON.parse(sessionStorage.getItem('waits') || '[]')")
    page.close()
    return waits


def _press(page: Page, keys: itertools.cycle, count: int, rng: np.random.Generator) -> None:
    """Keys at a pace of their own, whatever the page does."""
    due = time.perf_counter()
    for key in itertools.islice(keys, count):
        page.keyboard.press(key)
        due += rng.uniform(*KEY_GAP_S)
        time.sleep(max(0.0, due - time.perf_counter()))


def measure_winnow(browser: Browser, folder: Path) -> None:
    is_positive = np.load(folder / "is_positive.npy")
    matrix_mb = (folder / "features.npy").stat().st_size / 1e6
    serve_winnow(folder).stop()  # the first start indexes the pool
    served = serve_winnow(folder)
    try:
        _tell("Winnow", "start, pool indexed", f"health {served.health_s:.2f} s, queue {served.queue_s:.2f} s")
        _tell_memory("Winnow", "memory at start", served, matrix_mb)
        _tell("Winnow", "POST /api/verdicts", percentiles(post_verdicts(served.url, is_positive)))
        _tell("Winnow", "key to paint", percentiles(press_winnow(browser, served.url)))
        _tell_memory("Winnow", f"memory after {VERDICTS + KEYS} verdicts", served, matrix_mb)
    finally:
        served.stop()


def measure_peer(browser: Browser, folder: Path, checkout: Path, python: str) -> None:
    matrix_mb = (folder / "features.npy").stat().st_size / 1e6
    served = serve_peer(folder, checkout, python)
    try:
        _tell("peer", "start", f"first page {served.queue_s:.2f} s")
        waits = press_peer(browser, served.url)
        _tell("peer", "key to paint", percentiles(waits) + f", {PEER_KEYS - len(waits)} keys without a new page")
        _tell_memory("peer", f"memory after {PEER_KEYS} verdicts", served, matrix_mb)
    finally:
        served.stop()


def _tell_memory(name: str, what: str, served: Served, matrix_mb: float) -> None:
    total, without = served.memory_mb()
    detail = f"{total:,.0f} MB resident = {total / matrix_mb:.2f} × matrix; {without:,.0f} MB without its pages"
    _tell(name, what, detail)


def _tell(name: str, what: str, result: str) -> None:
    print(f"| {name} | {what} | {result} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--peer", type=Path, help="a checkout of the tool before Winnow")
    parser.add_argument("--peer-python", help="an interpreter with its requirements")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="default: the chromium on PATH")
    options = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_ARGUMENTS)
        for n in options.sizes:
            pool = Path(folder) / str(n)
            make_pool(pool, n)
            print(f"\n## {n:,} items\n\n| tool | what | result |\n|---|---|---|", flush=True)
            measure_winnow(browser, pool)
            if options.peer:
                measure_peer(browser, pool, options.peer.resolve(), options.peer_python)
            shutil.rmtree(pool)


if __name__ == "__main__":
    main()
