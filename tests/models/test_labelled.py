"""The labelled model and its bounds, against one whose log p(x, y) and log p(x) are known."""

import pytest
import torch
from labelled_oracle import LabelledLinearGaussian

from vaekit.errors import ConfigError
from vaekit.models import (
    Amortized,
    Bernoulli,
    DiagonalGaussian,
    Label,
    LabelledAmortized,
    LabelledVAE,
    LabelPrior,
    StandardNormal,
)
from vaekit.networks import MLP, LabelledMLP
from vaekit.objectives import Bound, sum_out_label, with_label

C, B, F, D = 3, 5, 6, 2


def small(*, classifier=True):
    torch.manual_seed(0)
    return LabelledVAE(
        label_prior=LabelPrior([1.0] * C),
        prior=StandardNormal(D),
        posterior=LabelledAmortized(
            LabelledMLP(F, classes=C, hidden=[8, 7], out_features=2 * D), DiagonalGaussian(D)
        ),
        likelihood=LabelledAmortized(
            LabelledMLP(D, classes=C, hidden=[8], out_features=F), Bernoulli(F)
        ),
        classifier=Amortized(MLP(F, [8], C), Label(C)) if classifier else None,
    )


def test_with_the_exact_posterior_each_sample_tells_log_p_of_row_and_label():
    oracle = LabelledLinearGaussian()
    trace = oracle.model(oracle.x, oracle.model.every_label, samples=4)
    told = trace.log_px + trace.log_pz - trace.log_qz + oracle.model.log_py().unsqueeze(-1)
    torch.testing.assert_close(told, oracle.log_pxy.expand(4, -1, -1))


def test_the_bound_of_a_labelled_row_is_log_p_of_row_and_label():
    oracle = LabelledLinearGaussian()
    terms = Bound()(oracle.model(oracle.x, oracle.label))
    terms = with_label(terms, log_py=oracle.model.log_py()[oracle.label])
    expected = oracle.log_pxy.gather(0, oracle.label.unsqueeze(0)).squeeze(0)
    torch.testing.assert_close(terms.bound, expected)
    torch.testing.assert_close(terms.loss, -expected)
    torch.testing.assert_close(terms.distortion + terms.rate, -expected)


def unlabelled(oracle, *, samples=1):
    model = oracle.model
    terms = Bound()(model(oracle.x, model.every_label, samples=samples))
    return sum_out_label(terms, log_py=model.log_py(), log_qy=model.log_qy(oracle.x))


def test_with_the_exact_classifier_the_bound_of_a_row_is_log_p_of_it():
    oracle = LabelledLinearGaussian()
    terms = unlabelled(oracle)
    torch.testing.assert_close(terms.bound, oracle.log_px)
    torch.testing.assert_close(terms.loss, -oracle.log_px)
    torch.testing.assert_close(terms.distortion + terms.rate, -oracle.log_px)


@pytest.mark.parametrize("wrong", [{"temperature": 3.0}, {"widen": 1.5}, {"shift": 0.3}])
def test_with_another_posterior_or_classifier_it_is_below(wrong):
    oracle = LabelledLinearGaussian(**wrong)
    terms = unlabelled(oracle, samples=2000)
    assert float((terms.bound - oracle.log_px).mean()) < -0.02


def test_a_network_reads_row_and_label_as_one_dense_layer_would():
    network = LabelledMLP(F, classes=C, hidden=[], out_features=4)
    x, label = torch.randn(B, F), torch.tensor([0, 2, 1, 1, 0])
    joined = torch.cat([x, torch.nn.functional.one_hot(label, C).float()], -1)
    weight = torch.cat([network.rows.weight, network.labels.T], 1)
    torch.testing.assert_close(network(x, label), joined @ weight.T + network.rows.bias)


def test_enumerated_labels_give_what_each_label_gives():
    model, x = small(), torch.rand(B, F).round()
    every = model.posterior(x, model.every_label).mean
    each = [model.posterior(x, torch.full((B,), label)).mean for label in range(C)]
    assert every.shape == (C, B, D)
    torch.testing.assert_close(every, torch.stack(each))
    trace = model(x, model.every_label, samples=4)
    for label in range(C):
        p = model.likelihood(trace.z[:, label], torch.tensor(label))
        torch.testing.assert_close(trace.log_px[:, label], p.log_prob(x))


def test_without_a_classifier_it_is_a_conditional_model():
    model = small(classifier=False)
    assert model(torch.zeros(B, F), torch.zeros(B, dtype=torch.long)).log_px.shape == (1, B)
    with pytest.raises(ConfigError, match="no classifier"):
        model.log_qy(torch.zeros(B, F))


@pytest.mark.parametrize("given", [[], [1.0, 0.0]])
def test_a_label_needs_a_probability(given):
    with pytest.raises(ConfigError, match="probabilities"):
        LabelPrior(given)
