"""One predicted image: what was proposed, what stands on it now, and whether the file is still the one predicted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from winnow.errors import ProposalError, UnreadableImage
from winnow.masks.mask_lines import ProposedMask
from winnow.masks.rle import Rle, area, decode
from winnow.pool import Box, Item, clip_box, image_size
from winnow.pool.identity import item_id_of
from winnow.training.truth import ImageRecord, Region, Truth
from winnow.verdicts.ledger import Ledger
from winnow.web.media import DEFAULT_SIZE
from winnow.web.result_list import PredictedImages
from winnow.web.schemas_results import ImageMetrics, ImageResult, ObjectOut, Place, RleOut

Size = tuple[int, int]
_OVERHANG_PX = 1.0  # detectors round: a box may leave its image by so much


def read_image(images: PredictedImages, item_id: str) -> ImageResult:
    """The image that an item is on; raises UnknownItem, ProposalError for damaged masks."""
    pool = images.pool
    row, place = pool.row_of(item_id), images.place(item_id)
    path = pool.paths[place]
    ledger, seq, status = images.ledger_of(place)
    listing = images.listing_for(images.session.filter)
    items = [pool.item(one) for one in images.rows_of(place)]
    proposed, masks = listing.regions(path), _masks(images, items)
    size_wh, problem = _file(images, row)
    problem = problem or (size_wh and problem_of([*proposed.values()], masks, size_wh, path))
    record = Truth(listing, ledger).record(path)
    objects = _Objects(ledger, masks, size_wh, {item.id: item.source for item in items})
    standing = objects.standing(record)
    return ImageResult(
        item_id=images.item_id(place),
        image_id=item_id_of(path, None),
        path=path,
        image_url=f"/media/items/{images.item_id(place)}?size={DEFAULT_SIZE}&view=plain",
        width=size_wh and size_wh[0],
        height=size_wh and size_wh[1],
        status=status,
        seq=seq,
        size_px=size_wh and size_wh[0] * size_wh[1],
        objects=standing,
        removed=objects.removed(record, proposed, standing),
        prediction=objects.proposed(proposed, standing),
        metrics=_metrics(standing, size_wh, float(images.uncertainty[place])),
        problem=problem,
    )


def check_not_replaced(images: PredictedImages, item_id: str, kept: Collection[str] | None) -> None:
    """Raises ProposalError where what is kept of a prediction (None = all of it) is not of the image as it is now."""
    place = images.place(item_id)
    path, size_wh = images.pool.paths[place], image_size(images.session.image_file(images.pool.row_of(item_id)))
    regions = images.listing_for(images.session.filter).regions(path)
    items = [images.pool.item(row) for row in images.rows_of(place)]
    masks = _masks(images, [item for item in items if kept is None or item.id in kept])
    asked = [region for id_, region in regions.items() if kept is None or id_ in kept]
    problem = problem_of(asked, masks, size_wh, path)
    if problem:
        raise ProposalError(f"{problem} Nothing was recorded.")


def problem_of(regions: Iterable[Region], masks: Mapping[str, ProposedMask], size_wh: Size, path: str) -> str | None:
    """Why a prediction cannot be of the image as it is now: a mask of another size, a box that leaves it."""
    width, height = size_wh
    end = f"{path} has {width} × {height} pixels now, so it was replaced since it was predicted. Predict it again."
    for mask in masks.values():
        if mask.rle.size_hw != (height, width):
            return f"A mask of its prediction was made on {mask.rle.size_hw[1]} × {mask.rle.size_hw[0]} pixels. {end}"
    for region in regions:
        if not _is_on(region.box_xyxy, size_wh):
            return f"The proposed box ({', '.join(f'{side:g}' for side in region.box_xyxy)}) leaves the image. {end}"
    return None


def _is_on(box_xyxy: Box, size_wh: Size) -> bool:
    x1, y1, x2, y2 = box_xyxy
    width, height = size_wh
    return min(x1, y1) >= -_OVERHANG_PX and x2 <= width + _OVERHANG_PX and y2 <= height + _OVERHANG_PX


def _masks(images: PredictedImages, items: Sequence[Item]) -> dict[str, ProposedMask]:
    lines = images.masks()
    found = ((item.id, lines.of(item.row)) for item in items)
    return {item_id: mask for item_id, mask in found if mask is not None}


def _file(images: PredictedImages, row: int) -> tuple[Size | None, str | None]:
    """The image's width and height, and why it cannot be read."""
    try:
        return image_size(images.session.image_file(row)), None
    except UnreadableImage as error:
        return None, str(error)


