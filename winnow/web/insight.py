"""The Insight page's calls: the map of the pool, selections on it, progress over time."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["insight"])
