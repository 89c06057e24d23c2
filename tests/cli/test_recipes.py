import json
import tomllib

import pytest
import yaml

from vaekit.config import parse_config
from vaekit.errors import ConfigError
from vaekit.recipes import RECIPES, STUDIES, recipe


def test_the_list_has_a_line_for_each(vaekit):
    lines = vaekit("recipes").out.splitlines()
    assert [line.split()[0] for line in lines] == [*RECIPES, *STUDIES]
    assert list(json.loads(vaekit("recipes", "--json").out)) == [*RECIPES, *STUDIES]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(
    ("kind", "read"), [("toml", tomllib.loads), ("json", json.loads), ("yaml", yaml.safe_load)]
)
def test_what_is_shown_is_the_recipe_again(vaekit, name, kind, read):
    shown = vaekit("recipes", "show", name, "--format", kind)
    assert shown.code == 0
    assert parse_config(read(shown.out)) == recipe(name)


def test_toml_is_the_default_and_tells_the_source(vaekit):
    shown = vaekit("recipes", "show", "mnist-vae").out
    assert shown.startswith("# The one-layer VAE")
    assert "arXiv:1509.00519" in shown
    assert tomllib.loads(shown)["evaluation"]["samples"] == 5000


def test_an_unknown_recipe_is_refused(vaekit):
    result = vaekit("recipes", "show", "mnist-vea")
    assert (result.code, result.out) == (2, "")
    assert 'did you mean "mnist-vae"?' in result.err


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_shows_the_configs_of_its_members(vaekit, name):
    shown = tomllib.loads(vaekit("recipes", "show", name).out)
    members = STUDIES[name].members()
    assert {member: parse_config(values) for member, values in shown.items()} == members


def test_a_study_has_no_config_of_its_own():
    with pytest.raises(ConfigError, match="study of several runs, vae, em"):
        recipe("mnist-em")
