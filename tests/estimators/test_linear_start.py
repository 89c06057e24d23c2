"""Starting the model of a table at the factor analysis of its columns."""

import numpy as np
import torch

from vaekit.estimators.fitting import TableSettings, build_table_model
from vaekit.estimators.linear_start import fit_factors
from vaekit.inference import impute_means
from vaekit.models import ColumnSpec

SETTINGS = TableSettings(
    latent_dim=3, hidden=(8,), samples=5, epochs=1, batch_size=64, learning_rate=1e-2
)


def test_loadings_and_noise_give_the_covariance_back():
    draw = np.random.default_rng(0)
    loadings, noise = draw.normal(size=(8, 2)), draw.uniform(0.2, 1.0, 8)
    covariance = loadings @ loadings.T + np.diag(noise)
    found, variances = fit_factors(covariance, factors=2)
    assert found.shape == (8, 2)
    assert np.abs(found @ found.T + np.diag(variances) - covariance).max() < 0.1


def test_fewer_features_than_factors_leave_the_rest_at_zero():
    found, variances = fit_factors(np.array([[1.0, 0.9], [0.9, 1.0]]), factors=4)
    assert found.shape == (2, 4)
    assert not found[:, 1:].any()
    assert (variances > 0).all()


def test_an_untrained_model_imputes_columns_of_every_kind():
    draw = np.random.default_rng(1)
    z = draw.normal(size=(400, 1))
    score = 2 * z[:, 0]
    rows = np.column_stack(
        [
            score + 0.1 * draw.normal(size=400),
            np.exp(z[:, 0]),
            (score > 0).astype(float),
            np.digitize(score, [-1, 1]),
            np.digitize(score, [-1, 1]),
        ]
    )
    rows[:, 0] = (rows[:, 0] - rows[:, 0].mean()) / rows[:, 0].std()
    specs = [
        ColumnSpec("real"),
        ColumnSpec("positive", scale=1.0),
        ColumnSpec("binary", levels=2),
        ColumnSpec("categorical", levels=3),
        ColumnSpec("ordinal", levels=3),
    ]
    torch.manual_seed(0)
    model = build_table_model(specs, settings=SETTINGS, rows=rows)
    hidden = draw.random(rows.shape) < 0.2
    means, levels = impute_means(model, rows=np.where(hidden, np.nan, rows), samples=200)
    numbers = hidden[:, :1]
    assert np.square(means[:, :1] - rows[:, :1])[numbers].mean() < 0.35
    for column, least in ((2, 0.8), (3, 0.7), (4, 0.6)):
        right = levels[column].argmax(1) == rows[:, column]
        assert right[hidden[:, column]].mean() > least
