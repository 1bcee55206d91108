"""One interface for segmenters that are prompted: embed an image once (slow), then predict masks of it (fast)."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from winnow.errors import SegmenterError
from winnow.masks.prompts import Prompt, check_prompt
from winnow.masks.rle import Rle, decode, encode_window
from winnow.masks.tidy import stability
from winnow.pool import load_image

_CERTAIN = 6.0  # the logit that stands for "surely inside" where an earlier mask is shown again


@dataclass(frozen=True)
class Embedding:
    """What a model keeps of one image: its arrays (float16) by name, and the image's (width, height)."""

    arrays: dict[str, np.ndarray]
    size_wh: tuple[int, int]


@dataclass(frozen=True)
class Predicted:
    """A mask; `score` is the IoU that the model claims for it, `stability` SAM's stability score, both 0 … 1."""

    rle: Rle
    score: float
    stability: float

    @property
    def mask_hw(self) -> np.ndarray:
        """(h, w) bool, of the image's size."""
        return decode(self.rle)


class Promptable(Protocol):
    """A segmenter; `fingerprint` is a hash of its weights: embeddings of another one are of no use to it."""

    name: str
    fingerprint: str

    def embed(self, image_hwc: np.ndarray) -> Embedding:
        """The embedding of an image (h, w, 3) uint8 RGB."""
        ...

    def predict(self, embedding: Embedding, prompt: Prompt) -> Predicted:
        """The mask that the prompt asks for; raises BadBox or SegmenterError for a prompt that cannot be used."""
        ...


class EmbeddingStore(Protocol):
    """Where embeddings are kept; `embeddings.py` has the one on disk."""

    def key(self, image: Path, fingerprint: str) -> str: ...

    def get(self, key: str) -> Embedding | None: ...

    def put(self, key: str, embedding: Embedding) -> None: ...


class PromptedImages:
    """SAM's two steps on image files: `set_image` (slow, and once an image as long as it is kept), `predict` (fast)."""

    def __init__(self, model: Promptable, store: EmbeddingStore) -> None:
        self._model = model
        self._store = store

    def set_image(self, path: Path) -> tuple[Embedding, bool]:
        """The embedding, and whether it had to be computed; raises UnreadableImage."""
        key = self._store.key(
            path, self._model.fingerprint
        )  # of the file before it is read, should it change meanwhile
        known = self._store.get(key)
        if known is not None:
            return known, False
        embedding = self._model.embed(np.asarray(load_image(path)))
        self._store.put(key, embedding)
        return embedding, True

    def predict(self, path: Path, prompt: Prompt) -> Predicted:
        """The mask that the prompt asks for on this image; sets the image where that was not done."""
        return self._model.predict(self.set_image(path)[0], prompt)


