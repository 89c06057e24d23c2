"""Compare trained runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaekit.comparison.published import comparisons, published_lines, shared_differences
from vaekit.comparison.scales import Scale, grouped, reasons, scale_of
from vaekit.config import ModelConfig, ObjectiveConfig
from vaekit.data import Dataset
from vaekit.describe import LOG_PX, LOG_PZ, LOG_QZ, MEAN
from vaekit.errors import ConfigError
from vaekit.io import columns
from vaekit.report import format_number, with_error
from vaekit.runs import Run, load_run
from vaekit.runs.run import rows_for

__all__ = ["Side", "compare_numbers", "comparison_lines", "loss_lines", "loss_terms", "read_sides"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the runs that are compared."""

    run: Run
    """The run."""
    dataset: Dataset
    """The rows it was trained on."""
    evaluation: Mapping[str, Any]
    """As in ``evaluation.json``."""
    records: list[dict[str, Any]]
    """Of its epochs."""
    scale: Scale
    """What its nats measure."""

    @property
    def has_density(self) -> bool:
        """Whether its posterior is more than a point, so that there is a bound."""
        return self.run.config.model.posterior.kind != "point"


def read_sides(paths: Mapping[str, Path]) -> dict[str, Side]:
    """Read the runs that are compared; runs on the same data share its rows.

    Args:
        paths: run folders by the names that they get in the comparison.

    Returns:
        The sides by name, in the same order.

    Raises:
        RunError: no run, or an unfinished or damaged one.
        ConfigError: a run that was not measured.
        DataError: the rows of a run cannot be read.
    """
    sides: dict[str, Side] = {}
    for name, path in paths.items():
        run = load_run(path)
        if not run.folder.evaluation.is_file():
            raise ConfigError(f"{path}: this run was not measured yet: vaekit evaluate {path}")
        same = (each for each in sides.values() if each.run.config.data == run.config.data)
        known = next(same, None)
        dataset = rows_for(run) if known is None else known.dataset
        evaluation = run.folder.read_json(run.folder.evaluation)
        sides[name] = Side(
            run=run,
            dataset=dataset,
            evaluation=evaluation,
            records=run.folder.read_metrics(),
            scale=scale_of(run, dataset=dataset, evaluation=evaluation),
        )
    return sides


_MINUS = "\N{MINUS SIGN}"
_KL = "KL(q(z|x) ‖ p(z))"


def loss_lines(objective: ObjectiveConfig, *, model: ModelConfig) -> tuple[str, ...]:
    """Write the loss of a row with the values of a run.

    Args:
        objective: of the run.
        model: of the run; tells whether the KL has a closed form.

    Returns:
        The formula, and what has to be said about it.

    Example:
        >>> loss_lines(ObjectiveConfig(beta=4.0, free_bits=0.5), model=ModelConfig())[0]
        'loss = −log p(x|z) + 4 Σ_d max(0.5, KL_d)'
    """
    closed = _closed(objective, model)
    tight = objective.reduce == "logmeanexp"
    penalty = _times(objective.mean_penalty) + "|μ|²/2" if objective.mean_penalty else ""
    body = _tight(objective) if tight else _mean(objective, closed=closed)
    formula = " + ".join(part for part in (f"loss = {body}", penalty) if part)
    return (formula, *_remarks(objective, closed=closed and objective.beta > 0))


def loss_terms(objective: ObjectiveConfig) -> tuple[str, ...]:
    """Name what the loss is made of.

    Args:
        objective: of the run.

    Returns:
        Some of the names that ``tasks.graph`` takes.

    Example:
        >>> loss_terms(ObjectiveConfig(beta=0.0))
        ('log p(x|z)',)
    """
    rate = (LOG_PZ, LOG_QZ) if objective.entropy else (LOG_PZ,)
    mean = (MEAN,) if objective.mean_penalty else ()
    return (LOG_PX, *(rate if objective.beta else ()), *mean)


def _closed(objective: ObjectiveConfig, model: ModelConfig) -> bool:
    """Whether the rate is computed without samples."""
    q = model.posterior
    flat = q.kind == "gaussian" and (q.flow == "none" or q.flow_length == 0)
    bound = objective.reduce == "mean" and objective.analytic and objective.entropy == 1.0
    return bound and flat and model.prior.kind == "normal"


def _mean(objective: ObjectiveConfig, *, closed: bool) -> str:
    """A weighted bound, averaged over the samples."""
    k, beta = objective.samples, _times(objective.beta)
    fit = f"{_MINUS}log p(x|z)" if k == 1 else f"{_MINUS}(1/{k}) Σₖ log p(x|zₖ)"
    if not objective.beta:
        return fit
    if objective.free_bits:
        return f"{fit} + {beta}Σ_d max({objective.free_bits:g}, KL_d)"
    if closed:
        return f"{fit} + {beta}{_KL}"
    if k == 1:
        return f"{fit} {_rate(objective, 'z', sign=_MINUS)}"
    return f"{_MINUS}(1/{k}) Σₖ [log p(x|zₖ) {_rate(objective, 'zₖ', sign='+')}]"


