"""The triage page's calls: groups of proposals, the filter."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["triage"])
