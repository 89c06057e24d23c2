"""Products in bf16: those of autocast, and nothing else is cast."""

import numpy as np
import pytest
import torch

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bernoulli,
    Bound,
    DiagonalGaussian,
    Gaussian,
    StandardNormal,
    Step,
    fit,
)
from vaekit.config import TrainingConfig
from vaekit.models import Label, LabelledAmortized, LabelledVAE, LabelPrior
from vaekit.networks import LabelledMLP, ResNetDecoder, ResNetEncoder
from vaekit.training import LabelStep, StepOutput, TrainingStep
from vaekit.training.precision import (
    _count_convolutions,
    autocast_bf16,
    bf16_layers,
    has_large_products,
)

SIZES = [(1, 1), (128, 7), (3000, 5)]
"""Rows, of one piece and of several, and outputs."""


@pytest.fixture
def all_large(monkeypatch):
    """No layer is too small to be cast."""
    monkeypatch.setattr("vaekit.training.precision._CAST", 0)


@pytest.mark.usefixtures("all_large")
@pytest.mark.parametrize(("rows", "outputs"), SIZES)
def test_output_and_gradients_are_those_of_autocast(rows, outputs):
    layer, x = torch.nn.Linear(9, outputs), torch.randn(rows, 9)
    weight = torch.randn(rows, outputs)

    def pass_once(*, quick):
        given = x.clone().requires_grad_()
        with bf16_layers(layer, needed=quick), torch.autocast("cpu", dtype=torch.bfloat16):
            out = layer(given)
        out.backward(weight.to(out.dtype))
        found = out, given.grad, layer.weight.grad, layer.bias.grad
        layer.zero_grad()
        return [each.detach() for each in found]

    *ours, of_bias = pass_once(quick=True)
    *theirs, _ = pass_once(quick=False)
    assert ours[0].dtype == torch.bfloat16
    assert ours[2].dtype == of_bias.dtype == torch.float32
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)
    exact = weight.bfloat16().double().sum(0)  # autocast rounds it to bf16
    torch.testing.assert_close(of_bias.double(), exact, rtol=1e-4, atol=1e-3)


def test_without_autocast_and_after_the_context_layers_are_what_they_were():
    network, x = MLP(4, [5], 3), torch.randn(6, 4)
    expected, before = network(x), [dict(vars(each)) for each in network.modules()]
    with bf16_layers(network, needed=True):
        assert torch.equal(network(x), expected)  # as when the watched rows are measured
    assert [dict(vars(each)) for each in network.modules()] == before


def test_layers_are_set_back_after_an_error():
    layer = torch.nn.Linear(2, 2)
    with pytest.raises(ZeroDivisionError), bf16_layers(layer, needed=True):
        raise ZeroDivisionError
    assert "forward" not in vars(layer)


class Seen(TrainingStep):
    """Keeps what it is given and what a product of it is."""

    def forward(self, rows):
        self.rows, self.product = rows, rows @ rows.t()
        return StepOutput({"model": self.product.float().mean()}, {})


def test_rows_come_as_they_are_and_products_are_cast():
    """Rounded to bf16, a column such as a year would lose all but three digits."""
    unit, rows = Seen(), torch.tensor([[2001.0, 2026.5]])
    autocast_bf16(unit, device="cpu")(rows)
    assert torch.equal(unit.rows, rows)
    assert unit.rows.dtype == torch.float32
    assert unit.product.dtype == torch.bfloat16


def test_layers_that_would_not_gain_stay_in_float32():
    """2 million multiplications: 200 rows times 150 x 70 weights, and no fewer."""
    x = torch.randn(200, 150)
    for outputs, kind in ((69, torch.float32), (70, torch.bfloat16)):
        layer = torch.nn.Linear(150, outputs)
        exact = layer(x)
        with bf16_layers(layer, needed=True), torch.autocast("cpu", dtype=torch.bfloat16):
            found, behind = layer(x), layer(x.bfloat16())  # as behind a layer that was cast
        assert found.dtype == behind.dtype == kind
        assert torch.equal(found, exact) == (kind == torch.float32)


@pytest.mark.usefixtures("all_large")
def test_a_whole_step_agrees_with_float32_to_the_precision_of_bf16():
    torch.manual_seed(0)
    model = VAE(
        prior=StandardNormal(2),
        posterior=Amortized(MLP(64, [32], 4), DiagonalGaussian(2)),
        likelihood=Amortized(MLP(2, [32], 64), Bernoulli(64)),
    )
    step, x = Step(model, Bound(), samples=3), torch.rand(40, 64)
    found = []
    for quick in (True, False):
        torch.manual_seed(1)
        forward = autocast_bf16(step, device="cpu") if quick else step
        with bf16_layers(step, needed=quick):
            loss = forward(x).losses["model"]
            loss.backward()
        assert loss.dtype == torch.float32
        found.append((loss.detach(), torch.cat([p.grad.flatten() for p in step.parameters()])))
        step.zero_grad()
    (loss, gradient), (exact_loss, exact) = found
    torch.testing.assert_close(loss, exact_loss, rtol=1e-2, atol=0)
    assert (gradient - exact).norm() < 0.02 * exact.norm()