def _tight(objective: ObjectiveConfig) -> str:
    """An importance-weighted bound."""
    rate = _rate(objective, "zₖ", sign="+") if objective.beta else ""
    inside = " ".join(part for part in ("log p(x|zₖ)", rate) if part)
    return f"{_MINUS}log (1/{objective.samples}) Σₖ exp[{inside}]"


def _rate(objective: ObjectiveConfig, z: str, *, sign: str) -> str:
    """What beta multiplies, with its sign before it."""
    beta, entropy = _times(objective.beta), _times(objective.entropy)
    prior, posterior = f"log p({z})", f"{entropy}log q({z}|x)"
    if not objective.entropy:
        return f"{sign} {beta}{prior}"
    if beta:
        return f"{sign} {beta}({prior} {_MINUS} {posterior})"
    return f"{sign} {prior} {'+' if sign == _MINUS else _MINUS} {posterior}"


def _times(weight: float) -> str:
    """A weight before what it multiplies; 1 is not written."""
    return "" if weight == 1.0 else f"{weight:g} "


def _remarks(objective: ObjectiveConfig, *, closed: bool) -> Iterator[str]:
    if closed or (objective.free_bits and objective.beta):
        yield "KL in closed form"
    if objective.schedule != "constant" and objective.beta:
        how = "grows from 0 over" if objective.schedule == "linear" else "goes in cycles of"
        epochs = "1 epoch" if objective.warmup == 1 else f"{objective.warmup} epochs"
        yield f"the weight of the rate {how} {epochs}"


Line = dict[str, Any]

# Key in evaluation.json, what it is called, unit, and which way is better.
_IN_NATS = (
    ("log_likelihood", "Log-likelihood", "nats per row", 1),
    ("elbo", "ELBO", "nats per row", 1),
    ("distortion", "Distortion", "nats per row", -1),
    ("bits_per_dim", "Bits per dimension", "bits", -1),
)
_ON_ANY_SCALE = (
    ("rate", "Rate", "nats per row"),
    ("active_units", "Active units", "latent dimensions"),
    ("latent_dim", "Latent dimensions", ""),
    ("effective_sample_size", "Effective sample size", "importance samples"),
    ("samples", "Importance samples", "for each row"),
)
_NEEDS_DENSITY = {"elbo", "rate"}
_ERROR = ("reconstruction_error", "Reconstruction error", "squared error per row")


def compare_numbers(sides: Mapping[str, Side]) -> dict[str, Any]:
    """Put the numbers of runs into tables, each on one scale.

    Args:
        sides: the runs by name.

    Returns:
        Plain data: ``groups`` of runs whose nats can be compared, ``refusals`` that say why the
        others cannot, ``shared`` lines that hold on any scale, ``published`` numbers, each with
        the name of its ``run``, and ``notes``.
    """
    scales = {name: side.scale for name, side in sides.items()}
    groups = grouped(scales)
    return {
        "groups": [_group({name: sides[name] for name in names}) for names in groups],
        "refusals": list(_refusals(groups, scales)),
        "shared": list(_shared(sides)),
        "published": [
            {"run": name, **each}
            for name, side in sides.items()
            for each in comparisons(side.run.config, side.evaluation)
        ],
        "notes": list(_notes(sides)),
    }


def comparison_lines(found: Mapping[str, Any], *, names: Sequence[str]) -> list[str]:
    """Say what came out of a comparison, for a person.

    Args:
        found: what ``compare_numbers`` returned.
        names: of all runs.

    Returns:
        Lines.
    """
    lines = []
    if found["refusals"]:
        lines += ["not all of these runs can be compared in nats:"]
        lines += [f"  {text}" for text in found["refusals"]]
    for group in found["groups"]:
        lines += [f"{', '.join(group['runs'])}: {group['what']}"]
        lines += _table(group["lines"], names=group["runs"])
        lines += [f"  note: {note}" for note in group["notes"]]
    lines += ["on any scale", *_table(found["shared"], names=names)]
    lines += published_lines(found["published"])
    return lines + [f"note: {note}" for note in found["notes"]]


def _table(lines: Sequence[Line], *, names: Sequence[str]) -> list[str]:
    """Aligned columns; a star stands at the best of each line."""
    rows = [("", *names, "unit")]
    for line in lines:
        cells = [line["texts"][name] + (" *" if name in line["best"] else "") for name in names]
        rows.append((line["label"], *cells, line["unit"]))
    return columns(rows, indent="  ")


