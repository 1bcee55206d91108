"""Data set versions."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["datasets"])
