"""What the head sees: encoders, extraction, and the memory-mapped matrix with its manifest."""

from winnow.features.matrix import FeatureMatrix, open_features

__all__ = ["FeatureMatrix", "open_features"]
