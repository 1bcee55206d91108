"""Where candidates come from: detectors, segmenters, other detectors' files; what to look at first."""
