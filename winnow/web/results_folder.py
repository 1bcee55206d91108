"""Writing the results folder as a job."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["results"])
