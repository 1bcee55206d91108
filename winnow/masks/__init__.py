"""Masks of regions, kept as run lengths."""
