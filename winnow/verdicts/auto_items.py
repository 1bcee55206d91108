"""Labels that a head gave: the members of an auto event, in a table of their own and in columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

SIDES = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True, eq=False)
class AutoItems:
    """k items and what the head made of each, in words enough to be read without the pool they came from.

    ids (k,) uint64, labels (k,) int8, probability (k,) float32 is P(label = 1), boxes_xyxy (k, 4) float64, NaN = whole
    image, scores (k,) float64, NaN = none; paths, classes and sources are lists of length k, None = none.
    """

    ids: NDArray[np.uint64]
    labels: NDArray[np.int8]
    probability: NDArray[np.float32]
    paths: list[str]
    boxes_xyxy: NDArray[np.float64]
    classes: list[str | None]
    scores: NDArray[np.float64]
    sources: list[str | None]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterator[tuple[str, int, float, str, list[float] | None, str | None, float | None, str | None]]:
        """Item id, label, probability, path, box, class, score and source of each."""
        boxes = [None if box[0] != box[0] else box for box in self.boxes_xyxy.tolist()]
        scores = [None if score != score else score for score in self.scores.tolist()]
        ids = (f"{number:016x}" for number in self.ids.tolist())
        numbers = zip(ids, self.labels.tolist(), self.probability.tolist(), self.paths, boxes, strict=True)
        for (*first, box), class_name, score, source in zip(numbers, self.classes, scores, self.sources, strict=True):
            yield (*first, box, class_name, score, source)


def auto_table(metadata: sa.MetaData) -> sa.Table:
    """The table of members; `seq` is the auto event in the table of events."""
    return sa.Table(
        "auto_items",
        metadata,
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("item_id", sa.String(16), primary_key=True),
        sa.Column("label", sa.Integer, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),  # P(label = 1) by the head that decided
        sa.Column("path", sa.Text, nullable=False),
        *(sa.Column(side, sa.Float) for side in SIDES),
        sa.Column("proposed_class", sa.Text),
        sa.Column("score", sa.Float),
        sa.Column("source", sa.Text),
    )


def write_items(connection: sa.Connection, table: sa.Table, seq: int, items: AutoItems) -> None:
    """Write the members of event `seq` within the transaction of the event itself."""
    rows: list[dict[str, Any]] = [
        {
            "seq": seq,
            "item_id": item_id,
            "label": label,
            "probability": probability,
            "path": path,
            **dict(zip(SIDES, box or (None,) * 4, strict=True)),
            "proposed_class": class_name,
            "score": score,
            "source": source,
        }
        for item_id, label, probability, path, box, class_name, score, source in items.rows()
    ]
    connection.execute(table.insert(), rows)


def read_items(connection: sa.Connection, table: sa.Table, seq: int) -> AutoItems:
    """The members of event `seq`, in the order of their ids."""
    rows = connection.execute(sa.select(table).where(table.c.seq == seq).order_by(table.c.item_id)).mappings().all()
    return AutoItems(
        ids=np.array([int(row["item_id"], 16) for row in rows], np.uint64),
        labels=np.array([row["label"] for row in rows], np.int8),
        probability=np.array([row["probability"] for row in rows], np.float32),
        paths=[row["path"] for row in rows],
        boxes_xyxy=np.array([[row[side] for side in SIDES] for row in rows], np.float64).reshape(-1, 4),
        classes=[row["proposed_class"] for row in rows],
        scores=np.array([row["score"] for row in rows], np.float64),
        sources=[row["source"] for row in rows],
    )
