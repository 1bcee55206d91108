"""A scripted person who knows the truth: judges proposals image by image over HTTP, and boxes what was missed."""

import csv
import sys
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.pool.boxes import Box, iou

GOOD_IOU, NEAR_IOU = 0.5, 0.1
Truth = dict[str, list[tuple[Box, str]]]  # image path -> its boxes with their classes


def read_truth(table: Path) -> Truth:
    """The boxes of a ground-truth CSV with path, x1, y1, x2, y2, class."""
    truth: Truth = defaultdict(list)
    with table.open() as file:
        for row in csv.DictReader(file):
            x1, y1, x2, y2 = (float(row[side]) for side in ("x1", "y1", "x2", "y2"))
            if x2 > x1 and y2 > y1:  # one box of bccd has no area
                truth[row["path"]].append(((x1, y1, x2, y2), row["class"]))
    return dict(truth)


@dataclass
class Person:
    """Judges the proposals of the filter in force, and keeps count.

    A proposal that overlaps a free true box of its class by IoU 0.5 or more is accepted, else rejected with the reason
    that a person would see; then the boxes still missing are drawn and the image is completed.
    """

    url: str
    truth: Truth
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def review_image(self, path: str) -> None:
        """Judge every proposal of one image, box what is missing, complete it."""
        self.call("PUT", "/api/filter", {"images": [path]})
        items = self.open_items()
        free = list(self.truth.get(path, []))
        bad = []
        for item in sorted(items, key=lambda item: -(item["score"] or 0)):
            answer = self.answer_of(item, free, self.truth.get(path, []))
            self.judge(item, answer)
            if answer.get("reason") == "bad_box":
                bad.append(item)
        any_item = items[0]["id"] if items else None
        if any_item is None:
            return
        for box, name in free:
            near = next((item for item in bad if iou(tuple(item["box_xyxy"]), box) >= NEAR_IOU), None)
            if near:
                bad.remove(near)
            self.draw(near["id"] if near else any_item, box, name, is_replaced=near is not None)
        self.call("POST", f"/api/images/{any_item}/complete", {"key": str(uuid.uuid4())})

    def open_items(self) -> list[dict[str, Any]]:
        return self.call("GET", "/api/queue?n=200")["items"]

    def answer_of(self, item: dict[str, Any], free: list, every: list) -> dict[str, Any]:
        """The verdict on one proposal; takes the true box it stands for out of `free`."""
        box = tuple(item["box_xyxy"])
        best = max(free, key=lambda pair: iou(box, pair[0]) + (pair[1] == item["class_name"]), default=None)
        if best and iou(box, best[0]) >= GOOD_IOU:
            free.remove(best)
            if best[1] == item["class_name"]:
                return {"label": 1}
            return {"label": 0, "reason": "wrong_class", "class_name": best[1]}
        if any(iou(box, other) >= GOOD_IOU for other, _ in every):
            return {"label": 0, "reason": "duplicate"}
        if any(iou(box, other) >= 0.3 for other, _ in free):
            return {"label": 0, "reason": "bad_box"}
        return {"label": 0, "reason": "background"}

    def judge(self, item: dict[str, Any], answer: dict[str, Any]) -> None:
        body = {"item_id": item["id"], "key": str(uuid.uuid4()), "elapsed_ms": 0, **answer}
        self.call("POST", "/api/verdicts", body)
        self.counts["accepted" if answer["label"] else answer["reason"]] += 1
        self.counts["verdicts"] += 1

    def draw(self, item_id: str, box: Box, name: str, *, is_replaced: bool) -> None:
        body = {"item_id": item_id, "box_xyxy": box, "class_name": name, "is_replaced": is_replaced}
        self.call("POST", "/api/corrections", {**body, "key": str(uuid.uuid4())})
        self.counts["corrected" if is_replaced else "missed"] += 1

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = httpx2.request(method, self.url + path, json=body, timeout=60)
        if response.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()
