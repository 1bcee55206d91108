"""Corrections as a person makes them: real pages in a real browser, the tiny SAM, the record on disk.

    python benchmarks/corrections.py --screenshots /tmp/screenshots
    python benchmarks/corrections.py --only masks --weights other.safetensors

masks: on 20 magnetic tiles a box is drawn around each true defect with the mouse; the time from mouse-up to the painted
mask once the image is set, and the IoU of mask and truth. record: on 30 images of nuclei somebody who knows the truth
accepts a prediction, rejects it, or moves, deletes and draws boxes, by keys and mouse, on the Results page and the
Correct page; then `python -m winnow results` must say object by object what was done.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from correct_page import CorrectPage, until
from latency import CHROMIUM_ARGUMENTS, percentiles
from nuclei_rule import Case, expected_record, make_case, recorded
from playwright.sync_api import Page, sync_playwright
from serving import ROOT, Served, serve_winnow
from shared_truth import Picture, defects, iou, nuclei

sys.path.insert(0, str(ROOT))
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.masks.rle import decode, from_json
from winnow.pool import open_pool
from winnow.pool.identity import item_id_of

N_TILES, N_NUCLEI = 20, 30
MOST_NUCLEI = 25  # on an image
VIEWPORT = {"width": 1366, "height": 768}
HEADER = "path,x1,y1,x2,y2,class,score,source\n"


def make_pool(folder: Path, images: list[Path], lines: list[str]) -> None:
    folder.mkdir()
    for image in images:
        (folder / image.name).symlink_to(image)
    (folder / "refs.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))
    extract(open_pool(folder / "refs.csv"), folder / "features.npy", EncoderOptions("classic"))


def serve(folder: Path, weights: Path | None) -> Served:
    (folder / "workspace" / "weights").mkdir(parents=True)
    if weights:
        shutil.copy(weights, folder / "workspace" / "weights" / "tiny_sam_given.safetensors")
    return serve_winnow(folder, refs="refs.csv")


def spread(pictures: list[Picture], n: int) -> list[Picture]:
    """n of them, evenly spread."""
    return [pictures[place] for place in np.linspace(0, len(pictures) - 1, n).astype(int)]


# --- masks


def measure_masks(page: Page, folder: Path, data: Path, weights: Path | None, screenshots: Path | None) -> None:
    pictures = spread(list(defects(data)), N_TILES)
    # An unlikely proposal in a corner, so that there is a prediction to correct: below the page's score, so background.
    make_pool(folder, [p.path for p in pictures], [f"{p.path.name},0,0,8,8,{p.class_name},0.05,made" for p in pictures])
    served = serve(folder, weights)
    try:
        with httpx2.Client(base_url=served.url, timeout=60) as client:
            figures = [_mask_image(page, client, picture, screenshots) for picture in pictures]
    finally:
        served.stop()
    waits, server_ms, masks, boxes = (np.concatenate(column) for column in zip(*figures, strict=True))
    print(f"| mouse-up to painted mask | {percentiles(waits.tolist())} |")
    print(f"| of that the segmenter | {percentiles(server_ms.tolist())} |")
    print(
        f"| IoU with the truth | mean {masks.mean():.3f}, median {np.median(masks):.3f}; "
        f"the box itself {boxes.mean():.3f} |"
    )


def _mask_image(
    page: Page, client: httpx2.Client, picture: Picture, screenshots: Path | None
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Waits and segmenter's times in ms, IoU of the masks and of the boxes, one a defect."""
    item_id = item_id_of(picture.path.name, (0.0, 0.0, 8.0, 8.0))
    prepared = {"item_ids": [item_id]}
    until(lambda: client.post("/api/masks/prepare", json=prepared).json()["states"][item_id] == "ready", "an embedding")
    page.goto(f"{client.base_url}/correct?image={item_id}")
    hand = CorrectPage(page, client)
    hand.take(item_id)
    page.locator("#classes button", has_text=picture.class_name).click()
    for n, box in enumerate(picture.boxes, 1):
        hand.draw(box)
        until(lambda n=n: len(_measured(page)) == n, "a mask")
    if screenshots:
        page.screenshot(path=screenshots / f"{picture.class_name}-{picture.path.stem}.png")
    entries = _measured(page)
    page.keyboard.press("a")
    until(lambda: client.get(f"/api/results/{item_id}").json()["status"] == "corrected", "the saved image")
    objects = client.get(f"/api/results/{item_id}").json()["objects"]
    found = [decode(from_json(one["mask"])) for one in objects if one["mask"]]
    masks = [max((iou(mask, truth) for mask in found), default=0.0) for truth in picture.masks]
    boxes = [
        truth.sum() / ((b[2] - b[0]) * (b[3] - b[1])) for truth, b in zip(picture.masks, picture.boxes, strict=True)
    ]
    return [one[0] for one in entries], [one[1] for one in entries], masks, boxes


