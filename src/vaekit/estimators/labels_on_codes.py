"""A classifier of scikit-learn on the codes of a model of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.semi_supervised import LabelSpreading

__all__ = ["fit_on_codes"]

_NEIGHBOURS = 10
_MOST_ROWS = 20_000


def fit_on_codes(
    codes: NDArray[np.float32], label: NDArray[np.int64], *, seed: int
) -> LabelSpreading:
    """Let known labels spread to near codes: label spreading over the 10 nearest neighbours.

    On validation rows of MNIST it was better with 100 labels, and as good with 1000, as the
    support vector machine on the same codes.

    Args:
        codes: (N, D).
        label: (N,) -1 where it is unknown.
        seed: of the choice of 20,000 rows without a label, where there are more.

    Returns:
        The classifier, fitted.

    Source:
        Zhou et al. 2004, "Learning with local and global consistency", NIPS 16.
    """
    unknown = np.random.default_rng(seed).permutation(np.flatnonzero(label < 0))
    kept = np.sort(np.concatenate([np.flatnonzero(label >= 0), unknown[:_MOST_ROWS]]))
    neighbours = min(_NEIGHBOURS, len(kept) - 1)
    # alpha is the share of its label that a row takes from its neighbours
    made = LabelSpreading(kernel="knn", n_neighbors=neighbours, alpha=0.8, max_iter=200)
    return made.fit(codes[kept], label[kept])
