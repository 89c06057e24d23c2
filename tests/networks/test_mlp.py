import pytest
import torch
from torch import nn

from vaekit.errors import ConfigError
from vaekit.networks import MLP


def test_no_hidden_layer_is_a_linear_map():
    network = MLP(3, [], 2)
    layer = network.layers[-1]
    x = torch.randn(4, 3)
    torch.testing.assert_close(network(x), x @ layer.weight.T + layer.bias)


def test_batch_norm_takes_its_statistics_over_all_leading_dimensions():
    network = MLP(3, [7], 2, batch_norm=True)
    x = 5 + 3 * torch.randn(6, 50, 3)
    seen = []
    network.layers[1].register_forward_hook(lambda module, inputs, output: seen.append(output))
    network(x)
    torch.testing.assert_close(seen[0].mean(0), torch.zeros(7), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen[0].var(0, unbiased=False), torch.ones(7), atol=1e-3, rtol=0)


def test_normalisation_comes_before_the_activation_and_dropout_after():
    kinds = [type(layer) for layer in MLP(3, [7], 2, batch_norm=True, dropout=0.1).layers]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout, nn.Linear]


def test_xavier_weights_are_uniform_within_the_bound_of_glorot():
    network = MLP(300, [200], 100, init="xavier")
    for layer, (before, after) in (
        (network.layers[0], (300, 200)),
        (network.layers[2], (200, 100)),
    ):
        bound = (6 / (before + after)) ** 0.5
        assert layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
        assert not layer.bias.any()


def test_dropout_acts_in_training_only():
    network = MLP(3, [50], 2, dropout=0.5)
    x = torch.randn(4, 3)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("wrong", [{"activation": "selu"}, {"init": "he"}])
def test_an_unknown_choice_is_named_with_those_that_are_known(wrong):
    (name, value), *_ = wrong.items()
    with pytest.raises(ConfigError, match=f"{name} is one of .* got '{value}'"):
        MLP(3, [4], 2, **wrong)
