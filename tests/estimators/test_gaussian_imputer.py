"""The Gaussian imputer: closed forms, monotone likelihood, tables of all kinds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch.distributions import MultivariateNormal

from vaekit.errors import ConfigError
from vaekit.estimators import GaussianImputer
from vaekit.estimators.gaussian import Gaussian, fit_gaussian


@parametrize_with_checks([GaussianImputer(max_iter=5)])
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def gaussian_rows(rows=400, *, share=0.3, seed=0):
    """Correlated rows, and the same with gaps."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=(rows, 2)) @ draw.normal(size=(2, 5)) + 0.3 * draw.normal(
        size=(rows, 5)
    )
    truth = (truth - truth.mean(0)) / truth.std(0)
    return truth, np.where(draw.random(truth.shape) < share, np.nan, truth)


def test_complete_rows_give_their_moments_and_the_ridge():
    truth, _ = gaussian_rows()
    fitted = fit_gaussian(truth, ridge=0.01)
    assert fitted.mean == pytest.approx(truth.mean(0), abs=1e-12)
    assert fitted.covariance == pytest.approx(np.cov(truth.T, bias=True) + 0.01 * np.eye(5))


def test_the_objective_never_falls():
    _, rows = gaussian_rows(share=0.5)
    steps = np.diff(fit_gaussian(rows, max_iter=60, tol=0.0).objective)
    assert len(steps) > 10
    assert steps.min() > -1e-7


def test_the_log_likelihood_is_that_of_the_known_features():
    import torch

    _, rows = gaussian_rows(20)
    fitted = fit_gaussian(rows)
    found = 0.0
    for row in rows:
        at = np.flatnonzero(~np.isnan(row))
        if len(at):
            p = MultivariateNormal(
                torch.tensor(fitted.mean[at]), torch.tensor(fitted.covariance[np.ix_(at, at)])
            )
            found += float(p.log_prob(torch.tensor(row[at])))
    assert fitted.expect(rows)[2] == pytest.approx(found)


def test_a_monotone_pattern_has_the_regression_of_its_complete_rows():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 1)) * [1.0, 0.8] + draw.normal(size=(200, 2))
    rows[120:, 1] = np.nan
    fitted = fit_gaussian(rows, ridge=1e-9, max_iter=5000, tol=1e-13)
    slope, intercept = np.polyfit(rows[:120, 0], rows[:120, 1], 1)
    assert fitted.mean[0] == pytest.approx(rows[:, 0].mean())
    assert fitted.mean[1] == pytest.approx(intercept + slope * rows[:, 0].mean(), abs=1e-4)


def test_means_and_deviations_are_conditional():
    known = Gaussian(mean=np.array([1.0, 2.0]), covariance=np.array([[1.0, 0.6], [0.6, 2.0]]))
    filled, spread = known.fill(np.array([[2.0, np.nan], [np.nan, np.nan], [0.0, 0.0]]))
    assert filled == pytest.approx(np.array([[2.0, 2.6], [1.0, 2.0], [0.0, 0.0]]))
    assert spread == pytest.approx(
        np.array([[0.0, np.sqrt(2 - 0.36)], [1.0, np.sqrt(2)], [0.0, 0.0]])
    )


def test_noise_has_the_conditional_covariance():
    known = Gaussian(mean=np.zeros(3), covariance=np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    rows = np.full((20_000, 3), np.nan)
    rows[:, 0] = 1.0
    noise = known.noise(rows, draw=np.random.default_rng(0))
    assert (noise[:, 0] == 0).all()
    assert np.cov(noise[:, 1:].T) == pytest.approx(np.array([[0.75, 0.25], [0.25, 0.75]]), abs=0.03)


def test_intervals_cover_and_draws_spread_as_promised():
    truth, rows = gaussian_rows(1000)
    made = GaussianImputer(random_state=0).fit(rows).complete(rows, multiple=3, coverage=0.9)
    gaps = np.isnan(rows)
    assert 0.87 < ((made.low <= truth) & (truth <= made.high))[gaps].mean() < 0.95
    error = ((made.filled - truth)[gaps] ** 2).mean()
    assert ((made.draws[0] - made.filled)[gaps] ** 2).mean() == pytest.approx(error, rel=0.15)
    assert not np.array_equal(made.draws[0], made.draws[1])


def test_a_row_is_filled_alike_in_any_company():
    _, rows = gaussian_rows()
    fitted = GaussianImputer().fit(rows)
    whole = fitted.transform(rows)
    assert fitted.transform(rows[10:13]) == pytest.approx(whole[10:13], abs=1e-12)


def test_it_beats_the_mean_on_mixed_frames_and_draws_levels_at_their_rates():
    draw = np.random.default_rng(0)
    size = draw.normal(size=500)
    frame = pd.DataFrame(
        {
            "height": 170 + 10 * size,
            "sex": np.where(size + 0.3 * draw.normal(size=500) > 0, "m", "f"),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], 500, p=[0.5, 0.3, 0.2]),
            "planet": "Earth",
        }
    )
    gaps = draw.random(frame.shape) < 0.3
    made = (
        GaussianImputer(random_state=0)
        .fit(frame.mask(gaps))
        .complete(frame.mask(gaps), multiple=20)
    )
    assert not made.filled.isna().any().any()
    assert made.filled.dtypes.to_dict() == frame.dtypes.to_dict()
    assert (made.filled["sex"] == frame["sex"])[gaps[:, 1]].mean() > 0.8
    drawn = pd.concat([each["town"][gaps[:, 2]] for each in made.draws])
    assert drawn.eq("Bonn").mean() == pytest.approx(0.3, abs=0.07)
    tall = pd.concat(made.draws)["height"].groupby(pd.concat(made.draws)["sex"]).mean()
    assert tall["m"] - tall["f"] > 10


@pytest.mark.parametrize("wrong", [{"ridge": 0.0}, {"max_iter": 0}, {"tol": -1.0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match="ridge above 0"):
        GaussianImputer(**wrong).fit(gaussian_rows(20)[1])
