"""The head: a logistic model on frozen features."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Head:
    """P(label = 1) = sigmoid(slope * (weights @ z + bias) + offset), z = (x - mean) / |x - mean|."""

    mean: NDArray[np.float32]
    weights: NDArray[np.float32]
    slope: float
    offset: float

    def probability(self, space: FeatureSpace, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """P(label = 1) of all rows (n,) or of `rows` (k,), float32; NaN for rows without finite features."""
        decision = space.project(self.weights) if rows is None else space.unit_rows(rows) @ self.weights
        with np.errstate(invalid="ignore", over="ignore"):
            return 1 / (1 + np.exp(-(np.float32(self.slope) * decision + np.float32(self.offset))))

    def save(self, path: Path) -> None:
        """Writes a `.npz` whose arrays docs/head.md explains."""
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with open(unfinished, "wb") as file:
            np.savez(
                file,
                format_version=FORMAT_VERSION,
                mean=self.mean,
                weights=self.weights,
                slope=self.slope,
                offset=self.offset,
            )
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: Path) -> "Head":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["mean"], stored["weights"], float(stored["slope"]), float(stored["offset"]))


def fit_head(
    space: FeatureSpace, rows: NDArray[np.int64], values: NDArray[np.int8]
) -> tuple[Head, NDArray[np.float32]]:
    """The head fitted on labels of both classes, and the (m,) leave-one-out probability of each label."""
    unit = space.unit_rows(rows).astype(np.float64)
    target = np.where(values == 1, 1.0, -1.0)
    gram = unit @ unit.T + 1.0
    inverse = np.linalg.inv(gram + 0.1 * np.eye(len(rows)))
    alpha = inverse @ target
    left_out = target - alpha / np.diag(inverse)
    slope, offset = 3.0, float(3.0 * alpha.sum())
    head = Head(space.mean, (unit.T @ alpha).astype(np.float32), slope, offset)
    return head, (1 / (1 + np.exp(-slope * left_out))).astype(np.float32)
