"""The predict page's calls: folders, detectors, proposals of an image."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["predict"])
