"""Winnow's ASGI app: `uvicorn app:app --port 8000`, configured by WINNOW_* and winnow.toml (see the README)."""

from winnow.settings import read_settings
from winnow.web.app import create_app

app = create_app(read_settings())
