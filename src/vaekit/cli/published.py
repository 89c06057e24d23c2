"""Our numbers beside published ones, and in what the two runs differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from vaekit.config import Config
from vaekit.recipes import RECIPES
from vaekit.recipes import recipe as recipe_config

__all__ = ["comparisons", "differences"]

# What cannot move a number, or moves it by chance alone.
_IDLE = {
    *("name", "seed", "training.device", "training.threads", "training.tensorboard"),
    *("training.checkpoint_every", "training.checkpoint_minutes", "evaluation.memory_mb"),
}


def comparisons(config: Config, evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Numbers that were published for the recipe of a run, beside ours on the same scale.

    Args:
        config: of the run; its name is that of a recipe.
        evaluation: as in ``evaluation.json``.

    Returns:
        For each ``what``, ``value``, ``unit``, ``source`` and ``ours``; none where the run is of
        no recipe, or measures other rows or another likelihood than the recipe.
    """
    found = RECIPES.get(config.name)
    if found is None or not _comparable(config, recipe_config(config.name), evaluation):
        return []
    return [
        {
            "what": each.what,
            "value": each.value,
            "unit": each.unit,
            "source": each.source,
            "ours": each.sign * evaluation[each.key] + each.offset,
        }
        for each in found.published
        if evaluation.get(each.key) is not None
    ]


def differences(config: Config, evaluation: Mapping[str, Any]) -> list[str]:
    """In what a run differs from the recipe whose published numbers it stands beside.

    Args:
        config: of the run.
        evaluation: as in ``evaluation.json``.

    Returns:
        One sentence, or none where there is nothing to compare or nothing differs.
    """
    if not comparisons(config, evaluation):
        return []
    theirs = dict(_flat(recipe_config(config.name).model_dump()))
    theirs["evaluation.split"], theirs["evaluation.samples"] = _measured(config)
    ours = dict(_flat(config.model_dump()))
    ours["evaluation.split"], ours["evaluation.samples"] = (
        evaluation["split"],
        evaluation["samples"],
    )
    changed = [
        f"{key} = {ours[key]} instead of {theirs[key]}"
        for key in theirs
        if key not in _IDLE and ours[key] != theirs[key]
    ]
    return (
        [f"This run differs from the recipe {config.name}: {', '.join(changed)}."]
        if changed
        else []
    )


def _comparable(config: Config, theirs: Config, evaluation: Mapping[str, Any]) -> bool:
    """Whether the numbers speak of the same rows under the same likelihood."""
    data, other = config.data, theirs.data
    return (
        evaluation["split"] == "test"
        and (data.source, data.scale, data.binarize) == (other.source, other.scale, other.binarize)
        and config.model.likelihood == theirs.model.likelihood
    )


def _measured(config: Config) -> tuple[str, int]:
    """Split and samples with which the recipe is measured."""
    wanted = recipe_config(config.name).evaluation
    return wanted.split, wanted.samples


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Settings with dotted names."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, value
