"""UMAP, where it is installed and where it is not; the other methods are in test_walks.py."""

import sys
import warnings

import numpy as np
import pytest

from vaekit.errors import ConfigError, MissingExtraError
from vaekit.inference import project


def clusters():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    return rng.normal(size=(60, 5)) + 20 * np.eye(5)[labels], labels


def test_without_umap_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError, match=r"umap-learn: pip install 'vaekit\[umap\]'"):
        project(clusters()[0], method="umap")


def test_too_few_codes_are_told_before_the_package_is_looked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ConfigError, match="at least 5 codes for umap, got 4"):
        project(np.eye(4), method="umap")


@pytest.mark.parametrize("dims", [2, 3])
def test_umap_keeps_neighbours_together_and_depends_on_its_seed_alone(dims):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("umap", reason="umap-learn is not installed")
    codes, labels = clusters()
    before = list(warnings.filters), str(np.random.get_state())
    found = project(codes, method="umap", dims=dims, seed=1)
    assert (list(warnings.filters), str(np.random.get_state())) == before
    assert (found.points.shape, found.points.dtype, found.explained) == ((60, dims), float, None)
    apart = np.linalg.norm(found.points[:, None] - found.points, axis=-1) + 1e9 * np.eye(60)
    assert (labels[apart.argmin(1)] == labels).all()
    assert np.array_equal(found.points, project(codes, method="umap", dims=dims, seed=1).points)
    assert not np.array_equal(found.points, project(codes, method="umap", dims=dims, seed=2).points)


@pytest.mark.parametrize("codes", [np.zeros((40, 3)), np.eye(5), np.repeat(np.eye(4), 10, axis=0)])
def test_umap_of_odd_codes_is_finite(codes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("umap", reason="umap-learn is not installed")
    assert np.isfinite(project(codes, method="umap", dims=3).points).all()
