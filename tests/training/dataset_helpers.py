"""A drawn set of images with proposals, and verdicts on them as a person would give them."""

from pathlib import Path

import numpy as np
from PIL import Image

from winnow.pool import Pool, open_pool
from winnow.pool.boxes import Box
from winnow.pool.identity import item_id_of
from winnow.training.truth import Truth
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, Verdict, VerdictLog

BOX = (10.0, 8.0, 30.0, 28.0)
BOX_2 = (40.0, 20.0, 60.0, 44.0)
SIZE_WH = (80, 64)


def draw_images(folder: Path, n: int, *, suffix: str = ".png") -> list[str]:
    """n grey images with a bright square at BOX and a dark one at BOX_2; answers their names."""
    rng = np.random.default_rng(0)
    names = []
    for i in range(n):
        pixels = rng.integers(100, 150, (SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
        pixels[8:28, 10:30] = (250, 200, 200)
        pixels[20:44, 40:60] = (10, 20, 60)
        names.append(f"img{i:02}{suffix}")
        Image.fromarray(pixels).save(folder / names[-1])
    return names


def write_refs(folder: Path, rows: list[str]) -> Pool:
    """The pool of proposals.csv with these rows of path,x1,y1,x2,y2,class,score,group."""
    refs = folder / "proposals.csv"
    refs.write_text("\n".join(["path,x1,y1,x2,y2,class,score,group", *rows]) + "\n")
    return open_pool(refs)


def row(path: str, box: Box = BOX, class_name: str = "cell", group: str = "") -> str:
    return f"{path},{','.join(f'{side:g}' for side in box)},{class_name},0.9,{group}"


class Person:
    """Records events in a real log and answers the truth as it stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = VerdictLog(f"sqlite:///{folder / 'winnow.db'}")
        self._n = 0

    def judge(
        self,
        path: str,
        label: int | None,
        box: Box | None = BOX,
        *,
        proposed: str | None = "cell",
        class_name: str | None = None,
        reason: str | None = None,
        replaces: str | None = None,
        kind: str = "verdict",
    ) -> Verdict:
        self._n += 1
        (verdict,) = self.log.append(
            [
                NewVerdict(
                    f"press-{self._n}",
                    item_id_of(path, box),
                    label,
                    "ana",
                    path,
                    box,
                    kind=kind,  # type: ignore[arg-type]
                    proposed_class=proposed,
                    class_name=class_name,
                    reason=reason,
                    replaces=replaces,
                )
            ]
        )
        return verdict

    def miss(self, path: str) -> Verdict:
        return self.judge(path, None, None, kind="miss", proposed=None)

    def complete(self, path: str) -> Verdict:
        return self.judge(path, None, None, kind="complete", proposed=None)

    def truth(self, pool: Pool | None) -> Truth:
        return Truth(pool, Ledger(self.log.replay()))
