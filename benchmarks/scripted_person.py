"""Real input, the whole way: features of real images, then a scripted person who knows the truth presses real keys.

    python benchmarks/scripted_person.py --verdicts 300 --screenshots docs

Labels the blowholes among the magnetic tiles and the true boxes among the coco128 proposals of ../shared (WINNOW_SHARED
names another place), with features of the small ViT there, through a real browser.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from latency import CHROMIUM_ARGUMENTS, percentiles
from playwright.sync_api import Browser, Page, sync_playwright
from serving import ROOT, serve_winnow

sys.path.insert(0, str(ROOT))
from winnow.pool import open_pool

SHARED = Path(os.environ.get("WINNOW_SHARED", ROOT.parent / "shared"))
DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Task:
    name: str
    source: Path  # a CSV with a path column, and boxes where the items are boxes
    is_positive: Callable[[dict[str, str]], bool]


TASKS = [
    Task("blowholes", SHARED / "data/magnetic_tile/labels.csv", lambda row: row["class"] == "blowhole"),
    Task("coco128", SHARED / "data/coco128/proposals.csv", lambda row: row["truth"] == "1"),
]


def prepare(task: Task, folder: Path) -> dict[str, bool]:
    """Refs and features in `folder`; answers item id -> truth."""
    with open(task.source, newline="") as file:
        rows = list(csv.DictReader(file))
    # Whole images go without their class, which would give the answer away.
    columns = ["path", "x1", "y1", "x2", "y2", "class", "score"] if "x1" in rows[0] else ["path"]
    (folder / "data").symlink_to(task.source.parent)
    refs = folder / "refs.csv"
    with open(refs, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([f"data/{row['path']}", *(row[name] for name in columns[1:])] for row in rows)
    model = str(SHARED / "models/vit-tiny-imagenet")
    command = [sys.executable, "compute_features.py", "--refs", str(refs), "--model", model, "--context", "0.1"]
    subprocess.run(command, cwd=ROOT, check=True)
    pool = open_pool(refs)
    return {pool.item(row).id: task.is_positive(source) for row, source in enumerate(rows)}


def label(page: Page, truth: dict[str, bool], verdicts: int) -> int:
    """Judge what is on screen, as it is on screen; answers how many positives were found."""
    frame = page.locator("#frame")
    found = 0
    for done in range(verdicts):
        page.wait_for_selector("#frame[data-item]:not([data-item=''])")
        item_id = frame.get_attribute("data-item")
        assert item_id is not None
        found += truth[item_id]
        page.keyboard.press("d" if truth[item_id] else "a")
        page.wait_for_timeout(60)
        if (done + 1) % 100 == 0:
            print(f"  {done + 1} verdicts, {found} positives", flush=True)
    return found


def run(task: Task, browser: Browser, verdicts: int, screenshots: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / task.name
        folder.mkdir()
        truth = prepare(task, folder)
        served = serve_winnow(folder, refs="refs.csv")
        try:
            page = browser.new_page(viewport=DESKTOP)
            page.goto(served.url)
            found = label(page, truth, verdicts)
            page.wait_for_timeout(1500)
            waits = page.evaluate("performance.getEntriesByName('key-to-paint').map((entry) => entry.duration)")
            share = found / sum(truth.values())
            expected = verdicts * np.mean(list(truth.values()))
            print(f"{task.name}: {verdicts} verdicts, {found} positives = {share:.0%} of all; random: {expected:.0f}")
            print(f"  key to paint {percentiles(waits)}", flush=True)
            if screenshots:
                take_screenshots(browser, page, served.url, screenshots, task.name)
        finally:
            served.stop()


def take_screenshots(browser: Browser, page: Page, url: str, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"label-{name}.png")
    page.goto(f"{url}/review")
    page.get_by_text("Most suspicious first").click()
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / f"review-{name}.png")
    page.close()
    phone = browser.new_page(viewport=PHONE, color_scheme="dark", has_touch=True)
    phone.goto(url)
    phone.wait_for_timeout(1500)
    phone.screenshot(path=folder / f"phone-{name}.png")
    phone.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=300)
    parser.add_argument("--screenshots", type=Path, help="a folder to keep pictures in")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="default: the chromium on PATH")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_ARGUMENTS)
        for task in TASKS:
            run(task, browser, options.verdicts, options.screenshots)


if __name__ == "__main__":
    main()