@dataclass(frozen=True)
class _Objects:
    """Makes an image's objects; `sources` are those of its proposals by item id."""

    ledger: Ledger
    masks: Mapping[str, ProposedMask]
    size_wh: Size | None
    sources: Mapping[str, str | None]

    def standing(self, record: ImageRecord) -> list[ObjectOut]:
        """What counts now or is still open, best score first."""
        to_correct = {region.item_id for region in record.to_correct}
        waiting = [region for region in record.unreviewed if region.item_id not in to_correct]
        places: list[tuple[Place, Sequence[Region]]] = [
            ("accepted", record.accepted), ("to_correct", record.to_correct), ("unreviewed", waiting),
        ]  # fmt: skip
        return _best_first(self._made(region, place) for place, regions in places for region in regions)

    def removed(
        self, record: ImageRecord, proposed: Mapping[str, Region], standing: Sequence[ObjectOut]
    ) -> list[ObjectOut]:
        """What was rejected or replaced, or had no verdict when the image was closed."""
        stays = {one.item_id for one in standing}
        gone = {**proposed} | {region.item_id: region for region in record.rejected}
        return _best_first(self._made(region, "rejected") for item_id, region in gone.items() if item_id not in stays)

    def proposed(self, proposed: Mapping[str, Region], standing: Sequence[ObjectOut]) -> list[ObjectOut]:
        """Every proposal as it was made, with its place now."""
        place_of = {one.item_id: one.place for one in standing}
        return _best_first(self._made(region, place_of.get(id_, "rejected")) for id_, region in proposed.items())

    def _made(self, region: Region, place: Place) -> ObjectOut:
        proposed = self.masks.get(region.item_id)
        mask = region.mask or (proposed.rle if proposed else None)
        area_px = area(mask) if mask else _box_area(region.box_xyxy)
        return ObjectOut(
            item_id=region.item_id,
            box_xyxy=region.box_xyxy,
            class_name=region.class_name,
            claimed=region.claimed,
            score=region.score,
            source=self._source(region.item_id),
            mask=RleOut(size=mask.size_hw, counts=mask.counts) if mask else None,
            area_px=area_px,
            share=area_px / (self.size_wh[0] * self.size_wh[1]) if self.size_wh else None,
            stability=proposed.stability if proposed and mask is proposed.rle else None,
            place=place,
            replaces=region.replaces,
        )

    def _source(self, item_id: str) -> str | None:
        if item_id in self.sources:
            return self.sources[item_id]
        verdict = self.ledger.current(item_id)
        return (verdict.source if verdict else None) or "correction"


def _box_area(box_xyxy: Box) -> int:
    x1, y1, x2, y2 = box_xyxy
    return round((x2 - x1) * (y2 - y1))


def _best_first(objects: Iterable[ObjectOut]) -> list[ObjectOut]:
    """Drawn ones, which have no score, come first."""
    return sorted(objects, key=lambda one: (one.score is not None, -(one.score or 0.0), one.box_xyxy))


def _metrics(objects: Sequence[ObjectOut], size_wh: Size | None, uncertainty: float) -> ImageMetrics:
    scores = [one.score for one in objects if one.score is not None]
    return ImageMetrics(
        n_objects=len(objects),
        n_by_class=dict(sorted(Counter(one.class_name for one in objects).items())),
        score_mean=fmean(scores) if scores else None,
        score_min=min(scores) if scores else None,
        covered_share=covered_share(objects, size_wh) if size_wh else None,
        uncertainty=uncertainty,
    )


def covered_share(objects: Sequence[ObjectOut], size_wh: Size) -> float:
    """The share of an image's pixels that lie in an object: in its mask where it has one, else in its box."""
    width, height = size_wh
    is_covered = np.zeros((height, width), bool)
    masks = [one.mask for one in objects if one.mask and one.mask.size == (height, width)]
    if masks:
        is_covered |= _union([{"size": list(mask.size), "counts": mask.counts.encode()} for mask in masks])
    for box in (clip_box(one.box_xyxy, size_wh) for one in objects if one.mask is None):
        if box:
            x1, y1, x2, y2 = (round(side) for side in box)
            is_covered[y1:y2, x1:x2] = True
    return float(is_covered.mean())


def _union(coded: list[dict[str, Any]]) -> np.ndarray:
    """(h, w) bool of run-length masks of one size."""
    from pycocotools import mask as coco

    merged = coco.merge(coded)
    return decode(Rle((merged["size"][0], merged["size"][1]), merged["counts"].decode()))
