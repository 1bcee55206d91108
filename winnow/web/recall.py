"""The recall meter's calls: what is found, what is left, when to stop."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["recall"])
