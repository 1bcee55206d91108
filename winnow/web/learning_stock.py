"""What is known of every image as the pages about training need it, with and without an open session."""

from pathlib import Path

from fastapi import Request

from winnow.pool.images import check_inside
from winnow.settings import Settings
from winnow.training.truth import Truth
from winnow.web.loader import Loader


def read_shown_truth(request: Request) -> Truth:
    """Of the pool that is shown; raises RefsError, DatabaseError where there is none to read."""
    loader: Loader = request.app.state.loader
    if loader.session is not None:
        return request.app.state.image_states.session(loader.session).look().truth
    from winnow.training.reading import read_truth

    return read_truth(loader.settings).truth


def image_file_of(settings: Settings, path: str) -> Path:
    """Where an image of the log lies; raises UnreadableImage where that is outside the `image_root` setting."""
    file = settings.base_folder / path
    check_inside(file, settings.image_root)
    return file
