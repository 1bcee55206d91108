"""Masks of accepted regions: the one that a person gave, else the one that lies beside the refs that proposed it."""

from collections.abc import Iterable
from pathlib import Path

from winnow.errors import UnknownItem
from winnow.masks.rle import Rle, area
from winnow.masks.sidecar import read_masks
from winnow.pool import Pool
from winnow.training.regions import Region


class MasksOf:
    """The masks of a project's regions; a pool's file of masks is read when one is first asked for, and once."""

    def __init__(self, pools: Iterable[Pool]) -> None:
        self._pools = list(pools)
        self._read: dict[Path, dict[int, Rle]] = {}

    def mask_of(self, region: Region) -> Rle | None:
        """None where nobody gave or proposed one, or it is empty; raises ProposalError for a damaged file of masks."""
        masks = (self._proposed(pool, region.item_id) for pool in self._pools)
        mask = region.mask or next((mask for mask in masks if mask is not None), None)
        return mask if mask is not None and area(mask) else None

    def _proposed(self, pool: Pool, item_id: str) -> Rle | None:
        try:
            row = pool.row_of(item_id)
        except UnknownItem:
            return None
        if pool.refs_path not in self._read:
            self._read[pool.refs_path] = read_masks(pool.refs_path, pool.n_rows)
        return self._read[pool.refs_path].get(row)
