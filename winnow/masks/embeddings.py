"""Embeddings on disk, by model and image: an image is embedded once. Bounded, and never trusted when damaged."""

import json
import logging
import os
import threading
import zipfile
from collections import OrderedDict
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import numpy as np

from winnow.errors import UnreadableImage, WinnowError
from winnow.files import write_atomically
from winnow.masks.promptable import Embedding

log = logging.getLogger(__name__)
_IN_MEMORY = 12  # embeddings; one of SAM 2 has 6 MB
_ROOM = 0.9  # of the limit, that is used again when the oldest have gone


class EmbeddingCache:
    """A folder of .npz files, of at most `max_bytes` together: those that were not used for longest go first.

    The key is the file's path, size and time of change, and the model's fingerprint: an image that was replaced is
    embedded anew. May be used by several threads.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Embedding] = OrderedDict()
        self._n_bytes = sum(size for _, size, _ in self._files())

    def key(self, image: Path, fingerprint: str) -> str:
        """The name of an image's embedding as the file is now; raises UnreadableImage where there is none."""
        try:
            state = image.stat()
        except OSError as error:
            raise UnreadableImage(f"{image}: there is no such file. Check its path in the refs.") from error
        told = f"{image.absolute()}\0{state.st_size}\0{state.st_mtime_ns}"
        return f"{fingerprint}/{blake2b(told.encode(), digest_size=16).hexdigest()}"

    def get(self, key: str) -> Embedding | None:
        """The embedding, if it is kept and whole."""
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        embedding = self._read(key)
        if embedding is not None:
            self._remember(key, embedding)
        return embedding

    def put(self, key: str, embedding: Embedding) -> None:
        """Keep it; where it cannot be written, in memory only, which the log says."""
        self._remember(key, embedding)
        content = BytesIO()
        about = json.dumps({"key": key, "size_wh": embedding.size_wh})
        arrays = {f"_{name}": array for name, array in embedding.arrays.items()}
        np.savez(content, allow_pickle=False, about=np.array(about), **arrays)
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content.getvalue())
        except (OSError, WinnowError) as error:
            log.warning("An embedding is kept in memory only: %s", error)
            return
        with self._lock:
            self._n_bytes += len(content.getvalue())
            if self._n_bytes > self._max_bytes:
                self._make_room()

    def _read(self, key: str) -> Embedding | None:
        path = self._path(key)
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                arrays = {name[1:]: file[name] for name in file.files if name != "about"}
            if about["key"] != key or not all(np.isfinite(array).all() for array in arrays.values()):
                raise ValueError("it is of another image, or holds no numbers")
            width, height = about["size_wh"]
            os.utime(path)  # used now
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s is damaged (%s) and is computed again.", path, error)
            path.unlink(missing_ok=True)
            return None
        return Embedding(arrays, (int(width), int(height)))

    def _remember(self, key: str, embedding: Embedding) -> None:
        with self._lock:
            self._recent[key] = embedding
            self._recent.move_to_end(key)
            while len(self._recent) > _IN_MEMORY:
                self._recent.popitem(last=False)

    def _make_room(self) -> None:
        files = sorted(self._files())
        self._n_bytes = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._n_bytes <= _ROOM * self._max_bytes:
                return
            path.unlink(missing_ok=True)
            self._n_bytes -= size

    def _files(self) -> list[tuple[int, int, Path]]:
        """When used last, size and path of each."""
        found = []
        for path in self._folder.glob("*/*.npz"):
            try:
                state = path.stat()
            except FileNotFoundError:  # another process made room
                continue
            found.append((state.st_mtime_ns, state.st_size, path))
        return found

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"
