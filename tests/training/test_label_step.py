"""Rows with and without labels in one step, against a model whose evidence is known."""

import numpy as np
import pytest
import torch
from labelled_oracle import LabelledLinearGaussian

from vaekit.config import TrainingConfig
from vaekit.data import BalancedBatches
from vaekit.models import (
    Amortized,
    Bernoulli,
    DiagonalGaussian,
    Label,
    LabelledAmortized,
    LabelledVAE,
    LabelPrior,
    StandardNormal,
)
from vaekit.networks import MLP, LabelledMLP
from vaekit.objectives import Bound
from vaekit.training import LabelStep, fit


def rows_of(oracle, known):
    label = torch.where(known, oracle.label, -1).to(oracle.x)
    return torch.cat([oracle.x, label.unsqueeze(-1)], -1)


def test_the_loss_is_that_of_the_whole_data_set():
    """By the shares, not by how many rows of each kind are in the batch."""
    oracle = LabelledLinearGaussian()
    known = torch.tensor([True, True, True, False, False, False, False, False])
    labelled = oracle.log_pxy.gather(0, oracle.label.unsqueeze(0)).squeeze(0)
    wrong = -oracle.model.log_qy(oracle.x).gather(-1, oracle.label.unsqueeze(-1)).squeeze(-1)
    means = labelled[known].mean(), oracle.log_px[~known].mean(), wrong[known].mean()
    step = LabelStep(oracle.model, Bound(), share=0.25, alpha=0.7)
    losses, sums = step(rows_of(oracle, known))
    loss = losses["model"]
    bound = 0.25 * means[0] + 0.75 * means[1]
    assert float(loss) == pytest.approx(float(-bound + 0.7 * means[2]))
    assert float(sums["loss"]) == pytest.approx(8 * float(loss), rel=1e-6)
    assert float(sums["bound"]) == pytest.approx(8 * float(bound), rel=1e-6)


def test_rows_of_one_kind_are_a_batch_too():
    oracle = LabelledLinearGaussian()
    none = rows_of(oracle, torch.zeros(8, dtype=torch.bool))
    loss = LabelStep(oracle.model, Bound(), share=0.0)(none).losses["model"]
    assert float(loss) == pytest.approx(-float(oracle.log_px.mean()))
    every = rows_of(oracle, torch.ones(8, dtype=torch.bool))
    loss = LabelStep(oracle.model, Bound(), share=1.0, alpha=0.0)(every).losses["model"]
    expected = oracle.log_pxy.gather(0, oracle.label.unsqueeze(0)).mean()
    assert float(loss) == pytest.approx(-float(expected))


def test_without_a_classifier_labelled_rows_are_enough():
    oracle = LabelledLinearGaussian(classifier=False)
    every = rows_of(oracle, torch.ones(8, dtype=torch.bool))
    loss = LabelStep(oracle.model, Bound(), share=1.0)(every).losses["model"]
    expected = oracle.log_pxy.gather(0, oracle.label.unsqueeze(0)).mean()
    assert float(loss) == pytest.approx(-float(expected))


def test_what_is_unknown_about_a_row_is_filled_before_the_preprocessing():
    seen = []

    class Twice(torch.nn.Module):
        def forward(self, rows):
            seen.append(rows)
            return 2 * rows

    oracle = LabelledLinearGaussian()
    rows = rows_of(oracle, torch.ones(8, dtype=torch.bool))
    rows[0, 0] = torch.nan
    step = LabelStep(oracle.model, Bound(), share=1.0, preprocessing=Twice(), has_missing=True)
    assert torch.isfinite(step(rows).losses["model"])
    assert seen[0][0, 0] == 0
    assert torch.equal(seen[0][1:], oracle.x[1:])


def two_blobs(rows=400):
    """Six bits that are mostly alike; one label of each kind is known."""
    draw = np.random.default_rng(0)
    label = np.arange(rows) % 2
    bits = (draw.random((rows, 6)) < np.where(label, 0.9, 0.1)[:, None]).astype(np.float32)
    shown = np.where(np.arange(rows) < 2, label, -1).astype(np.float32)
    return bits, label, np.concatenate([bits, shown[:, None]], 1)


def test_two_labels_and_the_shape_of_the_data_are_enough():
    bits, label, rows = two_blobs()
    torch.manual_seed(0)
    model = LabelledVAE(
        label_prior=LabelPrior([1.0, 1.0]),
        prior=StandardNormal(1),
        posterior=LabelledAmortized(
            LabelledMLP(6, classes=2, hidden=[8], out_features=2), DiagonalGaussian(1)
        ),
        likelihood=LabelledAmortized(
            LabelledMLP(1, classes=2, hidden=[8], out_features=6), Bernoulli(6)
        ),
        classifier=Amortized(MLP(6, [8], 2), Label(2)),
    )
    batches = BalancedBatches(
        rows, many=np.arange(2, 400), few=np.arange(2), batch_size=52, few_size=2, seed=0
    )
    records = fit(
        LabelStep(model, Bound(), share=2 / 400, alpha=1.0),
        train=batches,
        config=TrainingConfig(epochs=40, learning_rate=1e-2, precision="32", device="cpu"),
    )
    first, last = (record["train"]["bound"] for record in (records[0], records[-1]))
    assert last > first + 0.3
    with torch.no_grad():
        told = model.log_qy(torch.from_numpy(bits)).argmax(-1).numpy()
    assert (told == label).mean() > 0.9
