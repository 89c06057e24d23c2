import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.data import dataset_from_arrays
from vaekit.data.preprocessing import fit_statistics, mean_and_deviation
from vaekit.errors import ConfigError


@settings(deadline=None, max_examples=50)
@given(count=st.integers(1, 50), offset=st.floats(-1e4, 1e4), seed=st.integers(0, 99))
def test_mean_and_deviation_are_those_of_the_whole(count, offset, seed):
    rows = np.random.default_rng(seed).normal(offset, 2, (count, 2))
    mean, deviation = mean_and_deviation(rows, index=np.arange(count))
    assert np.allclose(mean, rows.mean(axis=0), rtol=1e-12, atol=1e-12)
    assert np.allclose(deviation, rows.std(axis=0), rtol=1e-9, atol=1e-9)


def test_pieces_join_exactly(monkeypatch):
    rows = np.random.default_rng(0).normal(1e6, 1, (2**17, 17))  # more than one piece of 2**20
    mean, deviation = mean_and_deviation(rows, index=np.arange(len(rows)))
    assert np.allclose(mean, rows.mean(axis=0), rtol=1e-14)
    assert np.allclose(deviation, rows.std(axis=0), rtol=1e-9)


def test_a_constant_column_has_deviation_zero_and_scale_one():
    rows = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    rows[:, 1] = 0.1
    with pytest.warns(match="one value only"):
        data = dataset_from_arrays(rows)
    found = fit_statistics(data, scale="standard")
    assert found.scale[1] == 1
    assert abs(found.shift[1] - np.float32(0.1)) < 1e-12


def test_statistics_come_from_training_rows_only():
    rows = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    data = dataset_from_arrays(rows)
    training = rows[data.split.train]
    changed = rows.copy()
    changed[data.split.test] = 1e6
    for scale in ("standard", "unit"):
        one = fit_statistics(data, scale=scale)
        other = fit_statistics(dataset_from_arrays(changed), scale=scale)
        assert np.array_equal(one.shift, other.shift)
        assert np.array_equal(one.scale, other.scale)
    assert np.allclose(fit_statistics(data, scale="standard").shift, training.mean(axis=0))


@pytest.mark.parametrize(
    ("rows", "scale", "scaling", "support"),
    [
        ([[0.0, 0.5], [0.2, 1.0], [0.1, 0.3]], "auto", "unit", "unit"),
        ([[0, 1], [1, 0], [1, 1]], "auto", "unit", "binary"),
        ([[0, 1], [1, 0], [1, 1]], "none", "none", "binary"),
        ([[0.0, 0.5], [0.2, 1.0], [0.1, 0.3]], "none", "none", "unit"),
        ([[-1.0, 3.0], [0.2, 4.0], [0.1, 5.0]], "auto", "standard", "real"),
        ([[-1.0, 3.0], [0.2, 4.0], [0.1, 5.0]], "none", "none", "real"),
        ([[-1.0, 3.0], [0.2, 4.0], [0.1, 5.0]], "unit", "unit", "unit"),
    ],
)
def test_scaling_and_support(rows, scale, scaling, support):
    data = dataset_from_arrays(rows, test=0, validation=0)
    found = fit_statistics(data, scale=scale)
    assert (found.scaling, found.support) == (scaling, support)


def test_unknown_scale():
    with pytest.raises(ConfigError, match="auto, unit, standard or none; got 'minmax'"):
        fit_statistics(dataset_from_arrays(np.eye(4)), scale="minmax")
