"""From recipe, config file and flags to one config: each goes over the one before."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from vaekit.config import Config, load_config, merge, parse_config
from vaekit.recipes import recipe as recipe_config

__all__ = ["given", "resolve_config"]

DEFAULT_RECIPE = "digits"


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that were given, as a nested mapping.

    Args:
        values: name to value; None, or a section none of whose fields was set, was not given.

    Returns:
        Only what was given.

    Example:
        >>> from vaekit.config import TrainingConfig
        >>> given({"seed": None, "name": "a", "training": TrainingConfig(epochs=3)})
        {'name': 'a', 'training': {'epochs': 3}}
    """
    plain = {
        key: value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
        for key, value in values.items()
    }
    return {key: value for key, value in plain.items() if value is not None and value != {}}


def resolve_config(
    recipe: str | None, *, file: Path | None = None, flags: Mapping[str, Any]
) -> Config:
    """Recipe, then config file, then flags.

    Without a recipe a file, or data of one's own, starts from the plain defaults; without any
    of these it is the recipe digits.

    Args:
        recipe: its name.
        file: TOML, YAML or JSON.
        flags: as ``given`` returns them.

    Returns:
        The config.

    Raises:
        ConfigError: an unknown recipe, an unreadable file, an unknown key, a value out of range.

    Example:
        >>> config = resolve_config("fashion-mlp", flags={"training": {"epochs": 3}})
        >>> config.training.epochs, config.training.batch_size
        (3, 200)
    """
    source = flags.get("data", {}).get("source")
    if recipe is None and file is None and source in (None, DEFAULT_RECIPE):
        recipe = DEFAULT_RECIPE
    base: dict[str, Any] = {} if recipe is None else recipe_config(recipe).model_dump()
    if file is not None:
        values = load_config(file)
        base = merge(base or {"name": _slug(file.stem)}, values)
        parse_config(base, origin=str(file))
    elif recipe is None:
        base = {"name": _slug(Path(source or "").stem)}
    return parse_config(merge(base, flags), origin="flags")


def _slug(text: str) -> str:
    """A text as the name of a run: letters, digits, dots, dashes, underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "run"
