"""Config is data: documented, frozen, whole in JSON, and strict about what it does not know."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from vaekit.config import Config, parse_config
from vaekit.errors import ConfigError
from vaekit.recipes import RECIPES, recipe


def sections(section=Config, path=()):
    """Path and class of a section and of all below it."""
    yield path, section
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from sections(field.annotation, (*path, name))


def fields():
    """Every setting by its dotted path."""
    return {
        ".".join((*path, name)): field
        for path, section in sections()
        for name, field in section.model_fields.items()
    }


def nested(path, values):
    for part in reversed(path):
        values = {part: values}
    return values


@pytest.mark.parametrize("path", fields())
def test_every_setting_is_documented_and_has_a_default(path):
    field = fields()[path]
    assert field.description, f"{path}: say under the field what it is"
    assert field.description.rstrip().endswith("."), f"{path}: a sentence, with its full stop"
    assert not field.is_required(), f"{path}: `vaekit train` alone must work"


@pytest.mark.parametrize("section", [section for _, section in sections()])
def test_sections_are_frozen_and_documented(section):
    values = section()
    first = next(iter(section.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(values, first, getattr(values, first))
    assert section.__doc__


@pytest.mark.parametrize("path", fields())
def test_a_slip_names_the_nearest_setting(path):
    *above, name = path.split(".")
    with pytest.raises(ConfigError) as caught:
        parse_config(nested(above, {f"{name}x": 1}))
    assert str(caught.value) == f'config: {path}x is not a setting; did you mean "{name}"?'


def test_every_slip_is_told_at_once_with_its_origin():
    with pytest.raises(ConfigError) as caught:
        parse_config({"sed": 1, "training": {"epochs": 0}}, origin="mine.toml")
    first, second = sorted(str(caught.value).splitlines())
    assert first == 'mine.toml: sed is not a setting; did you mean "seed"?'
    assert second.startswith("mine.toml: training.epochs: ")
    assert second.endswith("got 0")


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_whole_configs(name):
    config = recipe(name)
    assert config.name == name
    written = json.loads(json.dumps(config.model_dump(mode="json"), allow_nan=False))
    assert parse_config(written) == config
    assert RECIPES[name].summary.endswith(".")
    assert "Source:" in RECIPES[name].text


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(1e-12, 1e3, allow_nan=False),
    hidden=st.lists(st.integers(1, 4096), max_size=5),
    clip=st.none() | st.floats(1e-6, 1e6),
)
def test_json_loses_nothing(seed, rate, hidden, clip):
    config = parse_config(
        {
            "seed": seed,
            "training": {"learning_rate": rate, "clip_norm": clip},
            "model": {"encoder": {"hidden": hidden}},
        }
    )
    assert parse_config(json.loads(config.model_dump_json())) == config
