"""What a middling detector would have found on the demo's tiles, made from their truth: something to correct."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from winnow.demo_pool import DEFECTS, SIZE
from winnow.files import write_atomically
from winnow.masks.rle import Rle, encode
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.round_files import proposals_path

SOURCE = "demo detector"
# kind of finding -> its share of the defects; the rest are missed
SHARES = {"good": 0.6, "shifted": 0.2, "wrong_class": 0.1}
_HEADER = "path,x1,y1,x2,y2,class,score,source\n"

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Finding:
    """One proposal; its mask is the truth's, moved as the box is, or none for what is not there."""

    path: str
    box_xyxy: Box
    class_name: str
    score: float
    mask: Rle | None


def make_demo_proposals(folder: Path, *, seed: int = 0) -> Path:
    """Write proposals-0001.csv and its masks beside the demo's refs, once; answers the file.

    Most defects are found well, some beside their place or as another class, one in ten not at all, and half as many
    findings lie on tiles that are clean.
    """
    out = proposals_path(folder, 1)
    if out.exists():
        return out
    found = [*_findings(folder, np.random.default_rng(seed))]
    lines = [
        f"{one.path},{','.join(map(str, one.box_xyxy))},{one.class_name},{one.score:.2f},{SOURCE}\n" for one in found
    ]
    masks = [mask_line(row, one.mask) for row, one in enumerate(found) if one.mask]
    write_atomically(sidecar_path(out), "".join(masks).encode())
    write_atomically(out, (_HEADER + "".join(lines)).encode())
    return out


def _findings(folder: Path, rng: np.random.Generator) -> Iterator[Finding]:
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clean = [row["path"] for row in rows if row["label"] == "0"]
    for row in rows:
        if row["label"] == "1":
            kind = str(rng.choice([*SHARES, "missed"], p=[*SHARES.values(), 1 - sum(SHARES.values())]))
            if kind != "missed":
                yield _found(row, np.asarray(Image.open(folder / row["mask"])).astype(bool), kind, rng)
    for place in sorted(rng.choice(len(clean), size=min(len(clean), (len(rows) - len(clean)) // 2), replace=False)):
        yield _false(clean[place], rng)


def _found(row: dict[str, str], mask: np.ndarray, kind: str, rng: np.random.Generator) -> Finding:
    x1, y1, x2, y2 = (int(row[corner]) for corner in ("x1", "y1", "x2", "y2"))
    reach = max(2, round(0.35 * min(x2 - x1, y2 - y1))) if kind == "shifted" else 1
    dx = int(np.clip(rng.choice([-reach, reach]), -x1, SIZE - x2))
    dy = int(np.clip(rng.choice([-reach, reach]), -y1, SIZE - y2))
    moved = np.roll(mask, (dy, dx), (0, 1))
    others = [name for name in DEFECTS if name != row["class"]]
    name = others[rng.integers(len(others))] if kind == "wrong_class" else row["class"]
    score = rng.uniform(0.55, 0.97) if kind == "good" else rng.uniform(0.3, 0.75)
    return Finding(row["path"], (x1 + dx, y1 + dy, x2 + dx, y2 + dy), name, float(score), encode(moved))


def _false(path: str, rng: np.random.Generator) -> Finding:
    width, height = rng.integers(10, 40, 2)
    x1, y1 = int(rng.integers(0, SIZE - width)), int(rng.integers(0, SIZE - height))
    name = list(DEFECTS)[rng.integers(len(DEFECTS))]
    return Finding(path, (x1, y1, x1 + int(width), y1 + int(height)), name, float(rng.uniform(0.25, 0.6)), None)