class Network(Protocol):
    """What differs between the families of models: a square input of `side` pixels, two calls.

    `keeps_shape`: the image is scaled by its longer side and filled up at the right or bottom, else it is squeezed into
    the square.
    """

    side: int
    keeps_shape: bool

    def encode(self, image_hwc: np.ndarray) -> dict[str, Any]:
        """The image's features, torch tensors by name, from (h, w, 3) uint8 RGB."""
        ...

    def decode(
        self,
        features: dict[str, Any],
        points: np.ndarray,
        labels: np.ndarray,
        earlier: np.ndarray | None,
        several: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, l, l) float32 over the square and the (n,) IoU claimed for each; n > 1 only with `several`.

        `points` (k, 2) float32 x y on the square, `labels` (k,): 1 inside, 0 outside, 2 and 3 a box's upper left and
        lower right corner, which come first; `earlier` (l, l) float32 logits.
        """
        ...

    def low_side(self) -> int:
        """l, the side of its masks."""
        ...


class PromptedNetwork:
    """A segmenter made of a network: the geometry and choice of masks that all of them share."""

    def __init__(self, network: Network, *, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._network = network

    def embed(self, image_hwc: np.ndarray) -> Embedding:
        """The embedding of an image (h, w, 3) uint8 RGB; raises SegmenterError where memory runs out."""
        import torch

        try:
            with torch.inference_mode():
                features = self._network.encode(image_hwc)
        except RuntimeError as error:
            raise SegmenterError(f"{self.name} cannot take the image in: {str(error).splitlines()[0][:300]}") from error
        arrays = {key: tensor.cpu().numpy().astype(np.float16) for key, tensor in features.items()}
        return Embedding(arrays, (image_hwc.shape[1], image_hwc.shape[0]))

    def predict(self, embedding: Embedding, prompt: Prompt) -> Predicted:
        """The mask that the prompt asks for; raises BadBox or SegmenterError for a prompt that cannot be used."""
        import cv2
        import torch

        check_prompt(prompt, embedding.size_wh)
        scale = self._scale(embedding.size_wh)
        points, labels = _as_points(prompt)
        earlier = None if prompt.earlier is None else self._as_logits(decode(prompt.earlier), scale)
        with torch.inference_mode():
            features = {key: torch.from_numpy(array).float() for key, array in embedding.arrays.items()}
            masks, claimed = self._network.decode(features, points * scale, labels, earlier, prompt.is_ambiguous)
        best = int(claimed.argmax())
        score = float(np.clip(claimed[best], 0, 1))
        width, height = embedding.size_wh
        square = cv2.resize(
            masks[best], (self._network.side, self._network.side)
        )  # first to the input's size, as in SAM
        logits = square[: _whole(height * scale[1]), : _whole(width * scale[0])]
        return Predicted(_at_full_size(logits, scale, embedding.size_wh), score, stability(logits))

    def _scale(self, size_wh: tuple[int, int]) -> np.ndarray:
        """(2,) float32: pixels of the network's square for one of the image, across and down."""
        side, (width, height) = self._network.side, size_wh
        if not self._network.keeps_shape:
            return np.array([side / width, side / height], np.float32)
        return np.full(2, side / max(width, height), np.float32)

    def _as_logits(self, mask_hw: np.ndarray, scale: np.ndarray) -> np.ndarray:
        import cv2

        low = self._network.low_side()
        size = np.maximum(1, np.rint(scale * low / self._network.side * mask_hw.shape[::-1])).astype(int)
        step = max(1, min(mask_hw.shape // size[::-1]) // 4)  # a sample of a large mask is as good
        sample = mask_hw.T[step // 2 :: step, step // 2 :: step]  # the way a decoded mask lies in memory
        cover = cv2.resize(sample.astype(np.float32), size[::-1].tolist(), interpolation=cv2.INTER_AREA).T
        logits = np.full((low, low), -_CERTAIN, np.float32)
        logits[: size[1], : size[0]] = (2 * cover - 1) * _CERTAIN
        return logits


def fingerprint_of_weights(network: Any) -> str:
    """blake2b of a torch module's weights and their names, 32 hex digits."""
    digest = blake2b(digest_size=16)
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).data)
    return digest.hexdigest()


def _as_points(prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
    """(k, 2) float32 x y and (k,) int64 labels as SAM's prompt encoder has them: a box is its two corners."""
    corners = [] if prompt.box_xyxy is None else [prompt.box_xyxy[:2], prompt.box_xyxy[2:]]
    labels = [2, 3][: len(corners)] + list(prompt.labels)
    return np.array([*corners, *prompt.points_xy], np.float32).reshape(-1, 2), np.array(labels, np.int64)


def _whole(length: float) -> int:
    return max(1, int(length + 0.5))


def _at_full_size(logits_hw: np.ndarray, scale: np.ndarray, size_wh: tuple[int, int]) -> Rle:
    """The mask of the logits above 0, brought to the image's size; only the part around the mask is."""
    import cv2

    y, x = np.nonzero(logits_hw > 0)
    width, height = size_wh
    if not len(x):
        return encode_window(np.zeros((1, 1), bool), (0, 0), (height, width))
    first = np.maximum(0, np.floor((np.array([x.min(), y.min()]) - 1) / scale)).astype(int)
    last = np.minimum(size_wh, np.ceil((np.array([x.max(), y.max()]) + 2) / scale)).astype(int)
    shift = (first + 0.5) * scale - 0.5  # pixels are squares around their middle, as in torch's interpolate
    to_logits = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    drawn = cv2.warpAffine(
        logits_hw, to_logits, (last - first).tolist(), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return encode_window(drawn > 0, (int(first[0]), int(first[1])), (height, width))
