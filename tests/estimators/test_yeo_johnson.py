"""Powers of columns against those of scipy, and what they may not do to a value far away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew, yeojohnson, yeojohnson_llf

from vaekit.estimators.yeo_johnson import fit_yeo_johnson
from vaekit.tables import Column


def real(count):
    return [Column(name=f"x{number}", kind="real") for number in range(count)]


def skewed(rows=300):
    draw = np.random.default_rng(0)
    gamma = draw.gamma(3.0, size=rows)
    return np.column_stack([5 + 2 * gamma, -gamma, draw.normal(size=rows), np.exp(2 * gamma)])


def test_a_power_is_the_most_probable_between_0_and_2():
    cells = skewed()
    powers = fit_yeo_johnson(cells, columns=real(4))
    standard = (cells - cells.mean(0)) / cells.std(0)
    for place, power in enumerate(powers.lambdas):
        tried = [yeojohnson_llf(each, standard[:, place]) for each in np.linspace(0, 2, 41)]
        assert power == pytest.approx(np.linspace(0, 2, 41)[np.argmax(tried)])
        wanted = yeojohnson(standard[:, place], power)
        assert powers.transform(cells)[:, place] == pytest.approx(wanted)
    before, after = (np.abs(skew(each)) for each in (cells, powers.transform(cells)))
    assert (after[[0, 1, 3]] < before[[0, 1, 3]]).all()


def test_gaps_constants_and_other_kinds_stay_as_they_are():
    cells = skewed()
    cells[::3, 0] = np.nan
    cells[:, 2] = 7.0
    columns = [*real(3), Column(name="n", kind="count")]
    powers = fit_yeo_johnson(cells, columns=columns)
    found = powers.transform(cells)
    assert powers.places.tolist() == [0, 1]
    assert np.array_equal(np.isnan(found), np.isnan(cells))
    assert np.array_equal(found[:, 2:], cells[:, 2:])
    known = fit_yeo_johnson(cells[~np.isnan(cells[:, 0])], columns=columns)
    assert known.lambdas[0] == powers.lambdas[0]
    assert fit_yeo_johnson(cells[:, 2:3], columns=real(1)).places.tolist() == []


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=6))
def test_the_order_is_kept_and_far_stays_far(asked):
    powers = fit_yeo_johnson(skewed(), columns=real(4))
    asked = np.sort(asked)
    found = powers.transform(np.repeat(asked[:, None], 4, axis=1))
    assert (np.diff(found, axis=0) >= 0).all()
    far = powers.transform(np.array([[-1e300] * 4, [1e300] * 4]))
    assert np.isfinite(far).all()
    assert (np.abs(far) > 10).all()
