"""Analyses of imputed tables: their grammar, and their numbers against textbook formulas."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from vaekit.errors import ConfigError
from vaekit.estimators import parse_analysis


@pytest.fixture
def tables():
    draw = np.random.default_rng(0)
    frames = []
    for _ in range(3):
        age = draw.uniform(20, 60, 40)
        income = 100 * age + 500 * draw.normal(size=40)
        town = np.repeat(["Bath", "York"], 20)
        frames.append(pd.DataFrame({"income": income, "age": age, "town": town}))
    return frames


def test_means_of_groups(tables):
    found = parse_analysis("mean(income) by town").pool(tables)
    assert list(found) == ["Bath", "York"]
    parts = [table.income[table.town == "York"] for table in tables]
    means, variances = ([f(part) for part in parts] for f in (np.mean, lambda p: p.var() / 20))
    assert found["York"].estimate == pytest.approx(np.mean(means))
    total = np.mean(variances) + 4 / 3 * np.var(means, ddof=1)
    assert found["York"].standard_error == pytest.approx(np.sqrt(total))


def test_shares_of_numbers_and_of_words(tables):
    found = parse_analysis(" share( income>=4000 ) ").pool(tables)["all"]
    assert found.estimate == pytest.approx(np.mean([(t.income >= 4000).mean() for t in tables]))
    assert parse_analysis("share(town = Bath)").pool(tables)["all"].estimate == 0.5
    assert parse_analysis("share(town != Bath)").pool(tables)["all"].estimate == 0.5


def test_a_slope_is_that_of_least_squares(tables):
    found = parse_analysis("slope(income ~ age)").pool([tables[0]] * 2)["all"]
    oracle = linregress(tables[0].age, tables[0].income)
    assert found.estimate == pytest.approx(oracle.slope)
    assert found.standard_error == pytest.approx(oracle.stderr)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("median(income)", "expected mean"),
        ("mean()", "expected mean"),
        ("share(income)", "expected share"),
        ("slope(income)", "slope.Y ~ X"),
        ("mean(incom)", 'did you mean "income"'),
        ("mean(income) by towns", 'did you mean "town"'),
        ("mean(town)", "words or dates"),
        ("share(income > much)", "a number after >"),
    ],
)
def test_what_cannot_be_computed_is_named(tables, text, said):
    with pytest.raises(ConfigError, match=said):
        parse_analysis(text).pool(tables)


def test_cells_that_are_still_missing_are_refused(tables):
    tables[0].loc[3, "income"] = np.nan
    with pytest.raises(ConfigError, match="still missing"):
        parse_analysis("mean(income)").pool(tables)
