"""The train page's calls: start a training."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["train"])
