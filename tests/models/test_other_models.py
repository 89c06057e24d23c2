"""The interface fits models that are no VAE of three conditionals."""

import pytest
import torch
from other_models import Ladder, VectorQuantised

from vaekit import Bound, Penalty, Sum, logmeanexp
from vaekit.evaluation import score_rows
from vaekit.inference import decode, sample
from vaekit.models import Model

F = 12


@pytest.fixture
def x():
    return (torch.rand(6, F) < 0.5).float()


@pytest.mark.parametrize("build", [Ladder, VectorQuantised])
def test_the_interface_is_whole(build, x):
    model = build(features=F)
    assert isinstance(model, Model)
    q, p = model.encode(x), model.code_distribution()
    dims = model.latent.dims
    assert q.batch_shape == (6,)
    assert q.event_shape == p.event_shape == (dims,)
    z = q.sample((4,))
    assert z.shape == (4, 6, dims)
    assert model.decode(z).batch_shape == (4, 6)
    assert model.decode(z).event_shape == (F,)
    assert set(model.parts()) == {"encoder", "decoder", "prior"}
    rows = sample(model, n=5)
    assert rows.shape == (5, F)
    assert decode(model, codes=z[0]).shape == (6, F)


def test_the_trace_of_a_ladder_has_the_densities_of_its_joint_distributions(x):
    model = Ladder(features=F)
    trace = model(x, samples=3)
    torch.testing.assert_close(trace.log_qz, model.encode(x).log_prob(trace.z))
    torch.testing.assert_close(trace.log_pz, model.code_distribution().log_prob(trace.z))
    torch.testing.assert_close(trace.log_px, model.decode(trace.z).log_prob(x))


def test_the_rate_of_each_level_is_reported(x):
    terms = Bound()(Ladder(features=F)(x, samples=2))
    assert list(terms.extra) == ["rate/z2", "rate/z1"]
    torch.testing.assert_close(sum(terms.extra.values()), terms.rate)


def test_the_importance_weighted_estimate_of_a_ladder_is_that_of_its_trace(x):
    model = Ladder(features=F).eval()
    torch.manual_seed(0)
    scores = score_rows(model, x, q=model.encode(x), samples=20_000, chunk=500)
    torch.manual_seed(1)
    expected = Bound(reduce=logmeanexp)(model(x, samples=20_000)).bound
    torch.testing.assert_close(scores.log_likelihood.float(), expected, atol=0.05, rtol=0)


def test_a_quantised_code_learns_by_its_penalties(x):
    model = VectorQuantised(features=F)
    objective = Sum(Bound(beta=0.0), Penalty("codebook"), Penalty("commitment", weight=0.25))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = objective(model(x)).loss.mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not model.latent.real
