"""Rendered views of items in a bounded memory cache, so that an image is decoded once however often it is asked for."""

import hashlib
import threading
from collections import OrderedDict

from winnow.errors import UnreadableImage
from winnow.pool import View, render_view
from winnow.session import Session

CACHE_BYTES = 128 * 1024 * 1024
RENDERERS = 2  # more would only take turns on the cores that verdicts need too
ViewKey = tuple[str, str, int, float, int, int]


class ViewCache:
    """Rendered views, least recently used first to go."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._views: OrderedDict[ViewKey, tuple[bytes, str]] = OrderedDict()
        self._lock = threading.Lock()
        self._renderers = threading.BoundedSemaphore(RENDERERS)

    def view(self, session: Session, item_id: str, view: View, size: int) -> tuple[bytes, str, str]:
        """The encoded view, its media type and its entity tag; raises UnknownItem or UnreadableImage."""
        row = session.pool.row_of(item_id)
        path = session.image_file(row)
        try:
            state = path.stat()
        except (OSError, ValueError) as error:
            raise UnreadableImage(f"{path}: {error}. Put the file back, or take its line out of the refs.") from error
        key = (item_id, view, size, session.settings.context, state.st_size, state.st_mtime_ns)
        tag = hashlib.blake2b(repr(key).encode(), digest_size=12).hexdigest()
        cached = self._get(key)
        if cached is None:
            with self._renderers:
                box = session.pool.item(row).box_xyxy
                cached = render_view(path, box, view=view, size=size, context=session.settings.context)
            self._put(key, cached)
        return *cached, f'"{tag}"'

    def _get(self, key: ViewKey) -> tuple[bytes, str] | None:
        with self._lock:
            if key in self._views:
                self._views.move_to_end(key)
            return self._views.get(key)

    def _put(self, key: ViewKey, view: tuple[bytes, str]) -> None:
        with self._lock:
            if key not in self._views:
                self._n_bytes += len(view[0])
            self._views[key] = view
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= len(self._views.popitem(last=False)[1][0])
