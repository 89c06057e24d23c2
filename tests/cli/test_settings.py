import pytest

from vaekit.cli.options import resolve_config, set_flags
from vaekit.config import Config, ModelConfig, NetworkConfig
from vaekit.errors import ConfigError
from vaekit.recipes import recipe


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "my settings.toml"
    path.write_text("seed = 7\n[training]\nepochs = 11\nbatch_size = 13\n", encoding="utf-8")
    return path


def test_nothing_given_is_the_recipe_digits():
    assert resolve_config(None, flags={}) == recipe("digits")


def test_flags_go_over_the_file_and_the_file_over_the_recipe(config_file):
    flags = {"training": {"epochs": 3}}
    config = resolve_config("fashion-mlp", file=config_file, flags=flags)
    assert config.training.epochs == 3  # recipe 60, file 11
    assert config.training.batch_size == 13  # recipe 200
    assert config.seed == 7
    assert config.name == "fashion-mlp"
    assert config.model == recipe("fashion-mlp").model


def test_a_file_alone_goes_over_the_plain_defaults_and_gives_its_name(config_file):
    config = resolve_config(None, file=config_file, flags={})
    assert config.name == "my-settings"
    assert config.model == Config().model
    assert config.training.epochs == 11


def test_a_name_in_the_file_is_kept(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"format": 1, "name": "mine"}', encoding="utf-8")
    assert resolve_config(None, file=path, flags={}).name == "mine"


def test_data_of_ones_own_go_over_the_plain_defaults():
    config = resolve_config(None, flags={"data": {"source": "folder/iris.csv"}})
    assert config.name == "iris"
    assert config.data.binarize == "none"  # that of digits would refuse a table
    assert resolve_config(None, flags={"data": {"source": "digits"}}) == recipe("digits")


def test_only_what_was_set_is_returned():
    model = ModelConfig(encoder=NetworkConfig(kind="conv"))
    assert set_flags({"model": model, "seed": None, "training": None}) == {
        "model": {"encoder": {"kind": "conv"}}
    }
    assert set_flags({"model": ModelConfig()}) == {}


def test_an_unknown_key_is_named_with_its_file_and_the_nearest_known_one(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("training: {epoch: 3}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r'a\.yaml: training\.epoch is not.*"epochs"'):
        resolve_config(None, file=path, flags={})
