"""What lies where in a pool: neighbours, clusters, near-duplicates and a map, made by a process in the background."""

from winnow.atlas.atlas import Atlas
from winnow.atlas.clusters import Clusters
from winnow.atlas.orders import cluster_coverage, example_order, tour_order, unusual_order
from winnow.atlas.pairs import Pairs

__all__ = ["Atlas", "Clusters", "Pairs", "cluster_coverage", "example_order", "tour_order", "unusual_order"]
