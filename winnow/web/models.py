"""Model versions: list, compare, mark active, export, delete."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["models"])
