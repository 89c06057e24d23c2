import numpy as np
import pytest

from vaekit.data import sources as embedded


def test_digits():
    found = embedded.digits()
    assert found.rows.shape == (1797, 64)
    assert (found.rows.min(), found.rows.max(), found.value_range) == (0, 16, (0.0, 16.0))
    assert found.classes == tuple("0123456789")
    # The first digit is a zero: dark in the middle, bright around it.
    first = found.rows[0].reshape(8, 8)
    assert found.labels[0] == 0
    assert first[3:5, 3:5].sum() < first[3:5, 2].sum() + first[3:5, 5].sum()


def test_breast_cancer():
    found = embedded.breast_cancer()
    assert found.rows.shape == (569, 30)
    assert found.columns[0] == "mean radius"
    assert np.bincount(found.labels).tolist() == [212, 357]
    assert found.classes == ("malignant", "benign")


def test_swiss_roll_is_the_same_each_time_and_labelled_along_the_roll():
    found, again = embedded.swiss_roll(), embedded.swiss_roll()
    assert np.array_equal(found.rows, again.rows)
    distance = np.hypot(found.rows[:, 0], found.rows[:, 2])
    means = [distance[found.labels == place].mean() for place in range(6)]
    assert means == sorted(means)
    # On the sheet the distance from the axis is the angle: 1.5 pi to 4.5 pi.
    assert distance.min() == pytest.approx(1.5 * np.pi, abs=1.5)
    assert distance.max() == pytest.approx(4.5 * np.pi, abs=1.5)
