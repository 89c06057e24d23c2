"""Every class turning into every other, against a linear model."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.distributions import Independent, Normal

from vaekit.errors import ConfigError, DataError, InputError
from vaekit.inference import morph
from vaekit.models import VAE, Conditional, StandardNormal

UP = torch.arange(36.0).reshape(3, 12) / 36  # (D, F)
CODES = np.array([[1.0, 0, 0], [3, 0, 0], [0, 2, 0], [0, 0, 2], [9, 9, 9]])
LABELS = np.array([0, 0, 4, 7, -1])
MEANS = np.array([[2.0, 0, 0], [0, 2, 0], [0, 0, 2]])


class Linear(Conditional):
    """A Gaussian around a linear map."""

    def __init__(self, matrix):
        super().__init__()
        self.matrix = nn.Parameter(matrix.clone())

    def forward(self, context=None):
        return Independent(Normal(context @ self.matrix, 0.1), 1)


@pytest.fixture
def model():
    return VAE(prior=StandardNormal(3), posterior=Linear(UP.T), likelihood=Linear(UP))


def test_rows_are_left_and_columns_are_reached(model):
    made = morph(model, codes=CODES, labels=LABELS, frames=5)
    assert made.classes.tolist() == [0, 4, 7]
    assert made.codes.shape == (5, 3, 3, 3)
    assert np.allclose(made.codes[0], MEANS[:, None])
    assert np.allclose(made.codes[-1], MEANS[None])
    assert np.allclose(made.codes[1, 0, 2], [1.5, 0, 0.5])
    assert np.allclose(made.rows, made.codes @ UP.numpy(), atol=1e-5)


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_a_class_stays_itself_and_each_way_back_is_the_way_there(model, path):
    codes = morph(model, codes=CODES, labels=LABELS, frames=6, path=path).codes
    for one, mean in enumerate(MEANS):
        assert np.allclose(codes[:, one, one], mean)
    assert np.allclose(codes, codes[::-1].swapaxes(1, 2))


def test_a_spherical_way_keeps_its_distance_from_the_origin(model):
    codes = morph(model, codes=CODES, labels=LABELS, frames=7, path="spherical").codes
    assert np.allclose(np.linalg.norm(codes, axis=-1), 2)
    straight = morph(model, codes=CODES, labels=LABELS, frames=7).codes
    assert np.linalg.norm(straight[3, 0, 1]) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 2, 2)])
def test_the_middle_is_drawn_where_it_belongs(model, shape):
    made = morph(model, codes=CODES, labels=LABELS, frames=3)
    ax = Figure().subplots()
    made.plot(ax, shape=shape, classes=["nil"])
    channels, height, width = shape
    board = np.asarray(ax.images[0].get_array())
    board = board.reshape(*board.shape[:2], channels)
    # from 4 to 7, with a gap of one pixel between two images
    tile = board[height + 1 : 2 * height + 1, 2 * (width + 1) :]
    expected = np.clip(made.rows[1, 1, 2], 0, 1)
    assert np.allclose(np.moveaxis(tile, -1, 0).ravel(), expected, atol=1e-6)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["nil", "4", "7"]


@pytest.mark.parametrize("shape", [(12,), (1, 2, 2), (2, 2, 3)])
def test_rows_that_are_no_such_images_are_not_drawn(model, shape):
    made = morph(model, codes=CODES, labels=LABELS, frames=2)
    with pytest.raises(InputError, match="expected"):
        made.plot(Figure().subplots(), shape=shape)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"frames": 1}, ConfigError, "at least 2 frames"),
        ({"labels": LABELS[:3]}, DataError, "each of 5 codes"),
        ({"labels": np.full(5, -1)}, DataError, "none of these has a label"),
        ({"codes": CODES[:, :2]}, ConfigError, r"\(rows, 3\)"),
    ],
)
def test_what_does_not_fit_is_named(model, change, error, message):
    with pytest.raises(error, match=message):
        morph(model, **({"codes": CODES, "labels": LABELS} | change))
