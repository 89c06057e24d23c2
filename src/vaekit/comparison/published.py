"""Compare runs with their recipes, and with the numbers that were published for these."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaekit.config import Config, merge
from vaekit.io import columns
from vaekit.recipes import RECIPES, STUDIES, Published
from vaekit.report import format_number, with_error
from vaekit.report.numbers import flatten

__all__ = [
    "compare_to_published",
    "differing_settings",
    "published_lines",
    "recipe_differences",
    "shared_recipe_differences",
]


# Settings that cannot change what a run shows.
_WITHOUT_EFFECT = {
    *("name", "training.device", "training.threads", "training.tensorboard"),
    *("training.checkpoint_every", "training.checkpoint_minutes", "evaluation.memory_mb"),
}


def compare_to_published(config: Config, evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Put the numbers of a run beside those that were published for its recipe.

    Args:
        config: of the run; its name is that of a recipe or of a member of a study.
        evaluation: as in ``evaluation.json``.

    Returns:
        For each ``what``, ``value``, ``unit``, ``source``, ``ours``, ``ours_se`` (its standard
        error, or none) and ``better`` (lower, higher, or none); nothing where the run is of no
        recipe, or measures other rows or another likelihood than the recipe.
    """
    _, recipe, published = _find_recipe(config.name)
    if recipe is None or evaluation["split"] != "test":
        return []
    ours, theirs = (
        (each.data.source, each.data.scale, each.data.binarize, each.model.likelihood)
        for each in (config, recipe)
    )
    return [
        {
            "what": each.what,
            "value": each.value,
            "unit": each.unit,
            "source": each.source,
            "ours": each.sign * evaluation[each.key] + each.offset,
            "ours_se": None if each.se_key is None else evaluation.get(each.se_key),
            "better": each.better,
        }
        for each in published
        if ours == theirs and evaluation.get(each.key) is not None
    ]


def recipe_differences(config: Config, evaluation: Mapping[str, Any]) -> list[str]:
    """Say in what a run differs from the recipe whose published numbers it stands beside.

    Args:
        config: of the run.
        evaluation: as in ``evaluation.json``.

    Returns:
        One sentence, or none where there is nothing to compare or nothing differs.
    """
    what, _, _ = _find_recipe(config.name)
    changed = _changed_settings(config, evaluation)
    return [f"This run differs from {what}: {changed}."] if changed else []


def shared_recipe_differences(runs: Mapping[str, tuple[Config, Mapping[str, Any]]]) -> list[str]:
    """Say in what several runs differ from their recipes, once for those that differ alike.

    Args:
        runs: by the name of the run, its config and its ``evaluation.json``.

    Returns:
        Sentences; none where there is nothing to compare or nothing differs.
    """
    alike: dict[str, list[str]] = {}
    for name, (config, evaluation) in runs.items():
        alike.setdefault(_changed_settings(config, evaluation), []).append(name)
    return [
        f"{', '.join(names)}: differs from the recipe: {changed}."
        for changed, names in alike.items()
        if changed
    ]


def differing_settings(runs: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Find the settings in which runs differ, and that can change what they show.

    Args:
        runs: by the name of the run, its full config, nested.

    Returns:
        Dotted name of the setting, and its value in each run; an en dash where it has none.

    Example:
        >>> differing_settings({"a": {"seed": 0, "data": {"seed": 1}}, "b": {"seed": 3}})
        [('seed', ['0', '3']), ('data.seed', ['1', '–'])]
    """
    flat = [dict(flatten(config)) for config in runs.values()]
    keys = dict.fromkeys(key for each in flat for key in each if key not in _WITHOUT_EFFECT)
    found = [
        (key, [each.get(key, "\N{EN DASH}") for each in flat])
        for key in keys
        if not key.startswith("report.")  # adds figures and changes no number
    ]
    return [(key, values) for key, values in found if len(set(values)) > 1]


def published_lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Format numbers beside the published ones as a table.

    Args:
        found: what `compare_to_published` returned, each perhaps with the name of its ``run``.

    Returns:
        Lines; none where there are no numbers.
    """
    if not found:
        return []
    table = [("", "", "here", "published", "unit")]
    for each in found:
        ours, error = each["ours"], each["ours_se"]
        shown = format_number(ours) if error is None else with_error(ours, error=error)
        value = format_number(each["value"])
        table.append((each.get("run", ""), each["what"], shown, value, each["unit"]))
    sources = dict.fromkeys(each["source"] for each in found)
    return [
        "beside the published numbers",
        *columns(table, indent="  "),
        *(f"  published by {source}" for source in sources),
    ]


def _find_recipe(name: str) -> tuple[str, Config | None, Sequence[Published]]:
    """Find the recipe, or the member of a study, of this name: title, config, published."""
    if name in RECIPES:
        return f"the recipe {name}", RECIPES[name].config(), RECIPES[name].published
    for study in STUDIES.values():
        for member, config in study.members().items():
            if config.name == name:
                title = f"{member} of the study {study.name}"
                return title, config, study.published.get(member, ())
    return "", None, ()


def _changed_settings(config: Config, evaluation: Mapping[str, Any]) -> str:
    """List the settings that differ from the recipe, where there are published numbers."""
    _, recipe, _ = _find_recipe(config.name)
    if recipe is None or not compare_to_published(config, evaluation):
        return ""
    measured = {"evaluation": {key: evaluation[key] for key in ("split", "samples")}}
    ours = merge(config.model_dump(mode="json"), measured)
    found = differing_settings({"ours": ours, "recipe": recipe.model_dump(mode="json")})
    return ", ".join(
        f"{key} = {value} instead of {other}" for key, (value, other) in found if key != "seed"
    )
