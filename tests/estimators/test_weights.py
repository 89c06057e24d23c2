"""Weights of columns: in the loss of training, and in nothing that is reported."""

import numpy as np
import pandas as pd
import pytest
import torch
from oracle import LinearGaussian

from vaekit.errors import ConfigError
from vaekit.estimators import VAEImputer, VariationalAutoencoder
from vaekit.models import row_log_prob
from vaekit.numerics import logmeanexp
from vaekit.objectives import Bound
from vaekit.training import Step

WEIGHTS = torch.tensor([2.0, 1.0, 0.5, 1.0, 4.0], dtype=torch.float64)


@pytest.fixture
def oracle():
    return LinearGaussian(gaps=0.3, seed=1)


def test_weights_multiply_the_log_density_of_each_column(oracle):
    torch.manual_seed(0)
    trace = oracle.model(oracle.x, samples=3, mask=oracle.mask, weights=WEIGHTS)
    each = oracle.model.likelihood(trace.z).base_dist.log_prob(oracle.x)
    each = torch.where(oracle.mask, each, 0.0)
    assert torch.allclose(trace.log_px, each.sum(-1))
    assert torch.allclose(trace.weighted_log_px, (each * WEIGHTS).sum(-1))
    p = oracle.model.likelihood(trace.z)
    assert torch.allclose(row_log_prob(p, oracle.x, weights=WEIGHTS * 0 + 1), p.log_prob(oracle.x))


@pytest.mark.parametrize("objective", [Bound(reduce=logmeanexp), Bound()])
def test_only_the_loss_has_weights(oracle, objective):
    rows = torch.where(oracle.mask, oracle.x, torch.nan)
    found = {}
    for weights in (None, torch.ones_like(WEIGHTS), WEIGHTS):
        torch.manual_seed(0)
        step = Step(oracle.model, objective, samples=3, gaps=True, weights=weights)
        found[weights] = step(rows)
    (loss, sums), (same, _), (other, reported) = found.values()
    assert same == pytest.approx(float(loss))
    assert abs(other - loss) > 0.1
    assert reported[0] == pytest.approx(float(other) * len(rows))
    assert torch.allclose(sums[1:], reported[1:])


def test_the_model_that_is_left_knows_no_weights():
    """What is said of rows afterwards cannot have them: there is no place where they are kept."""
    rows = np.random.default_rng(0).normal(size=(60, 3))
    settings = {"epochs": 1, "hidden": (4,), "random_state": 0}
    plain = VariationalAutoencoder(**settings).fit(rows)
    weighted = VariationalAutoencoder(weights={"x0": 9.0}, **settings).fit(rows)
    weighted.model_.load_state_dict(plain.model_.state_dict())
    assert np.array_equal(weighted.score_samples(rows), plain.score_samples(rows))
    assert weighted.column_nats(rows) == plain.column_nats(rows)


def rivals(rows=300):
    """Two independent columns, and one latent dimension for both."""
    draw = np.random.default_rng(0)
    return pd.DataFrame({"one": draw.normal(size=rows), "two": draw.normal(size=rows)})


def test_a_weight_moves_what_the_code_is_about():
    nats = {}
    for name in ("one", "two"):
        coder = VariationalAutoencoder(
            latent_dim=1, hidden=(8,), epochs=60, learning_rate=1e-2, weights={name: 10.0},
            random_state=0,
        ).fit(rivals())  # fmt: skip
        nats[name] = coder.column_nats(rivals())
    assert nats["one"]["one"] > nats["one"]["two"] + 1
    assert nats["two"]["two"] > nats["two"]["one"] + 1


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"tow": 2.0}, 'did you mean "two"'), ({"two": 0.0}, "above 0"), ({"two": np.inf}, "above 0")],
)
@pytest.mark.parametrize("estimator", [VAEImputer, VariationalAutoencoder])
def test_weights_that_make_no_sense_are_refused(estimator, weights, message):
    with pytest.raises(ConfigError, match=message):
        estimator(weights=weights, epochs=1).fit(rivals(20))


def test_weights_of_one_change_nothing():
    table = rivals(40).mask(np.random.default_rng(0).random((40, 2)) < 0.2)
    settings = {"epochs": 2, "hidden": (4,), "imputation_samples": 10, "random_state": 0}
    plain = VAEImputer(**settings).fit_transform(table)
    same = VAEImputer(weights={"one": 1.0}, **settings).fit_transform(table)
    other = VAEImputer(weights={"one": 5.0}, **settings).fit_transform(table)
    pd.testing.assert_frame_equal(plain, same)
    assert not plain.equals(other)