def _group(sides: Mapping[str, Side]) -> dict[str, Any]:
    """The table of runs whose nats are on one scale."""
    scales = [side.scale for side in sides.values()]
    apart = max(s.to_raw for s in scales) - min(s.to_raw for s in scales) > 1e-6
    notes = []
    if apart:
        notes.append(
            "The runs scale the data differently, so the densities are brought to the units of "
            "the data, and differ from those on the runs' own pages by a constant."
        )
    if scales[0].kind == "cross-entropy" and len(sides) > 1:
        notes.append(
            "A cross-entropy of grey values orders these runs among themselves, and is no "
            "log-likelihood that could stand in a table elsewhere."
        )
    if len({side.evaluation["samples"] for side in sides.values()}) > 1:
        notes.append(
            "The log-likelihoods were estimated with different numbers of importance samples, "
            "and more samples raise the estimate: vaekit evaluate RUN --samples N."
        )
    return {
        "runs": list(sides),
        "what": f"{_first_up(scales[0].meaning)}, on {scales[0].rows}.",
        "kind": scales[0].kind,
        "lines": [
            _in_nats(sides, key, label, unit, better=better, raw=apart)
            for key, label, unit, better in _IN_NATS
            if not (apart and key == "bits_per_dim")
        ],
        "notes": notes,
    }


def _in_nats(
    sides: Mapping[str, Side], key: str, label: str, unit: str, *, better: int, raw: bool
) -> Line:
    """A line of the table, in the units of the data where the runs scale them differently."""
    values: dict[str, float | None] = {}
    for name, side in sides.items():
        value = side.evaluation.get(key)
        known = value is not None and (side.has_density or key not in _NEEDS_DENSITY)
        shift = better * side.scale.to_raw if raw else 0.0
        values[name] = value + shift if known and value is not None else None
    errors = {n: s.evaluation.get("log_likelihood_se") for n, s in sides.items()}
    return _line(
        label, unit, values, better=better, errors=errors if key == "log_likelihood" else {}
    )


def _line(
    label: str,
    unit: str,
    values: Mapping[str, float | None],
    *,
    better: int = 0,
    errors: Mapping[str, float | None] | None = None,
) -> Line:
    """Texts of one quantity by run, and the best of them where there is a best."""
    known = {name: better * value for name, value in values.items() if value is not None}
    top = max(known.values(), default=0.0)
    best = [name for name, value in known.items() if value == top] if better else []
    texts = {}
    for name, value in values.items():
        error = (errors or {}).get(name)
        plain = value is None or error is None
        texts[name] = (
            format_number(value) if plain else with_error(value or 0.0, error=error or 0.0)
        )
    several = len(known) > 1 and len(best) < len(known)
    return {
        "label": label,
        "unit": unit,
        "values": dict(values),
        "texts": texts,
        "best": best if several else [],
    }


def _shared(sides: Mapping[str, Side]) -> Iterator[Line]:
    """Lines that mean the same in every run."""
    for key, label, unit in _ON_ANY_SCALE:
        yield _line(
            label,
            unit,
            {
                name: side.evaluation.get(key)
                if side.has_density or key not in _NEEDS_DENSITY
                else None
                for name, side in sides.items()
            },
        )
    if len({(s.scale.fingerprint, s.scale.seen, _unit(s)) for s in sides.values()}) == 1:
        key, label, unit = _ERROR
        values = {name: side.evaluation.get(key) for name, side in sides.items()}
        yield _line(label, unit, values, better=-1)
    yield _line("Epochs", "", {name: len(side.records) for name, side in sides.items()})
    yield _line("Parameters", "", {name: _parameters(side) for name, side in sides.items()})
    seconds = {
        name: round(sum(each.get("seconds") or 0.0 for each in side.records), 1)
        for name, side in sides.items()
    }
    yield _line("Training", "seconds", seconds)


def _parameters(side: Side) -> int:
    return sum(each.numel() for each in side.run.model.parameters())


def _unit(side: Side) -> tuple[float, ...]:
    """In which unit squared errors are."""
    scale: list[float] = side.run.preprocessing.scale.tolist()
    return tuple(scale)


def _refusals(groups: Sequence[Sequence[str]], scales: Mapping[str, Scale]) -> Iterator[str]:
    """Why each two groups cannot be compared."""
    for place, ours in enumerate(groups):
        for theirs in groups[place + 1 :]:
            why = "; ".join(reasons(scales[ours[0]], scales[theirs[0]]))
            yield f"{', '.join(ours)} against {', '.join(theirs)}: {why}."


def _notes(sides: Mapping[str, Side]) -> Iterator[str]:
    """What each evaluation says of itself, rows that were trained on, and other settings."""
    for name, side in sides.items():
        for note in side.evaluation.get("notes", ()):
            yield f"{name}: {note}"
        if side.evaluation["split"] == "train":
            yield f"{name}: measured on rows that it was trained on, which flatters it."
    yield from shared_differences(
        {name: (side.run.config, side.evaluation) for name, side in sides.items()}
    )


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
