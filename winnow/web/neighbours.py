"""The calls about likeness: look-alikes of an item, exemplars, near-duplicates."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["neighbours"])
