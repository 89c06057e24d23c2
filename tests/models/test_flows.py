import math
import subprocess
import sys

import pytest
import torch
from torch.distributions import Independent, Normal

from vaekit.errors import ConfigError
from vaekit.models import (
    AutoregressiveFlow,
    DiagonalGaussian,
    FlowPosterior,
    FlowPrior,
    PlanarFlow,
    Point,
    RadialFlow,
    SplineFlow,
)

FLOWS = {
    "planar": PlanarFlow,
    "radial": RadialFlow,
    "autoregressive": AutoregressiveFlow,
    "spline": SplineFlow,
}

every_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
invertible = pytest.mark.parametrize("flow", [AutoregressiveFlow, SplineFlow])


def learnt(flow):
    """As training leaves it: a fresh flow does nothing, and would pass every test."""
    with torch.no_grad():
        if isinstance(flow, (PlanarFlow, RadialFlow)):
            flow.gain.fill_(1.0)
        else:
            for last in (step.hyper[-1] for step in flow.steps):
                last.reset_parameters()
    return flow


@every_flow
@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("spread", [0.1, 3.0])
def test_the_volume_change_is_the_determinant_of_the_jacobian(flow, dim, spread):
    """The exact oracle: autograd's own Jacobian of the map."""
    module = learnt(flow(dim, length=3)).double()
    context = spread * torch.randn(1, module.inputs, dtype=torch.float64)
    bijection = module(context)
    for u in torch.randn(4, 1, dim, dtype=torch.float64):
        _, change = bijection.push(u)
        jacobian = torch.autograd.functional.jacobian(lambda u: bijection.push(u)[0], u)
        expected = torch.linalg.slogdet(jacobian[0, :, 0, :])
        assert expected.sign == 1
        torch.testing.assert_close(change[0], expected.logabsdet, rtol=1e-7, atol=1e-9)


@every_flow
@pytest.mark.parametrize("dim", [1, 2])
def test_no_step_is_the_identity(flow, dim):
    head = FlowPosterior(DiagonalGaussian(dim), flow(dim, length=0))
    assert head.inputs == 2 * dim
    context = torch.randn(5, head.inputs)
    z, log_q = head(context).rsample_and_log_prob((3,))
    torch.testing.assert_close(log_q, DiagonalGaussian(dim)(context).log_prob(z))


@every_flow
def test_each_row_has_a_flow_of_its_own(flow):
    head = FlowPosterior(Point(2), learnt(flow(2, length=2)))
    context = torch.randn(5, head.inputs)
    context[:, :2] = 0.5
    images = head(context).mean
    assert len(images.unique(dim=0)) == 5
    torch.testing.assert_close(head(context[3:4]).mean, images[3:4])


@pytest.mark.parametrize("flow", [PlanarFlow, RadialFlow])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_planar_and_radial_steps_are_invertible_for_any_parameters(flow, spread):
    """A smooth map of the line with a positive slope everywhere does not fold."""
    module = learnt(flow(1, length=1)).double()
    u = torch.linspace(-50, 50, 2001, dtype=torch.float64)[:, None, None]
    z, change = module(spread * torch.randn(20, module.inputs, dtype=torch.float64)).push(u)
    assert torch.isfinite(change).all()
    assert (z.diff(dim=0) > 0).all()


def test_one_planar_step_is_the_formula_of_the_paper():
    """Equations 10 to 12, with u moved along w as in appendix A.1, but for the constant in m."""
    u, w, b = torch.tensor([0.7, -0.2]), torch.tensor([1.5, 0.5]), torch.tensor([0.3])
    z = torch.tensor([[0.4, -1.0]])
    image, change = learnt(PlanarFlow(2, length=1))(torch.cat([u, w, b])).push(z)
    inner = w @ u
    raised = torch.log1p((inner + math.log(math.e - 1)).exp()) - 1 + 1e-4
    u_hat = u + (raised - inner) * w / (w @ w)
    activation = torch.tanh(z @ w + b)
    torch.testing.assert_close(image, z + u_hat * activation)
    torch.testing.assert_close(change, torch.log1p(raised * (1 - activation**2)))


def test_one_radial_step_is_the_formula_of_the_paper():
    centre, raw_alpha, raw_s = torch.tensor([0.5, 1.0]), torch.tensor([0.2]), torch.tensor([1.1])
    z = torch.tensor([[0.4, -1.0]])
    image, change = learnt(RadialFlow(2, length=1))(torch.cat([centre, raw_alpha, raw_s])).push(z)
    alpha, s = (torch.log1p(raw.exp()) + 1e-4 for raw in (raw_alpha, raw_alpha + raw_s))
    beta, r = s - alpha, (z - centre).norm()
    h, slope = 1 / (alpha + r), -1 / (alpha + r) ** 2
    torch.testing.assert_close(image, z + beta * h * (z - centre))
    expected = (1 + beta * h).log() + (1 + beta * h + beta * slope * r).log()
    torch.testing.assert_close(change, expected)


