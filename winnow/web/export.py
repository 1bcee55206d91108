"""Downloads: annotations, the head, probabilities."""

from enum import Enum

from fastapi import APIRouter, Response

from winnow.export import WRITERS, annotations_table, head_npz, probabilities_table
from winnow.web.deps import SessionDep

router = APIRouter(prefix="/export", tags=["export"])
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


class AnnotationFormat(str, Enum):
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class ProbabilityFormat(str, Enum):
    CSV = "csv"
    PARQUET = "parquet"


@router.get("/annotations.{file_format}", response_class=Response)
def download_annotations(file_format: AnnotationFormat, session: SessionDep) -> Response:
    """One row an item with a current label."""
    return _file(WRITERS[file_format.value](annotations_table(session)), f"annotations.{file_format.value}")


@router.get("/probabilities.{file_format}", response_class=Response)
def download_probabilities(file_format: ProbabilityFormat, session: SessionDep) -> Response:
    """One row an item of the pool with the head's P(label = 1)."""
    return _file(WRITERS[file_format.value](probabilities_table(session)), f"probabilities.{file_format.value}")


@router.get("/head.npz", response_class=Response)
def download_head(session: SessionDep) -> Response:
    """The head's arrays; docs/head.md shows how to apply them with numpy alone."""
    return _file(head_npz(session), "head.npz")


def _file(content: bytes, name: str) -> Response:
    media_type = MEDIA_TYPES.get(name.rsplit(".", 1)[1], "application/octet-stream")
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
