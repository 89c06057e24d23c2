"""The objectives of one run or several, as a page shows them."""

from collections.abc import Mapping
from typing import Any

from vaekit.report.formula import Formula, objective_formula

__all__ = ["objectives"]


def objectives(
    runs: Mapping[str, Mapping[str, Any]], *, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Write down the objectives of runs, once for those that share it.

    Args:
        runs: by the name of the run, its full config, nested; one without a model or an
            objective is left out.
        rows: by the name of the run, ``features`` and ``support`` as far as they are known.

    Returns:
        ``each``: for every objective ``names`` of its runs, ``formula`` and ``own``, the symbols
        that stand for something else in another; and ``shared``, the symbols that do not.

    Example:
        >>> from vaekit.config import Config
        >>> runs = {"a": Config(seed=1).model_dump(), "b": Config(seed=2).model_dump()}
        >>> found = objectives(runs, rows={})
        >>> [each["names"] for each in found["each"]], found["each"][0]["own"]
        (['a, b'], [])
    """
    names: dict[Formula, list[str]] = {}
    for name, config in runs.items():
        if "model" in config and "objective" in config:
            known = rows.get(name, {})
            formula = objective_formula(
                config, features=known.get("features"), support=known.get("support", "")
            )
            names.setdefault(formula, []).append(name)
    shared = [
        entry
        for entry in next(iter(names), _NONE).where
        if all(entry in formula.where for formula in names)
    ]
    each = [
        {
            "names": ", ".join(those),
            "formula": formula,
            "own": [entry for entry in formula.where if entry not in shared],
        }
        for formula, those in names.items()
    ]
    return {"each": each, "shared": shared}


_NONE = Formula(lines=(), where=(), reading="")
