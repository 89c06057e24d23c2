"""A decoder that starts at the mean of the training rows."""

import pytest
import torch

from vaekit.builders import build_model, start_at_mean
from vaekit.config import Config, LikelihoodConfig, ModelConfig, NetworkConfig, merge, parse_config
from vaekit.errors import ConfigError
from vaekit.runs import RunFolder
from vaekit.training import train


def model_of(**parts):
    return build_model(ModelConfig(**parts), shape=(1, 8, 8), support="binary")


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_code_of_no_effect_decodes_to_the_mean(batch_norm):
    layers = NetworkConfig(hidden=(16,), activation="tanh", batch_norm=batch_norm, init="xavier")
    model = model_of(decoder=layers, likelihood=LikelihoodConfig(kind="bernoulli")).eval()
    mean = torch.rand(64)
    start_at_mean(model, mean)
    torch.testing.assert_close(
        model.likelihood(torch.zeros(2)).mean, mean.clamp(0.001, 0.999), rtol=1e-4, atol=1e-4
    )


def test_a_pixel_that_is_always_off_is_not_certain():
    model = model_of(likelihood=LikelihoodConfig(kind="bernoulli"))
    start_at_mean(model, torch.zeros(64))
    assert torch.isfinite(model.likelihood.network.layers[-1].bias).all()


@pytest.mark.parametrize(
    "parts",
    [
        {"likelihood": LikelihoodConfig(kind="categorical", levels=2)},
        {"decoder": NetworkConfig(kind="conv"), "likelihood": LikelihoodConfig(kind="bernoulli")},
    ],
)
def test_other_parts_are_refused(parts):
    with pytest.raises(ConfigError, match="start = network"):
        start_at_mean(model_of(**parts), torch.zeros(64))


def test_training_that_starts_at_the_mean_begins_lower(tmp_path):
    first = {}
    for start in ("network", "mean"):
        changes = {
            "data": {"binarize": "dynamic"},
            "model": {"likelihood": {"kind": "bernoulli", "start": start}},
            "training": {"epochs": 1, "threads": 1, "learning_rate": 1e-6},
        }
        folder = RunFolder(tmp_path / start)
        train(parse_config(merge(Config().model_dump(), changes)), folder=folder)
        first[start] = folder.read_metrics()[0]["train"]["distortion"]
    assert first["mean"] < first["network"] - 5
