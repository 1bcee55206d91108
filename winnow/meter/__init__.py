"""The recall meter of an open session; docs/recall.md."""
