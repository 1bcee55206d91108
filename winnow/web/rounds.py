"""Rounds and time: cases by round and annotator, as JSON and CSV."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["rounds"])
