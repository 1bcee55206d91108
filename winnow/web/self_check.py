"""The self-check's calls: how far people agree with themselves and with each other."""

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["self_check"])
