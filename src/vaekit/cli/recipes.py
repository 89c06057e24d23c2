"""``vaekit recipes`` and ``vaekit recipes show``."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import yaml
from cyclopts import App

from vaekit.cli.options import AsJson
from vaekit.cli.output import Output
from vaekit.io import columns
from vaekit.recipes import RECIPES, STUDIES
from vaekit.recipes import recipe as recipe_config

__all__ = ["list_recipes", "recipes", "show", "to_toml"]


recipes = App(name="recipes", help="List the named runs, or show one.")


@recipes.default
def list_recipes(*, as_json: AsJson = False) -> None:
    """List the named runs: `vaekit train NAME` trains one, `vaekit recipes show NAME` shows it.

    A study is several runs that are compared.

    Args:
        as_json: Print one JSON object to stdout and nothing else.
    """
    found = {name: each.summary for name, each in RECIPES.items()}
    found |= {
        name: f"Study of {', '.join(each.members())}: {each.summary}"
        for name, each in STUDIES.items()
    }
    Output(as_json=as_json).result(found, lines=columns(found.items()))


@recipes.command
def show(name: str, /, *, format: Literal["toml", "json", "yaml"] = "toml") -> None:
    """Print the full config of a recipe, ready to be changed and given to --config.

    Of a study the configs of all its runs are printed, each below its name.

    Args:
        name: One that `vaekit recipes` lists.
        format: Format to print.
    """
    if name in STUDIES:
        members = STUDIES[name].members().items()
        values = {member: config.model_dump(mode="json") for member, config in members}
        text = STUDIES[name].text
    else:
        values = recipe_config(name).model_dump(mode="json")
        text = RECIPES[name].text
    if format == "json":
        print(json.dumps(values, indent=2))
        return
    written = to_toml(values) if format == "toml" else yaml.safe_dump(values, sort_keys=False)
    print("\n".join(f"# {line}".rstrip() for line in text.splitlines()))
    print(f"\n{written.strip()}")


def to_toml(values: Mapping[str, Any], *, above: str = "") -> str:
    """Write nested settings as TOML; those without a value are left out, as TOML has no null.

    Args:
        values: sections and settings.
        above: name of the section that these lie in.

    Returns:
        The text.

    Example:
        >>> print(to_toml({"seed": 0, "data": {"source": "a", "limit": None}}))
        seed = 0
        <BLANKLINE>
        [data]
        source = "a"
        <BLANKLINE>
    """
    # A JSON scalar or list of scalars is written the same way in TOML.
    lines = [
        f"{key} = {json.dumps(value)}"
        for key, value in values.items()
        if value is not None and not isinstance(value, Mapping)
    ]
    if above and lines:
        lines.insert(0, f"[{above}]")
    text = "\n".join([*lines, ""]) if lines else ""
    for key, value in values.items():
        if isinstance(value, Mapping):
            below = to_toml(value, above=f"{above}.{key}" if above else key)
            text += f"\n{below}" if text else below
    return text
