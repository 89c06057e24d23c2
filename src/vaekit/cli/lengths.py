"""Which runs differ in the length of their flow, and what was measured of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaekit.cli.sides import Side

__all__ = ["Lengths", "errors_of", "lengths_of", "levels_of"]

_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Numbers of runs by the length of their flow."""

    flow: str
    """Its kind."""
    values: dict[str, dict[int, float]]
    """By what it is, and by length."""
    errors: dict[str, dict[int, float]]
    """Standard errors, likewise."""
    levels: dict[str, dict[str, float]]
    """By what it is, and by the name of a run with another posterior."""


def lengths_of(sides: Mapping[str, Side], group: Mapping[str, Any]) -> Lengths | None:
    """Find runs that differ in the length of their flow.

    Args:
        sides: the runs by name.
        group: one whose nats can be compared, as ``compare_numbers`` returns it.

    Returns:
        Their numbers; none where there are not three lengths of one kind of flow in runs that
        are otherwise one model on the same objective.
    """
    measured = levels_of(group)
    members = _by_length({name: sides[name] for name in measured["ELBO"]})
    if len(members) < _FEWEST:
        return None
    first = sides[next(iter(members.values()))]
    flow = first.run.config.model.posterior.flow
    others = [
        name
        for name in measured["ELBO"]
        if sides[name].run.config.model.posterior.flow != flow
        and _rest(sides[name], apart="posterior") == _rest(first, apart="posterior")
    ]
    return Lengths(
        flow=flow,
        values={what: _placed(found, members) for what, found in measured.items()},
        errors={"Log-likelihood": _placed(errors_of(sides), members)},
        levels={
            what: {name: found[name] for name in others if name in found}
            for what, found in measured.items()
        },
    )


def levels_of(group: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Log-likelihood and ELBO of the runs of a group, where they have them.

    Args:
        group: as ``compare_numbers`` returns it.

    Returns:
        By what it is, and by the name of the run.
    """
    lines = {line["label"]: line["values"] for line in group["lines"]}
    return {
        label: {name: value for name, value in lines[label].items() if value is not None}
        for label in ("Log-likelihood", "ELBO")
    }


def errors_of(sides: Mapping[str, Side]) -> dict[str, float]:
    """Standard errors of the log-likelihoods, where they are known.

    Args:
        sides: the runs by name.

    Returns:
        By the name of the run, in nats per row.
    """
    found = {name: side.evaluation.get("log_likelihood_se") for name, side in sides.items()}
    return {name: error for name, error in found.items() if error is not None}


def _by_length(sides: Mapping[str, Side]) -> dict[int, str]:
    """Names of runs by the length of their flow: the most of them that are otherwise alike."""
    families: dict[str, dict[int, str]] = {}
    for name, side in sides.items():
        posterior = side.run.config.model.posterior
        if posterior.flow != "none":
            family = families.setdefault(_rest(side, apart="flow_length"), {})
            family.setdefault(posterior.flow_length, name)
    return max(families.values(), key=len, default={})


def _placed(found: Mapping[str, float], members: Mapping[int, str]) -> dict[int, float]:
    """Numbers by length in place of by name."""
    return {length: found[name] for length, name in members.items() if name in found}


def _rest(side: Side, *, apart: str) -> str:
    """Model and objective of a run without its posterior, or without the length of its flow."""
    config = side.run.config
    model = config.model.model_dump(mode="json")
    if apart == "posterior":
        del model["posterior"]
    else:
        del model["posterior"][apart]
    return f"{model} {config.objective.model_dump(mode='json')}"
