"""The calls behind masks on the correct page: choose a segmenter, prepare images, prompt."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["masks"])
