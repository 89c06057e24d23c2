"""Several tables at once: the same imputers and detectors as one after another."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaekit.errors import ConfigError
from vaekit.estimators import VAEImputer, fit_imputers, fitting
from vaekit.estimators.fitting import TableTask, choose_settings, fit_table, fit_tables
from vaekit.models import ColumnSpec, Missingness
from vaekit.training import fit_stacked


@pytest.fixture
def stacks(monkeypatch):
    """How many models were trained as one, each time."""
    found = []

    def note(steps, **given):
        found.append(len(steps))
        fit_stacked(steps, **given)

    monkeypatch.setattr(fitting, "fit_stacked", note)
    monkeypatch.setattr(fitting, "_WORTH_STEPS", 20)
    return found


def quick(**settings):
    chosen = {"hidden": (4,), "latent_dim": 2, "samples": 2, "epochs": 3, "batch_size": 10}
    return VAEImputer(imputation_samples=20, **{**chosen, **settings})


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
            seen=np.where(draw.random(table.shape) < 0.2, np.nan, table),
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
        alone = fit_table(task.seen, specs=task.specs, settings=SETTINGS, seed=task.seed)
        for a, b in zip(alone.parameters(), model.parameters(), strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-3, atol=1e-4)


def test_a_few_steps_are_not_worth_a_recording(stacks):
    fit_tables(tasks(), settings=replace(SETTINGS, epochs=1))
    assert not stacks


def test_models_of_the_gaps_are_trained_one_after_another(stacks):
    models = fit_tables(tasks(gaps=True), settings=SETTINGS)
    assert not stacks
    for task, model in zip(tasks(gaps=True), models, strict=True):
        alone = fit_table(
            task.seen,
            specs=task.specs,
            settings=SETTINGS,
            seed=task.seed,
            missingness=task.missingness,
        )
        for a, b in zip(alone.parameters(), model.parameters(), strict=True):
            np.testing.assert_array_equal(a.detach(), b.detach())
