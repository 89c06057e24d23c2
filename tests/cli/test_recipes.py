import json
import tomllib

import pytest
import yaml

from vaekit.config import parse_config
from vaekit.recipes import RECIPES, recipe


def test_the_list_has_a_line_for_each(vaekit):
    lines = vaekit("recipes").out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert json.loads(vaekit("recipes", "--json").out).keys() == RECIPES.keys()


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
