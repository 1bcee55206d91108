"""Winnow: keyboard-first active learning for images. `docs/architecture.md` draws the rooms."""

__version__ = "0.1.0"
