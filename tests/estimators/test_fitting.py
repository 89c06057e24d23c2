"""Training on tables: several at once, and with weights of columns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from oracle import LinearGaussian

from vaekit.errors import ConfigError
from vaekit.estimators import VAEImputer, VariationalAutoencoder, fit_imputers, fitting
from vaekit.estimators.fitting import TableTask, choose_settings, fit_tables
from vaekit.models import ColumnSpec, Missingness, row_log_prob
from vaekit.numerics import logmeanexp
from vaekit.objectives import Bound
from vaekit.training import Step, fit_stacked

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
        step = Step(oracle.model, objective, samples=3, has_missing=True, weights=weights)
        output = step(rows)
        found[weights] = output.losses["model"], output.sums
    (loss, sums), (same, _), (other, reported) = found.values()
    assert same == pytest.approx(float(loss))
    assert abs(other - loss) > 0.1
    assert reported["loss"] == pytest.approx(float(other) * len(rows))
    for name in ("distortion", "rate", "bound"):
        assert torch.allclose(sums[name], reported[name])


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


@pytest.fixture
def stacks(monkeypatch):
    """How many models were trained as one, each time."""
    found = []

    def note(steps, **given):
        found.append(len(steps))
        fit_stacked(steps, **given)

    monkeypatch.setattr(fitting, "fit_stacked", note)
    monkeypatch.setattr(fitting, "_MIN_STACKED_STEPS", 20)
    return found


def quick(**settings):
    chosen = {"hidden": (4,), "latent_dim": 2, "samples": 2, "epochs": 3, "batch_size": 10}
    return VAEImputer(imputation_samples=20, method="vae", **{**chosen, **settings})


def frame(seed):
    """Columns of every kind that a model has, with gaps."""
    draw = np.random.default_rng(seed)
    rows = 100
    made = pd.DataFrame(
        {
            "height": draw.normal(170, 10, rows),
            "income": np.exp(draw.normal(8, 1, rows)),
            "children": pd.array(draw.integers(0, 6, rows), dtype="Int64"),
            "member": pd.array(draw.random(rows) < 0.5, dtype="boolean"),
            "town": np.tile(["Aachen", "Bonn", "Celle", "Dorsten"], rows // 4),
            "pet": np.tile(["cat", "dog", "hen", "fox", "owl"], rows // 5),
            "grade": pd.Categorical(
                draw.choice(["low", "mid", "high"], rows), ["low", "mid", "high"], ordered=True
            ),
            "share": draw.random(rows),
        }
    )
    return made.mask(draw.random(made.shape) < 0.2)


def test_imputers_learn_at_once_what_they_learn_alone(stacks):
    kinds = {"share": "bounded:0:1", "income": "positive"}
    tables = [frame(seed) for seed in range(2)]
    apart, together = (
        [quick(kinds=kinds, random_state=seed) for seed in range(2)] for _ in range(2)
    )
    for imputer, table in zip(apart, tables, strict=True):
        imputer.fit(table)
    assert not stacks
    fit_imputers(together, tables)
    assert stacks == [2]
    for one, other in zip(apart, together, strict=True):
        for a, b in zip(one.model_.parameters(), other.model_.parameters(), strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-3, atol=1e-4)
        assert one.seed_ == other.seed_


def test_the_check_of_several_imputers_is_theirs(stacks):
    draw = np.random.default_rng(0)
    table = draw.normal(size=(80, 1)) * [1.0, 2.0, 3.0] + draw.normal(size=(80, 3))
    alone = quick(check=0.2, random_state=0).fit(table)
    together = [quick(check=0.2, random_state=seed) for seed in range(2)]
    fit_imputers(together, [table, table])
    assert stacks == [2, 2]
    assert together[0].report_.cells == alone.report_.cells
    for name, error in alone.report_.numbers.items():
        assert together[0].report_.numbers[name] == pytest.approx(error, rel=1e-2)


def test_imputers_that_cannot_share_are_fitted_all_the_same(stacks):
    draw = np.random.default_rng(0)
    tables = [draw.normal(size=(50, 3)), draw.normal(size=(50, 4)), np.ones((5, 2))]
    imputers = [quick(random_state=seed, epochs=5) for seed in range(3)]
    fit_imputers(imputers, tables)
    assert not stacks
    assert [imputer.model_ is None for imputer in imputers] == [False, False, True]


def test_one_table_for_each():
    with pytest.raises(ConfigError, match="one table for each imputer; got 1 and 2"):
        fit_imputers([quick()], [np.ones((3, 2)), np.ones((3, 2))])


def tasks(*, gaps=False):
    """Two tables whose lengths differ by less than a batch."""
    draw = np.random.default_rng(0)
    specs = [ColumnSpec("real")] * 3
    tables = [draw.normal(size=(rows, 3)) for rows in (48, 50)]
    return [
        TableTask(
            rows=np.where(draw.random(table.shape) < 0.2, np.nan, table),
            specs=specs,
            seed=seed,
            missingness=Missingness(specs, kind="self-masking", has_missing=[True] * 3)
            if gaps
            else None,
        )
        for seed, table in enumerate(tables)
    ]


SETTINGS = choose_settings(rows=48, latent_dim=2, hidden=(4,), samples=2, epochs=5, batch_size=12)


def test_tables_that_differ_by_a_few_rows_share(stacks):
    models = fit_tables(tasks(), settings=SETTINGS)
    assert stacks == [2]
    for task, model in zip(tasks(), models, strict=True):
        (alone,) = fit_tables([task], settings=SETTINGS)
        for a, b in zip(alone.parameters(), model.parameters(), strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-3, atol=1e-4)


def test_a_few_steps_are_not_worth_a_recording(stacks):
    fit_tables(tasks(), settings=replace(SETTINGS, epochs=1))
    assert not stacks


def test_models_of_the_gaps_are_trained_one_after_another(stacks):
    models = fit_tables(tasks(gaps=True), settings=SETTINGS)
    assert not stacks
    for task, model in zip(tasks(gaps=True), models, strict=True):
        (alone,) = fit_tables([task], settings=SETTINGS)
        for a, b in zip(alone.parameters(), model.parameters(), strict=True):
            np.testing.assert_array_equal(a.detach(), b.detach())
