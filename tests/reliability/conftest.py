"""A small table, a run that was trained on it, and reports that take no time."""

import os

import numpy as np
import pytest
from killed_processes import call

from vaekit.cli import training
from vaekit.io import write_atomically


@pytest.fixture(autouse=True)
def posix():
    if not hasattr(os, "fork"):
        pytest.skip("needs fork, to kill processes that need not import everything anew")


@pytest.fixture
def plain_report(monkeypatch):
    """Reports without figures, which take longer than all the rest."""

    def write(run, *, dataset, wanted=None):
        write_atomically(run.folder.report, lambda path: path.write_text("a page"))
        return []

    monkeypatch.setattr(training, "write_run_report", write)


@pytest.fixture
def table(tmp_path):
    """60 rows of four numbers."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(60, 4)) @ draw.normal(size=(4, 4))
    path = tmp_path / "rows.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c,d", comments="", fmt="%.4f")
    return path


FLAGS = (
    *("--model.encoder.hidden", "8", "--model.decoder.hidden", "8", "--training.threads", "1"),
    *("--training.epochs", "2", "--training.precision", "32", "--evaluation.samples", "5"),
)


@pytest.fixture
def begin(table):
    """The command that trains a run, without its folder."""
    return ("train", "--data", table, *FLAGS, "--quiet")


@pytest.fixture
def trained(begin, tmp_path, plain_report):
    """A trained run."""
    result = call(*begin, "--out", tmp_path / "trained")
    assert result.code == 0, result.err
    return tmp_path / "trained"
