"""Jobs: list, stop, log, and their events as they happen."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["jobs"])
