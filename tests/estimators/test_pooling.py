"""Rubin's rules against values computed by hand."""

import numpy as np
import pytest
from scipy.stats import t

from vaekit.errors import ConfigError, DataError
from vaekit.estimators import GaussianImputer, pool


def test_three_tables_by_hand():
    pooled = pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5], complete_df=20, coverage=0.9)
    between = 4 / 3  # (1 + 1/3) times a variance of 1
    share = between / (0.5 + between)
    old, observed = 2 / share**2, 21 / 23 * 20 * (1 - share)
    df, r = 1 / (1 / old + 1 / observed), between / 0.5
    assert pooled.estimate == 2
    assert pooled.standard_error**2 == pytest.approx(0.5 + between)
    assert pooled.degrees_of_freedom == pytest.approx(df)
    assert pooled.missing_information == pytest.approx((r + 2 / (df + 3)) / (r + 1))
    half = t.ppf(0.95, df) * np.sqrt(0.5 + between)
    assert [pooled.low, pooled.high] == pytest.approx([2 - half, 2 + half])


def test_equal_estimates_keep_their_variance():
    pooled = pool(np.ones((5, 2)), np.full((5, 2), 0.04))
    assert pooled.standard_error == pytest.approx(0.2)
    assert np.isinf(pooled.degrees_of_freedom).all()
    assert (pooled.missing_information == 0).all()
    assert pooled.high == pytest.approx(1 + 1.96 * 0.2, abs=1e-3)


def test_a_filled_table_is_pooled_by_a_function():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 1)) + draw.normal(size=(200, 3))
    gaps = np.where(draw.random(rows.shape) < 0.3, np.nan, rows)
    made = GaussianImputer(random_state=0).fit(gaps).complete(gaps, multiple=10)
    pooled = made.pool(lambda table: (table.mean(0), table.var(0, ddof=1) / len(table)))
    assert pooled.estimate.shape == (3,)
    assert (pooled.low < rows.mean(0)).all()
    assert (rows.mean(0) < pooled.high).all()
    assert ((pooled.missing_information > 0.05) & (pooled.missing_information < 0.5)).all()


@pytest.mark.parametrize(
    ("given", "settings", "error"),
    [
        (([1.0], [1.0]), {}, DataError),
        (([1.0, 2.0], [1.0, 2.0, 3.0]), {}, DataError),
        (([1.0, 2.0], [1.0, -1.0]), {}, DataError),
        (([1.0, 2.0], [1.0, 1.0]), {"coverage": 95}, ConfigError),
    ],
)
def test_what_cannot_be_pooled_is_refused(given, settings, error):
    with pytest.raises(error, match="expected"):
        pool(*given, **settings)
