"""A compiled decoder says what the plain one says, or is not used."""

import shutil

import numpy as np
import pytest
import torch

from vaekit import MLP, VAE, Amortized, Batches, Bernoulli, DiagonalGaussian, StandardNormal
from vaekit.errors import VaekitWarning
from vaekit.evaluation import DecoderLikelihood, evaluate, worth_compiling
from vaekit.evaluation import likelihood as decoding
from vaekit.models import Columns, ColumnSpec

needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None, reason="PyTorch's compiler needs g++"
)
D, ROWS = 3, 25


def build(head, features):
    torch.manual_seed(0)
    return VAE(
        prior=StandardNormal(D),
        posterior=Amortized(MLP(features, [8], 2 * D), DiagonalGaussian(D)),
        likelihood=Amortized(MLP(D, [8], head.inputs), head),
    )


def pixels():
    rows = np.random.default_rng(0).integers(0, 2, (ROWS, 12)).astype(np.float32)
    return build(Bernoulli(12), 12), rows


def table():
    rows = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)
    rows[:, 1] = rows[:, 1] > 0
    rows[:, 2] = np.arange(ROWS) % 4
    kinds = [ColumnSpec("real"), ColumnSpec("binary"), ColumnSpec("categorical", levels=4)]
    return build(Columns(kinds), 3), rows


def measured(model, rows, *, compiled):
    """Ten rows at a time, the last five apart; 16 samples in blocks of 5, the last one apart."""
    batches = Batches(rows, np.arange(len(rows)), batch_size=10)
    return evaluate(model, batches, samples=16, compiled=compiled).as_dict()


@needs_compiler
@pytest.mark.parametrize("make", [pixels, table])
@pytest.mark.slow
def test_numbers_differ_by_rounding_whatever_is_left_over(monkeypatch, make):
    model, rows = make()
    monkeypatch.setattr(decoding, "_CACHE_BYTES", 5 * 10 * 4 * rows.shape[1])
    eager = []
    plain = DecoderLikelihood._eager

    def counted(self, z, x):
        eager.append(tuple(z.shape[:2]))
        return plain(self, z, x)

    monkeypatch.setattr(DecoderLikelihood, "_eager", counted)
    expected = measured(model, rows, compiled=False)
    eager.clear()
    found = measured(model, rows, compiled=True)
    # recorded once and compared once; then one sample that is left over, and five rows that are
    assert eager == [(5, 10), (5, 10), (1, 10), (1, 10), (10, 5), (6, 5)]
    for name, value in expected.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-5), name


def test_another_result_is_not_used(monkeypatch):
    model, rows = pixels()
    expected = measured(model, rows, compiled=False)
    monkeypatch.setattr(
        decoding, "compile_work", lambda *a, **k: lambda z, x, *held: (torch.zeros(z.shape[:2]),)
    )
    assert measured(model, rows, compiled=True) == expected


def test_where_the_compiler_fails_the_run_is_measured_without(monkeypatch):
    model, rows = pixels()
    expected = measured(model, rows, compiled=False)

    def fail(*given, **more):
        raise RuntimeError("no g++ here")

    monkeypatch.setattr("vaekit.compiler._compile", fail)
    with pytest.warns(VaekitWarning, match=r"the decoder cannot be compiled \(.*no g\+\+ here"):
        assert measured(model, rows, compiled=True) == expected


def test_a_decoder_that_looks_at_values_is_measured_without(monkeypatch):
    """What it decides for one block may not be played back for another."""
    model, rows = pixels()
    expected = measured(model, rows, compiled=False)
    forward = model.likelihood.forward
    monkeypatch.setattr(
        model.likelihood, "forward", lambda z: forward(z if float(z.sum()) < 1e9 else -z)
    )
    with pytest.warns(VaekitWarning, match="the decoder cannot be compiled"):
        assert measured(model, rows, compiled=True) == expected


def test_a_minute_of_work_is_worth_it():
    model, _ = pixels()  # 3 x 8 and 8 x 12 weights
    assert worth_compiling(model, rows=2 * 10**8, samples=10**4)
    assert not worth_compiling(model, rows=10**4, samples=5000)
