"""The Auto page's calls: candidates, their audit, and the batch that the model decides."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["auto"])
