"""modAL 0.4.2.1 on the tasks: ActiveLearner with logistic regression, fitted anew after every verdict.

    python -m venv modal && modal/bin/pip install modAL-python==0.4.2.1 "scikit-learn<1.6" "numpy<2"
    modal/bin/python benchmarks/peer_modal.py --cache runs

find_all asks for the row most probably positive (a query function of one's own, as its documentation shows), teach for
the most uncertain one (modAL.uncertainty.uncertainty_sampling).
"""

import numpy as np
from modAL.models import ActiveLearner
from modAL.uncertainty import uncertainty_sampling
from numpy.typing import NDArray
from peer_replay import main
from sklearn.linear_model import LogisticRegression


def most_probable(
    classifier: ActiveLearner, pool: NDArray[np.float32], n_instances: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of the pool and their probabilities: modAL takes two rows alone for such a pair."""
    probability = classifier.predict_proba(pool)[:, 1]
    rows = np.argsort(-probability, kind="stable")[:n_instances]
    return rows, probability[rows]


class ModAL:
    def __init__(
        self, vectors: NDArray[np.float32], rows: NDArray[np.int64], values: NDArray[np.int8], goal: str, seed: int
    ) -> None:
        self._vectors = vectors
        self._learner = ActiveLearner(
            estimator=LogisticRegression(max_iter=1000),
            query_strategy=most_probable if goal == "find_all" else uncertainty_sampling,
            X_training=vectors[rows],
            y_training=values,
        )

    def tell(self, rows: NDArray[np.int64], values: NDArray[np.int8]) -> None:
        self._learner.teach(self._vectors[rows], values)

    def next_rows(self, open_rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        places, _ = self._learner.query(self._vectors[open_rows], n_instances=k)
        return open_rows[places]

    def probability(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._learner.predict_proba(vectors)[:, 1]


if __name__ == "__main__":
    main("modal", ModAL)
