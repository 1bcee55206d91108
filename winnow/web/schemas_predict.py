"""What the predict page's calls take and answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from winnow.proposals.detector import DetectorOptions
from winnow.proposals.segmenter import SegmenterOptions
from winnow.web.schemas import Box, FromAttributes
from winnow.web.schemas_jobs import JobOut

_DETECTOR, _SEGMENTER = DetectorOptions(), SegmenterOptions()
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=4096)]
FileName = Annotated[str, Field(min_length=1, max_length=255)]


class FolderOut(FromAttributes):
    path: Annotated[str, Field(description="relative to the root, with forward slashes; empty = the root itself")]
    name: str
    n_images: Annotated[int, Field(description="in sub-folders too")]
    is_more: Annotated[bool, Field(description="counting broke off: there are more than n_images")]


class FoldersOut(FromAttributes):
    root: str
    here: FolderOut
    folders: list[FolderOut]
    n_left_out: Annotated[int, Field(description="sub-folders beyond those listed")]


class PredictModelOut(FromAttributes):
    """What can propose."""

    id: str
    kind: Literal["version", "detector", "segmenter"]
    label: str
    size_bytes: int
    is_active: bool
    runs_code: Annotated[bool, Field(description="loading it runs code in the file")]


class PredictOut(BaseModel):
    """What the form offers."""

    root: str
    base_folder: str
    weights_folder: str
    models: list[PredictModelOut]
    problem: Annotated[str | None, Field(description="why model versions are missing")]
    encoders: Annotated[list[str], Field(description="for the proposals' features, the best choice first")]
    detector: Annotated[dict[str, Any], Field(description="default settings")]
    segmenter: Annotated[dict[str, Any], Field(description="default settings")]


class DetectorIn(BaseModel):
    """See `python -m winnow propose --help`."""

    model_config = ConfigDict(extra="forbid")

    conf: Share = _DETECTOR.conf
    iou: Share = _DETECTOR.iou
    imgsz: Annotated[int, Field(ge=32, le=8192)] = _DETECTOR.imgsz
    batch: Count = _DETECTOR.batch
    max_det: Annotated[int, Field(ge=1, le=100_000)] = _DETECTOR.max_det


class SegmenterIn(BaseModel):
    """The settings of segment-anything's automatic mask generator."""

    model_config = ConfigDict(extra="forbid")

    points_per_side: Annotated[int, Field(ge=1, le=256)] = _SEGMENTER.points_per_side
    points_per_batch: Count = _SEGMENTER.points_per_batch
    pred_iou_thresh: Share = _SEGMENTER.pred_iou_thresh
    stability_score_thresh: Share = _SEGMENTER.stability_score_thresh
    stability_score_offset: Annotated[float, Field(gt=0, le=100)] = _SEGMENTER.stability_score_offset
    box_nms_thresh: Share = _SEGMENTER.box_nms_thresh
    crop_n_layers: Annotated[int, Field(ge=0, le=8)] = _SEGMENTER.crop_n_layers
    crop_nms_thresh: Share = _SEGMENTER.crop_nms_thresh
    crop_overlap_ratio: Annotated[float, Field(ge=0, le=0.99)] = _SEGMENTER.crop_overlap_ratio
    crop_n_points_downscale_factor: Annotated[int, Field(ge=1, le=16)] = _SEGMENTER.crop_n_points_downscale_factor
    min_mask_region_area: Annotated[int, Field(ge=0, le=10**8)] = _SEGMENTER.min_mask_region_area


class ProposeIn(BaseModel):
    folder: Annotated[str, Field(max_length=4000, description="as listed; empty = the root")]
    model: Annotated[str, Field(max_length=400, description="a model's id, as listed")]
    encoder: Annotated[str, Field(max_length=400, description="as listed")]
    detector: DetectorIn = DetectorIn()
    segmenter: SegmenterIn = SegmenterIn()


class AgainIn(BaseModel):
    job: Annotated[int, Field(ge=1, le=10**9, description="a propose job that was stopped or failed")]


class ProposeOut(BaseModel):
    name: Annotated[str, Field(description="the refs file that is being written")]
    job: JobOut


class ProposalFileOut(FromAttributes):
    name: str
    n_proposals: int
    n_images: int
    classes: Annotated[dict[str, int], Field(description="proposals by class, most first")]
    sources: list[str]
    score_min: float | None
    score_max: float | None
    created_at: Annotated[float, Field(description="seconds since 1970, UTC")]
    has_masks: bool
    has_features: Annotated[bool, Field(description="without features they cannot be judged")]


class ProposalFilesOut(BaseModel):
    files: Annotated[list[ProposalFileOut], Field(description="newest first")]
    problems: Annotated[list[str], Field(description="why a file is not among them")]


class ProposalOut(FromAttributes):
    id: str
    box_xyxy: Box | None
    class_name: str | None
    score: float | None
    polygons: Annotated[list[list[tuple[float, float]]], Field(description="the mask's outlines, x y in pixels")]


class ProposalImageOut(FromAttributes):
    index: int
    path: str
    image_url: str
    width: int | None
    height: int | None
    problem: Annotated[str | None, Field(description="why the image cannot be shown")]
    proposals: Annotated[list[ProposalOut], Field(description="best score first")]


class ProposalImagesOut(BaseModel):
    total: int
    images: list[ProposalImageOut]
