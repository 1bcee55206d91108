"""Training sessions and their iterations."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["sessions"])
