"""Routes, dependencies, security and media. The only room that imports fastapi."""
