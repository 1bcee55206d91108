"""scikit-activeml 1.0.1 on the tasks: its wrapped logistic regression, fitted anew after every verdict.

    python -m venv skactiveml && skactiveml/bin/pip install scikit-activeml==1.0.1
    skactiveml/bin/python benchmarks/peer_skactiveml.py --cache runs

find_all takes the row most probably positive by SklearnClassifier's predict_proba (the library has no such query),
teach queries by UncertaintySampling (least confident).
"""

import numpy as np
from numpy.typing import NDArray
from peer_replay import main
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import UncertaintySampling
from sklearn.linear_model import LogisticRegression


class SkActiveML:
    def __init__(
        self, vectors: NDArray[np.float32], rows: NDArray[np.int64], values: NDArray[np.int8], goal: str, seed: int
    ) -> None:
        self._vectors, self._goal = vectors, goal
        self._values = np.full(len(vectors), np.nan)
        self._values[rows] = values
        self._query = UncertaintySampling(method="least_confident", random_state=seed)
        self._classifier = SklearnClassifier(LogisticRegression(max_iter=1000), classes=[0, 1], random_state=seed)
        self._fit()

    def _fit(self) -> None:
        known = np.isfinite(self._values)
        self._classifier.fit(self._vectors[known], self._values[known])

    def tell(self, rows: NDArray[np.int64], values: NDArray[np.int8]) -> None:
        self._values[rows] = values
        self._fit()

    def next_rows(self, open_rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        if self._goal == "find_all":
            return open_rows[np.argsort(-self.probability(self._vectors[open_rows]), kind="stable")[:k]]
        return self._query.query(
            self._vectors, self._values, self._classifier, candidates=open_rows, fit_clf=False, batch_size=k
        )

    def probability(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._classifier.predict_proba(vectors)[:, 1]


if __name__ == "__main__":
    main("skactiveml", SkActiveML)
