"""A pool of proposals that a detector learns something from in a second, with a verdict on each."""

from pathlib import Path
from typing import Any

import numpy as np
from browser_helpers import Server
from PIL import Image

SIDE = 64


def draw_shapes(folder: Path, n: int = 20) -> Path:
    """n images with a bright square (`square`) and a proposal beside it on nothing. Answers the refs."""
    rng = np.random.default_rng(3)
    lines, features = ["path,x1,y1,x2,y2,class,score,source"], []
    for i in range(n):
        pixels = rng.integers(90, 160, (SIDE, SIDE, 3), np.uint8)
        x, y = (int(value) for value in rng.integers(2, 12, 2))
        pixels[y : y + 24, x : x + 24] = (250, 240, 90)
        Image.fromarray(pixels).save(folder / f"shape{i:02}.png")
        score = 0.55 + 0.02 * i
        lines.append(f"shape{i:02}.png,{x},{y},{x + 24},{y + 24},square,{score:.2f},drawn")
        lines.append(f"shape{i:02}.png,44,44,60,60,square,{1 - score:.2f},drawn")
        features += [[1.0, score, *rng.normal(0, 0.1, 3)], [0.0, 1 - score, *rng.normal(0, 0.1, 3)]]
    (folder / "refs.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "features.npy", np.array(features, dtype=np.float32))
    return folder / "refs.csv"


def judge_images(server: Server, n: int, *, prefix: str = "judge") -> None:
    """Judge both proposals of so many images truthfully, through the HTTP API."""
    items = sorted(server.get("/api/queue?n=200")["items"], key=lambda item: item["index"])
    paths = sorted({item["path"] for item in items})[:n]
    for item in items:
        if item["path"] in paths:
            body: dict[str, Any] = {"item_id": item["id"], "key": f"{prefix}-{item['index']}", "elapsed_ms": 700}
            is_true = item["index"] % 2 == 0
            reason = {} if is_true else {"reason": "background"}
            server.send("POST", "/api/verdicts", {**body, "label": int(is_true), **reason})