def _measured(page: Page) -> list[list[float]]:
    """Duration and the segmenter's part of each mask so far, in ms."""
    return page.evaluate("performance.getEntriesByName('winnow.mask').map((e) => [e.duration, e.detail.server_ms])")


# --- record


def measure_record(page: Page, folder: Path, data: Path, screenshots: Path | None) -> None:
    rng = np.random.default_rng(0)
    few = [p for p in nuclei(data) if len(p.masks) <= MOST_NUCLEI and len(set(p.boxes)) == len(p.boxes)]
    cases = [make_case(picture, number, rng) for number, picture in enumerate(spread(few, N_NUCLEI))]
    make_pool(folder, [c.picture.path for c in cases], [line for case in cases for line in case.lines()])
    served = serve(folder, None)
    try:
        with httpx2.Client(base_url=served.url, timeout=60) as client:
            client.put(
                "/api/masks", json={"model": "none"}
            ).raise_for_status()  # a mask's box would take the drawn one's place
            for number, case in enumerate(cases):
                _do(page, client, case, number, screenshots)
    finally:
        served.stop()
    records = _written_records(folder)
    wrong = [case.name for case in cases if recorded(records[case.name]) != expected_record(case)]
    counts = {what: sum(case.decision == what for case in cases) for what in ("accept", "refine", "reject")}
    n_objects = sum(len(expected_record(case)["objects"]) for case in cases)
    n_done = {
        what: sum(len(getattr(case, what)) for case in cases if case.decision == "refine")
        for what in ("moves", "deletions", "additions")
    }
    print(f"| images | {counts}, {n_done} |")
    print(
        f"| record on disk equals what was done | {len(cases) - len(wrong)} of {len(cases)} images, "
        f"{n_objects} objects |"
    )
    if wrong:
        for case in cases:
            if case.name in wrong:
                print(f"{case.name}: done {expected_record(case)}, recorded {recorded(records[case.name])}")
        raise SystemExit("Records are not what was done.")


def _do(page: Page, client: httpx2.Client, case: Case, number: int, screenshots: Path | None) -> None:
    """Every second image by way of the Results page."""
    item_id = case.items[0]
    if number % 2 and case.decision != "refine":
        page.goto(f"{client.base_url}/results?status=all&image={item_id}")
        until(lambda: page.locator("#path").text_content() == case.name, f"{case.name} on the results page")
        page.wait_for_load_state("networkidle")
        page.keyboard.press({"accept": "ArrowRight", "reject": "r"}[case.decision])
    else:
        if number % 2:
            page.goto(f"{client.base_url}/results?status=all&image={item_id}")
            until(lambda: page.locator("#path").text_content() == case.name, f"{case.name} on the results page")
            page.keyboard.press("e")
            page.wait_for_url("**/correct?**")
        else:
            page.goto(f"{client.base_url}/correct?image={item_id}")
        hand = CorrectPage(page, client)
        hand.take(item_id)
        _refine(hand, case)
        if screenshots:
            page.screenshot(path=screenshots / f"nuclei-{number:02d}-{case.decision}.png")
        page.keyboard.press("r" if case.decision == "reject" else "a")
    until(lambda: client.get(f"/api/results/{item_id}").json()["status"] != "open", f"{case.name} saved")


def _refine(hand: CorrectPage, case: Case) -> None:
    if case.decision != "refine":
        return
    for place, (box, by) in enumerate(case.moves):
        if place % 2 or not hand.move_by_mouse(box, by):
            hand.move_by_keys(box, by)
    for box in case.deletions:
        hand.delete(box)
    for box in case.additions:
        hand.draw(box)


def _written_records(folder: Path) -> dict[str, Any]:
    """What `python -m winnow results` wrote, by path."""
    environment = {**os.environ, "WINNOW_REFS": str(folder / "refs.csv")}
    command = [sys.executable, "-m", "winnow", "results", "--out", str(folder / "results"), "--no-overlays"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    index = json.loads((folder / "results" / "index.json").read_text())
    return {one["path"]: json.loads((folder / "results" / one["record"]).read_text()) for one in index["images"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["masks", "record"])
    parser.add_argument("--weights", type=Path, help="of a tiny SAM; default: those that come with Winnow")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="default: the chromium on PATH")
    options = parser.parse_args()
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_ARGUMENTS)
        if options.only != "record":
            page = browser.new_page(viewport=VIEWPORT)
            measure_masks(page, Path(folder) / "tiles", options.data, options.weights, options.screenshots)
        if options.only != "masks":
            page = browser.new_page(viewport=VIEWPORT)
            measure_record(page, Path(folder) / "nuclei", options.data, options.screenshots)


if __name__ == "__main__":
    main()
