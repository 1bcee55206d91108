"""The calls behind a start without positives: example pictures, unusual items, a tour of the clusters."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["start"])
