"""The results page's calls: predicted images one after the other, accepted, corrected or rejected."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["results"])