def test_fit_gives_the_step_rows_that_are_not_rounded():
    seen = []

    class Preprocessing(torch.nn.Module):
        def forward(self, rows):
            seen.append(rows)
            return rows / 2026.5

    model = VAE(
        prior=StandardNormal(1),
        posterior=Amortized(MLP(2, [], 2), DiagonalGaussian(1)),
        likelihood=Amortized(MLP(1, [], 2), Gaussian(2)),
    )
    rows = np.full((4, 2), 2026.5, np.float32)
    fit(
        Step(model, Bound(), preprocessing=Preprocessing()),
        train=Batches(rows, np.arange(4), batch_size=4),
        config=TrainingConfig(epochs=1, precision="bf16", device="cpu"),
    )
    assert torch.equal(seen[0], torch.from_numpy(rows))


def batches(size, features=784):
    """Batches of so many rows."""
    return Batches(np.zeros((1, features), np.float32), np.zeros(size, int), batch_size=size)


def vae(features, hidden, latent):
    return VAE(
        prior=StandardNormal(latent),
        posterior=Amortized(MLP(features, hidden, 2 * latent), DiagonalGaussian(latent)),
        likelihood=Amortized(MLP(latent, hidden, features), Bernoulli(features)),
    )


@pytest.mark.parametrize(
    ("sizes", "rows", "samples", "large"),
    [
        ((784, [400], 20), 128, 1, True),
        ((784, [200, 200], 50), 100, 1, True),
        ((30, [128, 128], 10), 64, 1, False),
        ((30, [128, 128], 10), 64, 20, True),
        ((30, [16], 2), 32, 1, False),
    ],
)
def test_large_products_are_told_by_their_shapes(sizes, rows, samples, large):
    step = Step(vae(*sizes), Bound(), samples=samples)
    assert has_large_products(step, batches(rows)) is large


@pytest.mark.parametrize(("channels", "large"), [((32, 64), True), ((2, 2), False)])
def test_convolutions_count_with_the_sizes_of_their_images(channels, large):
    """Weights of 3 x 3 x 32 x 32 numbers are few, but each is used at every pixel."""
    model = VAE(
        prior=StandardNormal(2),
        posterior=Amortized(ResNetEncoder((1, 28, 28), 4, channels=channels), DiagonalGaussian(2)),
        likelihood=Amortized(ResNetDecoder(2, (1, 28, 28), channels=channels), Bernoulli(784)),
    )
    step = Step(model, Bound())
    before = {name: value.clone() for name, value in step.state_dict().items()}
    random = torch.get_rng_state()
    assert has_large_products(step, batches(100)) is large
    assert step.training
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in step.state_dict().items())


def test_multiplications_of_a_convolution_are_those_of_its_matrix_product():
    layer, transposed = torch.nn.Conv2d(2, 6, 3, groups=2), torch.nn.ConvTranspose2d(6, 4, 3)

    class Layers(TrainingStep):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(layer, transposed)

        def forward(self, rows):
            self.layers(rows.view(-1, 2, 5, 5))

    # 3 x 3 images of 6 channels from 9 numbers each; 3 x 3 pixels, each times 6 x 4 x 9 weights
    found = _count_convolutions(Layers(), torch.zeros(1, 50), [layer, transposed])
    assert found == [9 * 6 * 9, 9 * 6 * 4 * 9]


def test_a_row_is_decoded_with_every_label():
    """Of those whose label is unknown, which are most."""

    def network(inputs, outputs):
        return LabelledMLP(inputs, classes=10, hidden=[300], out_features=outputs)

    model = LabelledVAE(
        label_prior=LabelPrior([1.0] * 10),
        prior=StandardNormal(10),
        posterior=LabelledAmortized(network(50, 20), DiagonalGaussian(10)),
        likelihood=LabelledAmortized(network(10, 100), Gaussian(50)),
        classifier=Amortized(MLP(50, [300], 10), Label(10)),
    )
    assert has_large_products(LabelStep(model, Bound(), share=0.1), batches(250))


def test_a_small_training_is_in_float32_by_itself():
    """Numbers in bf16 have eight bits, and a small product does not gain from them."""
    told = []

    class Told:
        def started(self, plan):
            told.append(plan.precision)

        def live(self, live): ...
        def epoch_ended(self, record): ...
        def ended(self, reason): ...

    rows = np.zeros((8, 3), np.float32)
    for precision in ("auto", "bf16"):
        fit(
            Step(vae(3, [], 1), Bound()),
            train=Batches(rows, np.arange(8), batch_size=4),
            config=TrainingConfig(epochs=1, device="cpu", precision=precision),
            callbacks=[Told()],
        )
    assert told == ["32", "bf16"]
