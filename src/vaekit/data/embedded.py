"""Data sets that come inside scikit-learn: no file, no download."""

from itertools import pairwise

import numpy as np

from vaekit.data.contents import Contents

__all__ = ["breast_cancer", "digits", "swiss_roll"]

ROLL_ROWS = 3000
ROLL_NOISE = 0.3
ROLL_BINS = 6


def digits() -> Contents:
    """1797 handwritten digits of 8x8 pixels with 17 levels of grey, 0 to 16.

    Returns:
        Rows (1797, 64) uint8, labels 0 to 9.

    Source:
        Alpaydin and Kaynak (1998), UCI optical recognition of handwritten digits, test part.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return Contents(
        rows=found.data.astype(np.uint8),
        shape=(1, 8, 8),
        labels=found.target.astype(np.int64),
        classes=tuple(str(name) for name in found.target_names),
        known_range=(0.0, 16.0),
    )


def breast_cancer() -> Contents:
    """569 breast masses, 30 measures of cell nuclei each, malignant or benign.

    Returns:
        Rows (569, 30) float32.

    Source:
        Street, Wolberg and Mangasarian (1993), UCI breast cancer Wisconsin (diagnostic).
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    return Contents(
        rows=found.data.astype(np.float32),
        shape=(30,),
        columns=tuple(str(name) for name in found.feature_names),
        labels=found.target.astype(np.int64),
        classes=tuple(str(name) for name in found.target_names),
    )


def swiss_roll() -> Contents:
    """3000 points near a rolled-up sheet; the label says how far along the roll a point is.

    Returns:
        Rows (3000, 3) float32; the label is one of six equal parts of the angle, from the
        inner end of the roll (1.5 pi) to the outer one (4.5 pi).

    Source:
        Marsland (2009), Machine Learning: An Algorithmic Perspective, chapter 6.
    """
    from sklearn.datasets import make_swiss_roll

    points, angle = make_swiss_roll(ROLL_ROWS, noise=ROLL_NOISE, random_state=0)
    edges = np.linspace(1.5, 4.5, ROLL_BINS + 1)
    return Contents(
        rows=points.astype(np.float32),
        shape=(3,),
        columns=("x", "y", "z"),
        labels=np.digitize(angle / np.pi, edges[1:-1]).astype(np.int64),
        classes=tuple(f"{a:.1f}-{b:.1f} pi" for a, b in pairwise(edges)),
    )
