"""The images page's calls: states of images, misses, corrections."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["images"])
