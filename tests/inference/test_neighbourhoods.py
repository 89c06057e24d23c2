"""Neighbourhoods of sheets whose shape is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.errors import DataError
from vaekit.inference import neighbourhoods


def sheet(seed=0, count=300):
    """Points on a rectangle, three times as long as wide."""
    return np.random.default_rng(seed).uniform(size=(count, 2)) * [3, 1]


def turned(values, seed):
    """Turned and mirrored at random; distances stay."""
    width = values.shape[1]
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]
    return values @ matrix


def in_space(flat, seed=0):
    """A flat sheet somewhere in five dimensions."""
    return turned(np.pad(flat, ((0, 0), (0, 3))), seed) + 7


def rolled(flat):
    """A sheet bent around a spiral without stretching it."""
    angle = np.linspace(3, 12, 4000)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(spiral(angle))))])
    return np.column_stack([*spiral(np.interp(flat[:, 0], length, angle)), flat[:, 1]])


def spiral(angle):
    return np.stack([angle * np.cos(angle), angle * np.sin(angle)])


def test_a_flat_sheet_is_kept_whole():
    flat = sheet()
    found = neighbourhoods(in_space(flat), codes=flat, along=flat)
    assert found.trustworthiness == 1
    assert found.geodesic_correlation == pytest.approx(1)
    searched = neighbourhoods(in_space(flat), codes=flat)
    assert searched.geodesic_correlation == pytest.approx(1, abs=0.005)


def test_paths_go_along_a_roll_and_not_through_it():
    flat = sheet(count=900) * [20, 10]
    points = rolled(flat)
    unrolled = neighbourhoods(points, codes=flat)
    assert unrolled.geodesic_correlation > 0.99
    squashed = neighbourhoods(points, codes=points[:, :2])
    assert squashed.geodesic_correlation < 0.6


def test_shuffled_codes_are_as_good_as_chance():
    flat = sheet(count=600)
    codes = np.random.default_rng(1).permutation(flat)
    found = neighbourhoods(in_space(flat), codes=codes)
    # By chance a neighbour is on average half way down the list of the others.
    assert found.trustworthiness == pytest.approx(0.5, abs=0.03)
    assert found.geodesic_correlation == pytest.approx(0, abs=0.03)


def test_a_sheet_cut_in_two_keeps_neighbours_and_loses_distances():
    flat = sheet()
    cut = np.where(flat[:, :1] > 1.5, flat - [3, 5], flat)
    found = neighbourhoods(in_space(flat), codes=cut, along=flat)
    assert found.trustworthiness > 0.99
    assert found.geodesic_correlation < 0.8


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 100))
def test_turning_shifting_and_scaling_change_nothing(seed, scale):
    flat = sheet(count=60)
    bent = np.column_stack([np.cos(flat[:, 0]), np.sin(flat[:, 0]), flat[:, 1]])
    codes = flat[:, :1]
    first = neighbourhoods(bent, codes=codes)
    second = neighbourhoods(turned(bent, seed) * scale + seed, codes=codes * -scale + 1)
    assert second.trustworthiness == pytest.approx(first.trustworthiness, abs=1e-3)
    assert second.geodesic_correlation == pytest.approx(first.geodesic_correlation, abs=1e-3)


def test_ranks_are_those_of_scipy():
    from scipy.stats import spearmanr
    from sklearn.metrics import pairwise_distances

    rng = np.random.default_rng(0)
    codes, along = rng.integers(0, 3, (40, 2)), rng.integers(0, 4, 40)  # with many ties
    found = neighbourhoods(rng.normal(size=(40, 3)), codes=codes, along=along)
    pairs = np.triu_indices(40, k=1)
    distances = [pairwise_distances(each)[pairs] for each in (codes, along[:, None])]
    assert found.geodesic_correlation == pytest.approx(spearmanr(*distances).statistic)


@pytest.mark.parametrize(
    "codes", [np.zeros((60, 2)), np.repeat(np.eye(2), 30, axis=0)], ids=["one place", "two places"]
)
def test_collapsed_codes_and_points_in_pieces_give_numbers(codes):
    islands = sheet(count=60) + 1000 * (np.arange(60)[:, None] % 3)
    for points in (islands, codes):
        found = neighbourhoods(points, codes=codes)
        assert np.isfinite([found.trustworthiness, found.geodesic_correlation]).all()
    if not codes.any():
        assert found.geodesic_correlation == 0


def test_nothing_is_drawn_from_the_global_generator():
    before = str(np.random.get_state())
    neighbourhoods(in_space(sheet()), codes=sheet())
    assert str(np.random.get_state()) == before


FLAT = sheet(count=30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": FLAT[:20]}, "points: expected at least 21 rows, .* got 20"),
        ({"points": FLAT[:, 0]}, r"points: .* got the shape \(30,\)"),
        ({"codes": FLAT[:25]}, "codes: expected one row for each of 30 points, got 25"),
        ({"along": FLAT[:25, 0]}, "along: expected one row for each of 30 points"),
        ({"codes": np.where(FLAT > 1, np.nan, FLAT)}, "codes: expected finite numbers"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    given = {"points": FLAT, "codes": FLAT} | change
    with pytest.raises(DataError, match=message):
        neighbourhoods(given.pop("points"), **given)
