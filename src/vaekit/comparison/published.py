"""Compare the numbers of a run with published numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaekit.config import Config
from vaekit.io import columns
from vaekit.recipes import RECIPES, STUDIES, Published
from vaekit.report import format_number, with_error

__all__ = ["comparisons", "differences", "published_lines", "shared_differences"]


# What cannot move a number, or moves it by chance alone.
_IDLE = {
    *("name", "seed", "training.device", "training.threads", "training.tensorboard"),
    *("training.checkpoint_every", "training.checkpoint_minutes", "evaluation.memory_mb"),
}


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """Where a run has its name from."""

    what: str
    """For a person: the recipe, or the member of a study."""
    config: Config
    """As it stands there."""
    published: tuple[Published, ...]
    """What it is compared to."""


def comparisons(config: Config, evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Numbers that were published for the recipe of a run, beside ours on the same scale.

    Args:
        config: of the run; its name is that of a recipe or of a member of a study.
        evaluation: as in ``evaluation.json``.

    Returns:
        For each ``what``, ``value``, ``unit``, ``source``, ``ours``, ``ours_se`` (its standard
        error, or none) and ``better`` (lower, higher, or none); nothing where the run is of no
        recipe, or measures other rows or another likelihood than the recipe.
    """
    found = _origin(config.name)
    if found is None or not _comparable(config, found.config, evaluation):
        return []
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
    found = _origin(config.name)
    changed = _changed(config, evaluation)
    if found is None or not changed:
        return []
    return [f"This run differs from {found.what}: {', '.join(changed)}."]


def shared_differences(
    runs: Mapping[str, tuple[Config, Mapping[str, Any]]],
) -> list[str]:
    """In what several runs differ from their recipes, told once for those that differ alike.

    Args:
        runs: by the name of the run, its config and its ``evaluation.json``.

    Returns:
        Sentences; none where there is nothing to compare or nothing differs.
    """
    alike: dict[str, list[str]] = {}
    for name, (config, evaluation) in runs.items():
        changed = ", ".join(_changed(config, evaluation))
        if changed:
            alike.setdefault(changed, []).append(name)
    return [
        f"{', '.join(names)}: not as the recipe says, with {changed}."
        for changed, names in alike.items()
    ]


def published_lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Numbers of several runs beside the published ones, for a person.

    Args:
        found: what ``comparisons`` returned, each with the name of its ``run``.

    Returns:
        Lines; none where there are no numbers.
    """
    if not found:
        return []
    table = [
        (each["run"], each["what"], _ours(each), format_number(each["value"]), each["unit"])
        for each in found
    ]
    sources = dict.fromkeys(each["source"] for each in found)
    return [
        "beside the published numbers",
        *columns([("", "", "here", "published", "unit"), *table], indent="  "),
        *(f"  published by {source}" for source in sources),
    ]


def _ours(each: Mapping[str, Any]) -> str:
    """Our number, with its standard error where it is known."""
    if each["ours_se"] is None:
        return format_number(each["ours"])
    return with_error(each["ours"], error=each["ours_se"])


def _origin(name: str) -> _Origin | None:
    """The recipe, or the member of a study, that has this name."""
    if name in RECIPES:
        known = RECIPES[name]
        return _Origin(what=f"the recipe {name}", config=known.config(), published=known.published)
    for study in STUDIES.values():
        for member, config in study.members().items():
            if config.name == name:
                return _Origin(
                    what=f"{member} of the study {study.name}",
                    config=config,
                    published=study.published.get(member, ()),
                )
    return None


def _changed(config: Config, evaluation: Mapping[str, Any]) -> list[str]:
    """Settings that are other than in the recipe, where there are published numbers."""
    found = _origin(config.name)
    if found is None or not comparisons(config, evaluation):
        return []
    theirs = dict(_flat(found.config.model_dump()))
    ours = dict(_flat(config.model_dump()))
    for key in ("split", "samples"):
        ours[f"evaluation.{key}"] = evaluation[key]
    return [
        f"{key} = {ours[key]} instead of {theirs[key]}"
        for key in theirs
        if not _is_idle(key) and ours[key] != theirs[key]
    ]


def _is_idle(key: str) -> bool:
    """Whether a setting leaves the numbers alone; those of the report only add figures."""
    return key in _IDLE or key.startswith("report.")


def _comparable(config: Config, theirs: Config, evaluation: Mapping[str, Any]) -> bool:
    """Whether the numbers speak of the same rows under the same likelihood."""
    data, other = config.data, theirs.data
    return (
        evaluation["split"] == "test"
        and (data.source, data.scale, data.binarize) == (other.source, other.scale, other.binarize)
        and config.model.likelihood == theirs.model.likelihood
    )


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Settings with dotted names."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, value
