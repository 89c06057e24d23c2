"""The loop: what it minimises, what it tells, and how it stops."""

import numpy as np
import pytest
import torch

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bound,
    DiagonalGaussian,
    Gaussian,
    MeanPenalty,
    StandardNormal,
    Step,
    Sum,
    fit,
)
from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.errors import ConfigError, TrainingError
from vaekit.training.loop import means, measure


def linear_vae(features=6, latent=2):
    return VAE(
        prior=StandardNormal(latent),
        posterior=Amortized(MLP(features, [], 2 * latent), DiagonalGaussian(latent)),
        likelihood=Amortized(MLP(latent, [], features), Gaussian(features)),
    )


@pytest.fixture
def rows():
    draw = np.random.default_rng(0)
    basis = np.linalg.qr(draw.normal(size=(6, 6)))[0]
    return (draw.normal(size=(600, 6)) * [3, 2, 0.5, 0.5, 0.5, 0.5] @ basis).astype(np.float32)


class Recorder:
    def __init__(self):
        self.records, self.lives, self.plan, self.reason = [], [], None, None

    def started(self, plan):
        self.plan = plan

    def live(self, live):
        self.lives.append(live)

    def epoch_ended(self, record):
        self.records.append(record)

    def ended(self, reason):
        self.reason = reason


def test_a_linear_vae_reaches_the_maximum_likelihood_of_ppca(rows):
    """Its bound is tight at the optimum, and the optimum of PPCA has a closed form."""
    centred = rows - rows.mean(0)
    values = np.linalg.eigvalsh(centred.T @ centred / len(rows))[::-1]
    noise = values[2:].mean()
    spectrum = np.concatenate([values[:2], np.full(4, noise)])
    best = -0.5 * (6 * np.log(2 * np.pi) + np.log(spectrum).sum() + 6)
    step = Step(linear_vae(), Bound())
    config = TrainingConfig(
        epochs=120, batch_size=50, learning_rate=1e-2, schedule="cosine", precision="32"
    )
    records = fit(step, train=Batches(rows, np.arange(600), batch_size=50, seed=0), config=config)
    assert records[-1]["train"]["bound"] == pytest.approx(best, abs=0.08)


def test_it_tells_what_it_does(rows, monkeypatch):
    monkeypatch.setattr("vaekit.training.loop._REFRESH_SECONDS", 0.0)
    seen = Recorder()
    train, watch = (
        Batches(rows, np.arange(500), batch_size=64, seed=0, drop_last=True),
        Batches(rows, np.arange(500, 600), batch_size=64),
    )
    records = fit(
        Step(linear_vae(), Bound()),
        train=train,
        watch=watch,
        config=TrainingConfig(epochs=2),
        callbacks=[seen],
    )
    assert seen.plan.rows == train.rows == 448
    assert seen.plan.steps == 7
    assert seen.records == records
    assert len(seen.lives) == 14
    assert seen.reason == ""
    last = records[-1]
    assert last["epoch"] == 2
    assert set(last["train"]) == set(last["validation"]) == {"loss", "distortion", "rate", "bound"}
    assert last["train"]["loss"] == pytest.approx(
        last["train"]["distortion"] + last["train"]["rate"], rel=1e-5
    )
    assert seen.lives[-1].means == pytest.approx(last["train"])
    assert last["rows_per_second"] > 0


def test_means_weigh_rows_not_batches(rows):
    step = Step(linear_vae(), Bound())
    whole = measure(step, Batches(rows, np.arange(101), batch_size=101))
    split = measure(step, Batches(rows, np.arange(101), batch_size=100))
    assert split["rate"] == pytest.approx(whole["rate"], rel=1e-5)
    assert means(torch.tensor([[1.0, 4.0]] * 5), names=["loss", "bound"], rows=10)["bound"] == 2.0


def test_measuring_uses_the_same_noise_and_leaves_the_generator_alone(rows):
    step, batches = Step(linear_vae(), Bound()), Batches(rows, np.arange(64), batch_size=64)
    before = torch.get_rng_state()
    assert measure(step, batches) == measure(step, batches)
    assert torch.equal(before, torch.get_rng_state())