@invertible
def test_the_density_at_a_sample_is_the_density_of_the_sample(flow):
    head = FlowPosterior(DiagonalGaussian(3), learnt(flow(3, length=2)))
    q = head(torch.randn(5, head.inputs))
    z, log_q = q.rsample_and_log_prob((4,))
    torch.testing.assert_close(q.log_prob(z), log_q, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("flow", [PlanarFlow, RadialFlow])
def test_a_density_that_is_not_known_is_refused_with_a_way_out(flow):
    head = FlowPosterior(DiagonalGaussian(2), flow(2, length=1))
    with pytest.raises(ConfigError, match=r"at its own samples only.*autoregressive or spline"):
        head(torch.randn(5, head.inputs)).log_prob(torch.zeros(5, 2))


def test_a_flow_prior_samples_from_its_own_density():
    """E_p[f] by samples and by an integral over the plane agree."""
    p = FlowPrior(2, length=2)()
    axis = torch.linspace(-9, 9, 301)
    grid = torch.cartesian_prod(axis, axis)
    mass = p.log_prob(grid).exp().detach() * (axis[1] - axis[0]) ** 2
    samples = p.sample((8000,))
    for moment in (lambda z: z[:, 0], lambda z: z[:, 0] * z[:, 1], lambda z: z.square().sum(-1)):
        drawn = moment(samples)
        error = (drawn.mean() - (mass * moment(grid)).sum()) / (drawn.std() / 8000**0.5)
        assert abs(error) < 4.5


def test_the_first_dimension_of_an_autoregressive_step_depends_on_the_context_alone():
    module = AutoregressiveFlow(3, length=1)
    context = torch.randn(1, module.inputs)
    jacobian = torch.autograd.functional.jacobian(
        lambda u: module(context).push(u)[0], torch.randn(1, 3)
    )[0, :, 0]
    assert torch.equal(jacobian, jacobian.tril())
    assert jacobian[2, 0] != 0


def test_a_flow_on_a_point_moves_the_point():
    head = FlowPosterior(Point(2), PlanarFlow(2, length=1))
    q = head(torch.randn(5, head.inputs))
    assert torch.equal(q.rsample((3,)), q.mean.expand(3, 5, 2))
    assert not q.log_prob(q.mean).any()


def test_a_planar_flow_learns_what_a_gaussian_cannot():
    """Fit a ring-like energy: the bound with a flow is better than the best Gaussian's."""

    def log_target(z):
        return -0.5 * ((z.norm(dim=-1) - 2) / 0.4) ** 2

    def loss(head):
        parameters = torch.zeros(1, head.inputs).normal_(0, 0.1).requires_grad_()
        optimizer = torch.optim.Adam([parameters, *head.parameters()], lr=0.06)
        values = []
        for _ in range(150):
            z, log_q = head(parameters).rsample_and_log_prob((64,))
            value = (log_q - log_target(z)).mean()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            values.append(value.item())
        return sum(values[-50:]) / 50

    gaussian = loss(FlowPosterior(DiagonalGaussian(2), PlanarFlow(2, length=0)))
    flow = loss(FlowPosterior(DiagonalGaussian(2), PlanarFlow(2, length=4)))
    assert flow < gaussian - 0.2


def test_importing_changes_nothing_for_other_distributions():
    code = """if True:
        import sys
        from torch.distributions import Distribution
        before = Distribution._validate_args, Distribution.__dict__["arg_constraints"]
        from vaekit.models import SplineFlow
        assert "zuko" not in sys.modules
        SplineFlow(2, length=1)
        assert "zuko" in sys.modules
        assert (Distribution._validate_args, Distribution.__dict__["arg_constraints"]) == before
        """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_base_of_a_flow_can_be_looked_at():
    head = FlowPosterior(DiagonalGaussian(2), PlanarFlow(2, length=1))
    base = head(torch.zeros(5, head.inputs)).base
    assert isinstance(base, Independent)
    assert isinstance(base.base_dist, Normal)


@every_flow
def test_a_flow_that_has_learnt_nothing_does_next_to_nothing(flow):
    """A run with a flow starts where the run without it starts."""
    module = flow(2, length=16)
    z = torch.randn(100, 2)
    image, change = module(torch.randn(100, module.inputs)).push(z)
    assert (image - z).abs().max() < 0.3
    assert change.abs().max() < 0.3


@every_flow
@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_a_flow_bends_in_units_of_its_base(flow, scale):
    """A narrow posterior far from zero takes the shape that a wide one at zero takes."""
    head = FlowPosterior(DiagonalGaussian(2), learnt(flow(2, length=2))).double()
    shape = torch.randn(1, head.inputs, dtype=torch.float64)
    shape[:, :4] = 0.0
    moved = shape.clone()
    moved[:, :2], moved[:, 2:4] = 7.0, 2 * math.log(scale)
    noise = torch.randn(20, 2, dtype=torch.float64)
    plain = head(shape).bijection.push(noise)
    q = head(moved)
    other = q.bijection.push(q.base.mean + q.base.stddev * noise)
    torch.testing.assert_close(
        (other[0] - q.base.mean) / q.base.stddev, plain[0], rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(other[1], plain[1], rtol=1e-4, atol=1e-4)
