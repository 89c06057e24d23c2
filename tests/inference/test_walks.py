"""Walks, sums, planes and projections against a linear model and shapes known in closed form."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal

from vaekit.errors import ConfigError, DataError
from vaekit.inference import (
    Codes,
    arithmetic,
    class_means,
    class_place,
    evenly,
    interpolate,
    normal_quantiles,
    plane,
    project,
    rank_dimensions,
    traverse,
    walk,
)
from vaekit.models import VAE, Conditional, StandardNormal

UP = torch.tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])  # (D, F)


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


@pytest.fixture(scope="module")
def ring():
    """A ring of radius 2, so that the way through the middle leads over a gap."""
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)


PATHS = ("linear", "spherical", "density")
ENDS = (np.array([-2.0, 0.1]), np.array([2.0, 0.1]))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("frames", [2, 3, 20])
def test_a_walk_has_its_ends_and_its_frames(ring, path, frames):
    places = walk(*ENDS, frames=frames, path=path, codes=ring)
    assert places.shape == (frames, 2)
    assert np.allclose(places[[0, -1]], ENDS)


def test_a_straight_walk_has_even_steps():
    places = walk(*ENDS, frames=5)
    assert np.allclose(places, [[-2, 0.1], [-1, 0.1], [0, 0.1], [1, 0.1], [2, 0.1]])


def test_a_spherical_walk_keeps_its_distance_from_the_origin_and_turns_evenly():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    places = walk(a, b, frames=9, path="spherical")
    assert np.allclose(np.linalg.norm(places, axis=1), np.linalg.norm(a))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert np.allclose(steps, steps[0])


@pytest.mark.parametrize("end", [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_a_spherical_walk_without_a_plane_is_straight(end):
    a, b = np.array([1.0, 0.0]), np.array(end)
    assert np.allclose(walk(a, b, frames=7, path="spherical"), walk(a, b, frames=7))


def test_a_walk_by_density_follows_the_rows_with_even_steps(ring):
    places = walk(*ENDS, frames=50, path="density", codes=ring)
    assert np.linalg.norm(places, axis=1).min() > 1.9
    assert (places[:, 1] > -0.01).all()  # over the nearer half
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps == pytest.approx(steps.mean(), rel=0.02)


def test_a_walk_by_density_crosses_a_gap_where_it_must():
    rng = np.random.default_rng(0)
    islands = np.concatenate([rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 100])
    places = walk(islands[0], islands[-1], frames=4, path="density", codes=islands)
    assert np.allclose(places[[0, -1]], islands[[0, -1]])


def test_the_path_is_the_cheapest():
    rng = np.random.default_rng(1)
    a, b, *codes = rng.normal(size=(7, 2))
    orders = [[a, *stops, b] for size in range(6) for stops in itertools.permutations(codes, size)]
    costs = [sum(((p - q) ** 2).sum() for p, q in itertools.pairwise(stops)) for stops in orders]
    best = orders[int(np.argmin(costs))]
    # With seven points each has all others as neighbours: every order is a path of the graph.
    length = sum(np.linalg.norm(p - q) for p, q in itertools.pairwise(best))
    places = walk(a, b, frames=2000, path="density", codes=np.array(codes))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps.sum() == pytest.approx(length, rel=1e-3)


def test_rows_that_coincide_do_not_stop_a_walk():
    codes = np.repeat([[0.0, 0.0], [1.0, 0.0]], 30, axis=0)
    places = walk(codes[0], codes[-1], frames=3, path="density", codes=codes)
    assert np.allclose(places, [[0, 0], [0.5, 0], [1, 0]])
    assert np.allclose(walk(codes[0], codes[0], frames=3, path="density", codes=codes), 0)


def test_what_is_decoded_on_the_way(model):
    made = interpolate(model, start=np.zeros(3), end=np.array([0.0, 0.0, 2.0]), frames=3)
    assert np.allclose(made.rows, made.codes @ UP.numpy(), atol=1e-6)
    assert np.allclose(made.rows[:, 0], [0, 3, 6])


def test_arithmetic_adds_the_difference_of_two_means(model):
    codes = np.array([[1.0, 0, 0], [3, 0, 0], [0, 4, 0], [0, 0, 6], [9, 9, 9]])
    labels = np.array([0, 0, 1, 2, -1])
    board = arithmetic(model, codes=codes, labels=labels, scales=[0, 0.5], add=2, subtract=1)
    assert board.direction.tolist() == [0, -4, 6]
    assert board.codes[0].tolist() == [[2, 0, 0], [2, -2, 3]]
    assert board.classes.tolist() == [0, 1, 2]
    assert np.allclose(board.rows, board.codes @ UP.numpy(), atol=1e-5)
    whole = arithmetic(model, codes=codes, labels=labels, scales=[1], add=0)
    assert np.allclose(whole.direction, [2, 0, 0] - codes.mean(0))


def test_the_mean_of_a_class_in_two_places_is_no_place_of_it():
    rng = np.random.default_rng(0)
    left, right, between = (rng.normal((x, 0), 1, (40, 2)) for x in (-20, 20, 0))
    codes, labels = np.concatenate([left, right, between]), np.repeat([0, 0, 1], 40)
    split, whole = (class_place(codes, labels=labels, label=label) for label in (0, 1))
    assert (split.own, whole.own) == (0.0, 1.0)
    assert labels[split.densest] == 0
    assert np.allclose(split.mean, class_means(codes, labels=labels)[0])


def test_dimensions_stand_in_the_order_of_what_they_carry(model):
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(500, 3)) * [0.5, 0.01, 2.0] + [0, 0, 5]
    codes = Codes(mean=mean, variance=np.full((500, 3), [0.75, 1.0, 0.0]))
    assert rank_dimensions(codes).tolist() == [2, 0, 1]
    assert rank_dimensions(codes, kl=[3.0, 1.0, 2.0]).tolist() == [0, 2, 1]
    moved = traverse(model, codes=codes, columns=5)
    assert (moved.dims.tolist(), moved.inactive.tolist()) == ([2, 0], [1])
    assert np.allclose(moved.offsets, -moved.offsets[::-1])
    # The middle is the mean code, and only the dimension of a row moves, by standard deviations.
    assert np.allclose(moved.codes[:, 2], mean.mean(0))
    assert np.allclose(moved.codes[0, :, 2], mean[:, 2].mean() + moved.offsets * mean[:, 2].std())
    assert np.allclose(moved.codes[1, :, [1, 2]].T, mean.mean(0)[[1, 2]])
    assert np.allclose(moved.rows, moved.codes @ UP.numpy(), atol=1e-4)


def test_of_a_collapsed_model_one_dimension_is_left(model):
    codes = Codes(mean=np.zeros((4, 3)), variance=np.ones((4, 3)))
    moved = traverse(model, codes=codes, kl=[0.0, 0.1, 0.0])
    assert (moved.dims.tolist(), moved.inactive.tolist()) == ([1], [0, 2])


def test_a_plane_holds_the_other_dimensions_at_zero(model):
    made = plane(model, points=np.array([[1.0, 2.0]]), dims=(2, 1))
    assert made.codes.tolist() == [[0, 2, 1]]
    assert np.allclose(made.rows, made.codes @ UP.numpy())


def test_quantiles_of_even_probability_fill_a_normal():
    grid = normal_quantiles((np.arange(1000) + 0.5) / 1000)
    assert (grid.mean(), grid.var()) == (pytest.approx(0, abs=1e-9), pytest.approx(1, rel=0.01))


@pytest.mark.parametrize("count", [1, 5, 12])
def test_positions_are_spread_over_all(count):
    assert evenly(count, most=5).tolist() == {
        1: [0], 5: [0, 1, 2, 3, 4], 12: [0, 2, 5, 8, 11]
    }[count]  # fmt: skip


def test_pca_finds_the_directions_that_vary():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    codes = (rng.normal(size=(4000, 6)) * [5, 4, 3, 0.1, 0.1, 0.1]) @ turn
    found = project(codes, dims=3)
    assert found.explained == pytest.approx([0.5, 0.32, 0.18], abs=0.02)
    assert found.points.var(0) == pytest.approx([25, 16, 9], rel=0.1)


def test_tsne_keeps_neighbours_together():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    codes = rng.normal(size=(60, 5)) + 20 * np.eye(5)[labels]
    found = project(codes, method="tsne", seed=1)
    assert found.explained is None
    apart = np.linalg.norm(found.points[:, None] - found.points, axis=-1) + 1e9 * np.eye(60)
    assert (labels[apart.argmin(1)] == labels).all()
    assert np.array_equal(found.points, project(codes, method="tsne", seed=1).points)


TWO = np.zeros(2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: walk(TWO, TWO, frames=1), ConfigError, "at least 2 frames"),
        (lambda m: walk(TWO, np.zeros(3)), ConfigError, "two codes of one length"),
        (lambda m: walk(TWO, TWO, path="density"), ConfigError, "got none"),
        (
            lambda m: walk(TWO, TWO, path="density", codes=np.zeros((4, 3))),
            ConfigError,
            r"codes of shape \(rows, 2\)",
        ),
        (lambda m: traverse(m, codes=codes_of(3), columns=1), ConfigError, "at least 2 places"),
        (lambda m: rank_dimensions(codes_of(3), kl=[1.0]), ConfigError, "each of 3 dimensions"),
        (lambda m: plane(m, points=np.zeros((4, 3))), ConfigError, r"\(rows, 2\)"),
        (lambda m: plane(m, points=np.zeros((4, 2)), dims=(0, 3)), ConfigError, "from 0 to 2"),
        (lambda m: summed(m, add=5), ConfigError, "no row has the label 5"),
        (lambda m: summed(m, scales=[]), ConfigError, "list of scales"),
        (lambda m: summed(m, labels=np.zeros(3, int)), DataError, "each of 4 codes"),
        (lambda m: summed(m, labels=np.full(4, -1)), DataError, "none of these has a label"),
        (lambda m: project(np.zeros((9, 2)), dims=3), ConfigError, "the 3 to project to, got 2"),
        (lambda m: project(np.eye(4), method="tsne"), ConfigError, "at least 5 codes"),
    ],
)
def test_what_does_not_fit_is_named(model, call, error, message):
    with pytest.raises(error, match=message):
        call(model)


def codes_of(dims):
    return Codes(mean=np.zeros((4, dims)), variance=np.ones((4, dims)))


def summed(model, *, labels=None, scales=(1.0,), add=0):
    labels = np.zeros(4, int) if labels is None else labels
    return arithmetic(model, codes=np.zeros((4, 3)), labels=labels, scales=scales, add=add)