def test_early_stopping_keeps_the_best_weights(rows):
    step, seen = Step(linear_vae(), Bound()), Recorder()
    watch = Batches(rows, np.arange(20, 600), batch_size=580)
    records = fit(
        step,
        train=Batches(rows, np.arange(20), batch_size=20, seed=0),
        watch=watch,
        config=TrainingConfig(
            epochs=500, learning_rate=0.05, early_stopping=20, batch_size=20, precision="32"
        ),
        callbacks=[seen],
    )
    bounds = [record["validation"]["bound"] for record in records]
    assert len(records) < 500
    assert len(records) == int(np.argmax(bounds)) + 1 + 20
    assert measure(step, watch)["bound"] == pytest.approx(max(bounds), abs=1e-6)
    assert seen.reason == "no better bound"


def test_early_stopping_needs_rows_to_watch(rows):
    with pytest.raises(ConfigError, match="validation"):
        fit(
            Step(linear_vae(), Bound()),
            train=Batches(rows, np.arange(20), batch_size=20),
            config=TrainingConfig(early_stopping=2),
        )


def test_a_loss_that_is_not_finite_stops_with_the_step_and_the_part(rows, tmp_path):
    rows[7] = 1e30
    seen = Recorder()
    with pytest.raises(TrainingError, match=r"epoch 1, step 1: the distortion is inf.*clip_norm"):
        fit(
            Step(linear_vae(), Bound()),
            train=Batches(rows, np.arange(64), batch_size=32),
            config=TrainingConfig(epochs=3),
            callbacks=[seen],
        )
    assert seen.reason == "failed"


def test_the_last_good_checkpoint_survives_a_blow_up(rows, tmp_path):
    path = tmp_path / "last.pt"
    train = Batches(rows, np.arange(64), batch_size=32)
    fit(
        Step(linear_vae(), Bound()),
        train=train,
        config=TrainingConfig(epochs=2),
        checkpoint=path,
    )
    good = path.read_bytes()
    explosive = TrainingConfig(epochs=40, learning_rate=1e18)
    with pytest.raises(TrainingError, match="last good checkpoint stays"):
        fit(
            Step(linear_vae(), Bound()),
            train=train,
            config=explosive,
            checkpoint=path,
            resume=True,
        )
    assert path.read_bytes() == good


def test_clipping_bounds_the_step(rows):
    step = Step(linear_vae(), Bound())
    before = [p.detach().clone() for p in step.parameters()]
    fit(
        step,
        train=Batches(rows, np.arange(600), batch_size=600),
        config=TrainingConfig(epochs=1, clip_norm=1e-12, learning_rate=1e-3, eps=1.0),
    )
    moved = max(
        float((p - q).detach().abs().max()) for p, q in zip(step.parameters(), before, strict=True)
    )
    assert moved < 1e-14


def test_the_schedule_of_the_rate_reaches_the_objective(rows):
    step = Step(linear_vae(), Bound())
    fit(
        step,
        train=Batches(rows, np.arange(600), batch_size=300),
        config=TrainingConfig(epochs=1),
        objective=ObjectiveConfig(schedule="linear", warmup=2),
    )
    assert float(step.objective.weight) == pytest.approx(0.25)


def test_a_schedule_that_the_objective_does_not_have_is_refused(rows):
    for objective in (Bound(beta=0.0), Sum(Bound(beta=0.0), MeanPenalty())):
        with pytest.raises(ConfigError, match="the objective has none"):
            fit(
                Step(linear_vae(), objective),
                train=Batches(rows, np.arange(600), batch_size=300),
                config=TrainingConfig(epochs=1),
                objective=ObjectiveConfig(schedule="cyclical", warmup=2),
            )


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_settings_of_the_process_are_put_back(rows, precision):
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    fit(
        Step(linear_vae(), Bound()),
        train=Batches(rows, np.arange(60), batch_size=30),
        config=TrainingConfig(epochs=1, threads=2, precision=precision),
    )
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before
