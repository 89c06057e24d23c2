import torch
from torch import nn

from vaekit.models import (
    VAE,
    Amortized,
    Bernoulli,
    DiagonalGaussian,
    MixtureOfGaussians,
    StandardNormal,
    VampPrior,
)
from vaekit.numerics import logmeanexp


def posterior():
    return Amortized(nn.Linear(6, 4), DiagonalGaussian(2))


def test_the_standard_normal_learns_nothing_and_follows_the_model():
    prior = StandardNormal(3)
    assert not prior.state_dict()
    assert prior.double()().sample().dtype == torch.float64


def test_a_mixture_is_the_weighted_sum_of_its_components():
    prior = MixtureOfGaussians(2, components=3)
    nn.init.normal_(prior.logits)
    nn.init.normal_(prior.raw_log_variance)
    z = torch.randn(4, 5, 2)
    density = torch.zeros(4, 5)
    for weight, loc, raw in zip(
        prior.logits.softmax(0), prior.loc, prior.raw_log_variance, strict=True
    ):
        each = torch.distributions.Normal(loc, (raw / 2).exp())
        density = density + weight * each.log_prob(z).sum(-1).exp()
    torch.testing.assert_close(prior().log_prob(z).exp(), density, rtol=1e-4, atol=1e-6)


def test_a_vamp_prior_is_the_average_posterior_of_its_pseudo_inputs():
    q = posterior()
    rows = torch.rand(7, 6)
    z = torch.randn(4, 5, 2)
    expected = logmeanexp(q(rows).log_prob(z[:, :, None]), dim=-1)
    torch.testing.assert_close(VampPrior(q, pseudo_inputs=rows)().log_prob(z), expected)


def test_pseudo_inputs_start_from_a_copy_of_the_rows():
    rows = torch.rand(7, 6)
    prior = VampPrior(posterior(), pseudo_inputs=rows)
    with torch.no_grad():
        prior.pseudo_inputs += 1
    assert rows.max() <= 1


def test_unit_pseudo_inputs_are_read_inside_the_unit_interval():
    q = posterior()
    outside = 4 * torch.randn(7, 6)
    z = torch.randn(5, 2)
    torch.testing.assert_close(
        VampPrior(q, pseudo_inputs=outside, unit=True)().log_prob(z),
        VampPrior(q, pseudo_inputs=outside.clamp(0, 1))().log_prob(z),
    )


def test_a_vamp_prior_shares_the_posterior_and_counts_it_once():
    q = posterior()
    prior = VampPrior(q, pseudo_inputs=torch.rand(7, 6))
    likelihood = Amortized(nn.Linear(2, 6), Bernoulli(6))
    model = VAE(prior=prior, posterior=q, likelihood=likelihood)
    assert model.prior.posterior is model.posterior
    expected = sum(p.numel() for part in (q, likelihood) for p in part.parameters()) + 7 * 6
    assert sum(p.numel() for p in model.parameters()) == expected
