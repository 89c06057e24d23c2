"""Every task against a linear model, whose codes and reconstructions are known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal

from vaekit.data import Preprocessing, dataset_from_arrays
from vaekit.distributions import Bijection, PushForward
from vaekit.errors import ConfigError, DataError
from vaekit.inference import decode, encode, latent_extent, reconstruct, sample
from vaekit.models import VAE, Conditional, MixtureOfGaussians, StandardNormal

ROWS = np.random.default_rng(0).normal(3.0, 2.0, size=(50, 3)).astype(np.float32)
DOWN = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 2.0]])  # (F, D)
UP = torch.tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]])  # (D, F)


class Linear(Conditional):
    """A Gaussian around a linear map, with a standard deviation of its own."""

    def __init__(self, matrix, scale):
        super().__init__()
        self.matrix = nn.Parameter(matrix.clone())
        self.scale = scale

    def forward(self, context=None):
        return Independent(Normal(context @ self.matrix, self.scale), 1)


@pytest.fixture
def model():
    return VAE(prior=StandardNormal(2), posterior=Linear(DOWN, 0.3), likelihood=Linear(UP, 0.1))


@pytest.fixture
def preprocessing():
    return Preprocessing.fit(dataset_from_arrays(ROWS), scale="standard")


@pytest.fixture
def seen(preprocessing):
    """Rows as the model sees them."""
    return preprocessing(torch.from_numpy(ROWS))


def test_codes_are_the_moments_of_the_posterior(model, preprocessing, seen):
    codes = encode(model, preprocessing=preprocessing, rows=ROWS)
    assert np.allclose(codes.mean, (seen @ DOWN).numpy(), atol=1e-6)
    assert np.allclose(codes.variance, 0.09)


@pytest.mark.parametrize("batch_size", [1, 7, 50, 1000])
def test_the_batch_size_changes_nothing(model, preprocessing, batch_size):
    whole = encode(model, preprocessing=preprocessing, rows=ROWS)
    parts = encode(model, preprocessing=preprocessing, rows=ROWS, batch_size=batch_size)
    assert np.allclose(parts.mean, whole.mean, atol=1e-6)


def test_only_the_rows_asked_for_are_encoded_in_that_order(model, preprocessing):
    index = np.array([7, 3, 3])
    some = encode(model, preprocessing=preprocessing, rows=ROWS, index=index)
    assert np.allclose(
        some.mean, encode(model, preprocessing=preprocessing, rows=ROWS).mean[index], atol=1e-6
    )


def test_a_variance_without_closed_form_is_estimated(model, preprocessing, seen):
    class Doubled(Bijection):
        def push(self, z):
            return 2 * z, torch.zeros_like(z[..., 0])

        def pull(self, z):
            return z / 2, torch.zeros_like(z[..., 0])

    class Bent(Conditional):
        def forward(self, context=None):
            return PushForward(Linear(DOWN, 0.3)(context), Doubled())

    model.posterior = Bent()
    found = encode(model, preprocessing=preprocessing, rows=ROWS)
    assert np.allclose(found.mean, 2 * (seen @ DOWN).numpy(), atol=1e-5)
    assert found.variance.mean() == pytest.approx(4 * 0.09, rel=0.05)
    again = encode(model, preprocessing=preprocessing, rows=ROWS)
    assert np.array_equal(found.variance, again.variance)


def test_reconstructions_are_decoded_means(model, preprocessing, seen):
    found = reconstruct(model, preprocessing=preprocessing, rows=ROWS)
    assert np.allclose(found.inputs, seen.numpy(), atol=1e-6)
    assert np.allclose(found.outputs, (seen @ DOWN @ UP).numpy(), atol=1e-5)


def test_a_dynamic_binarization_is_the_same_at_every_call(model):
    images = np.random.default_rng(1).random((40, 3), dtype=np.float32)
    pre = Preprocessing.fit(dataset_from_arrays(images), scale="unit", binarize="dynamic")
    one, two = (reconstruct(model, preprocessing=pre, rows=images, seed=4) for _ in range(2))
    other = reconstruct(model, preprocessing=pre, rows=images, seed=5)
    assert set(np.unique(one.inputs)) == {0.0, 1.0}
    assert np.array_equal(one.inputs, two.inputs)
    assert not np.array_equal(one.inputs, other.inputs)


def test_decoding_is_linear_here(model):
    codes = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
    assert np.allclose(decode(model, codes=codes), codes @ UP.numpy(), atol=1e-6)


def test_draws_scatter_around_the_mean(model):
    codes = np.zeros((4000, 2))
    drawn = decode(model, codes=codes, draw=True)
    assert np.allclose(drawn.mean(0), 0.0, atol=0.01)
    assert np.allclose(drawn.std(0), 0.1, rtol=0.05)


def test_samples_have_the_moments_of_the_model(model):
    made = sample(model, n=20_000)
    assert np.allclose(made.mean(0), 0.0, atol=0.05)
    assert np.allclose(np.cov(made.T), (UP.T @ UP).numpy(), atol=0.15)
    assert np.array_equal(made, sample(model, n=20_000))
    assert not np.array_equal(made, sample(model, n=20_000, seed=1))


def test_the_temperature_scales_the_spread(model):
    warm, cold = sample(model, n=100), sample(model, n=100, temperature=0.5)
    assert np.allclose(cold, 0.5 * warm, atol=1e-6)
    assert np.allclose(sample(model, n=3, temperature=0.0), 0.0)


def test_cold_samples_of_a_mixture_lie_at_its_mean(model):
    model.prior = MixtureOfGaussians(2, components=3)
    middle = model.prior().mean.detach().numpy() @ UP.numpy()
    assert np.allclose(sample(model, n=3, temperature=0.0), middle, atol=1e-5)


def test_the_global_generator_is_left_alone(model, preprocessing):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    sample(model, n=5, draw=True)
    encode(model, preprocessing=preprocessing, rows=ROWS)
    assert torch.equal(torch.rand(2), expected)


def test_a_model_in_training_is_put_into_evaluation_mode(model, preprocessing):
    for task in (
        lambda: sample(model, n=2),
        lambda: encode(model, preprocessing=preprocessing, rows=ROWS),
    ):
        model.train()
        task()
        assert not model.training


def test_what_does_not_fit_is_refused(model, preprocessing):
    with pytest.raises(DataError, match="rows of 3 values"):
        encode(model, preprocessing=preprocessing, rows=np.zeros((5, 4), np.float32))
    with pytest.raises(DataError, match="at least one row"):
        encode(model, preprocessing=preprocessing, rows=ROWS[:0])
    with pytest.raises(ConfigError, match=r"\(rows, 2\)"):
        decode(model, codes=np.zeros((5, 3)))
    with pytest.raises(ConfigError, match="at least 1"):
        sample(model, n=0)
    with pytest.raises(ConfigError, match="temperature"):
        sample(model, n=1, temperature=float("nan"))


def test_the_extent_leaves_out_the_outermost_codes():
    codes = np.stack([np.linspace(0, 100, 1001), np.linspace(-1, 1, 1001)], axis=1)
    assert latent_extent(codes, share=0.9) == pytest.approx((5.0, 95.0, -0.9, 0.9))
