"""A pool of proposals on drawn images: nested, tiny, huge and repeated boxes of three classes, with scores."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240
# class, score, box
PROPOSALS = [
    ("dog", 0.91, (40, 40, 120, 120)),
    ("dog", 0.42, (42, 41, 121, 122)),  # the same dog again
    ("cat", 0.77, (180, 60, 260, 150)),
    ("cat", 0.17, (200, 80, 240, 130)),  # inside the cat
    ("bird", 0.08, (300, 10, 304, 14)),  # tiny
    ("bird", 0.55, (0, 180, 60, 240)),  # at the edge
]


def draw_proposals(folder: Path, n: int = 8) -> Path:
    """n images with PROPOSALS on each, a little moved from image to image. Answers the refs."""
    rng = np.random.default_rng(1)
    lines, features = ["path,x1,y1,x2,y2,class,score,source"], []
    (folder / "photos").mkdir()
    for i in range(n):
        ground = np.clip(rng.normal(120, 12, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
        image = Image.fromarray(ground)
        draw = ImageDraw.Draw(image)
        draw.ellipse((40 + i, 40, 120 + i, 120), fill=(190, 90, 60))
        draw.rectangle((180, 60, 260, 150), fill=(60, 90, 170))
        draw.polygon([(0, 240), (30, 180), (60, 240)], fill=(90, 160, 80))
        image.save(folder / "photos" / f"{i:02d}.png")
        for name, score, (x1, y1, x2, y2) in PROPOSALS:
            shift = i if name == "dog" else 0
            lines.append(f"photos/{i:02d}.png,{x1 + shift},{y1},{x2 + shift},{y2},{name},{score},drawn")
            features.append([*rng.normal(0, 0.1, 5), score, float(name == "dog"), float(name == "cat")])
    (folder / "refs.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "features.npy", np.array(features, dtype=np.float32))
    return folder / "refs.csv"
