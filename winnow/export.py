"""What leaves the house: labels, probabilities and the head, as files other programs read."""

import io
import json
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from winnow.errors import UnknownItem, WinnowError
from winnow.session import Session
from winnow.verdicts.log import Verdict

if TYPE_CHECKING:
    import pyarrow as pa


class NoHead(WinnowError):
    """There is no trained head to export yet."""

    code = "no_head"


def annotations_table(session: Session) -> "pa.Table":
    """One row an item with a label, people's first, oldest first; `index` is null where the pool lacks the item.

    What a head decided has the strategy `auto`, and who let it decide as its annotator.
    """
    import pyarrow as pa

    labels = [*session.current_labels(), *session.auto_labels()]
    return pa.Table.from_pylist([_annotation(session, verdict) for verdict in labels], schema=_annotation_schema())


def probabilities_table(session: Session) -> "pa.Table":
    """One row an item of the pool: the head's P(label = 1), null for items without features, and the label if any."""
    import pyarrow as pa

    snapshot = session.learner.learnt.snapshot
    if snapshot.probability is None:
        raise NoHead("There is no head yet: it needs a positive and a negative verdict. Label a few more, then export.")
    rows = np.flatnonzero(~session.pool.is_duplicate)
    probability = snapshot.probability[rows]
    codes, _ = session.standing()
    boxes = session.pool.boxes_xyxy[rows]
    sides = {name: pa.array(boxes[:, i], mask=np.isnan(boxes[:, i])) for i, name in enumerate(("x1", "y1", "x2", "y2"))}
    return pa.table(
        {
            "index": rows,
            "id": [f"{number:016x}" for number in session.pool.ids[rows].tolist()],
            "path": [session.pool.item(row).path for row in rows.tolist()],
            **sides,
            "probability": pa.array(probability, mask=np.isnan(probability)),
            "label": pa.array(codes[rows], mask=codes[rows] < 0),
        }
    )


def head_npz(session: Session) -> bytes:
    """The head as `.npz`; docs/head.md names its arrays and shows how to apply them."""
    head = session.learner.learnt.snapshot.head
    if head is None:
        raise NoHead("There is no head yet: it needs a positive and a negative verdict. Label a few more, then export.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.npz"
        head.save(path)
        return path.read_bytes()


def as_csv(table: "pa.Table") -> bytes:
    import pyarrow.csv

    buffer = io.BytesIO()
    pyarrow.csv.write_csv(table, buffer, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return buffer.getvalue()


def as_jsonl(table: "pa.Table") -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist()).encode()


def as_parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


WRITERS: dict[str, Callable[["pa.Table"], bytes]] = {"csv": as_csv, "jsonl": as_jsonl, "parquet": as_parquet}


def _annotation(session: Session, verdict: Verdict) -> dict[str, Any]:
    try:
        index = session.pool.row_of(verdict.item_id)
    except UnknownItem:
        index = None
    box = verdict.box_xyxy or (None,) * 4
    return {
        "index": index,
        "id": verdict.item_id,
        "path": verdict.path,
        **dict(zip(("x1", "y1", "x2", "y2"), box, strict=True)),
        "label": verdict.label,
        "annotator": verdict.annotator,
        "created_at": datetime.fromtimestamp(verdict.created_at, timezone.utc).isoformat(timespec="milliseconds"),
        "elapsed_ms": verdict.elapsed_ms,
        "probability": verdict.probability,
        "model_version": verdict.model_version,
        "strategy": verdict.strategy,
        "selection_probability": verdict.selection_probability,
        "reason": verdict.reason,
        "goal": verdict.goal,
    }


def _annotation_schema() -> "pa.Schema":
    import pyarrow as pa

    number, text, whole = pa.float64(), pa.string(), pa.int64()
    kinds = dict.fromkeys(("id", "path", "annotator", "created_at", "strategy", "reason", "goal"), text)
    kinds |= dict.fromkeys(("x1", "y1", "x2", "y2", "probability", "selection_probability"), number)
    order = "index id path x1 y1 x2 y2 label annotator created_at elapsed_ms probability model_version strategy"
    order += " selection_probability reason goal"
    return pa.schema([(name, kinds.get(name, whole)) for name in order.split()])
