"""The numbers and tables of a report."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

__all__ = [
    "Headline",
    "MetricsTable",
    "flatten",
    "format_number",
    "headlines",
    "last_metrics",
    "standing",
    "with_error",
    "with_standing",
]


_DASH = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A number that a reader sees first."""

    label: str
    """What it is called."""
    text: str
    """The number, rounded for reading; an en dash where there is none."""
    exact: str
    """The number as it was computed; empty where there is none."""
    unit: str
    """Its unit."""
    meaning: str
    """What it means, in plain words."""
    reason: str
    """Why there is none, where something is known about it."""


@dataclass(frozen=True, kw_only=True)
class _Quantity:
    """Where a number stands in an evaluation, and how it is shown."""

    key: str
    label: str
    unit: str
    meaning: str
    beside: str = ""
    """Key of a second number that is shown with it."""
    joint: str = ""
    """What stands between the two."""
    needs: str = ""
    """Key of a number that this one is computed from."""


_QUANTITIES = (
    _Quantity(
        key="log_likelihood",
        label="Log-likelihood",
        unit="nats per row",
        beside="log_likelihood_se",
        joint=_PLUS_MINUS,
        meaning="How probable the model finds a row it is measured on, as the logarithm of its "
        "probability (or density), averaged over the rows; higher is better. It is estimated by "
        "importance sampling, which on average falls short of the true value and comes closer "
        "with more samples. After the sign ± stands the standard error: how far the mean would "
        "typically move if other rows of the same kind had been measured.",
    ),
    _Quantity(
        key="elbo",
        label="ELBO",
        unit="nats per row",
        meaning="The evidence lower bound, minus distortion minus rate: a floor under the "
        "log-likelihood, and what a plain VAE is trained to raise. The gap between the two is "
        "how far the encoder is from the best one for this decoder.",
    ),
    _Quantity(
        key="bits_per_dim",
        label="Bits per dimension",
        unit="bits",
        needs="log_likelihood",
        meaning="The negative log-likelihood per number in a row, in bits: what a lossless code "
        "built on this model would spend on each; lower is better. For continuous values it is "
        "a density and may be negative, and it compares only models of data on the same scale.",
    ),
    _Quantity(
        key="distortion",
        label="Distortion",
        unit="nats per row",
        meaning="What is lost on the way through the code: minus the logarithm of the "
        "probability (or density) of a row given its own code; lower is a closer reconstruction.",
    ),
    _Quantity(
        key="rate",
        label="Rate",
        unit="nats per row",
        meaning="How much the code says about its row: the divergence of the posterior from the "
        "prior. Near zero the code says nothing and the decoder ignores it; 0.69 nats are a bit.",
    ),
    _Quantity(
        key="active_units",
        label="Active units",
        unit="latent dimensions",
        beside="latent_dim",
        joint="of",
        meaning="Latent dimensions that the model uses: those whose posterior mean varies over "
        "the rows with a variance above 0.01. The others are the same for every row.",
    ),
    _Quantity(
        key="reconstruction_error",
        label="Reconstruction error",
        unit="squared error per row",
        meaning="Squared distance between a row and its reconstruction from the mean of its "
        "code, summed over the numbers in the row after preprocessing, averaged over rows.",
    ),
    _Quantity(
        key="effective_sample_size",
        label="Effective sample size",
        needs="log_likelihood",
        unit="importance samples",
        beside="samples",
        joint="of",
        meaning="How many of the importance samples carry the estimate of a row's "
        "log-likelihood, in the median over rows. With one or two, more samples or a better "
        "encoder would raise the estimate.",
    ),
    _Quantity(
        key="samples",
        label="Importance samples",
        unit="for each row",
        meaning="How many codes were drawn for each row to estimate its log-likelihood.",
    ),
    _Quantity(
        key="rows",
        label="Rows",
        unit="measured",
        meaning="How many rows the averages above were taken over.",
    ),
)


def headlines(evaluation: Mapping[str, Any], *, notes: Sequence[str] = ()) -> list[Headline]:
    """Make the numbers of an evaluation readable.

    Args:
        evaluation: as in ``evaluation.json``; what is absent or none shows as an en dash.
        notes: sentences among which the reason for an absent number is looked for.

    Returns:
        One for each quantity that a report knows, in its order; none where nothing was measured,
        as of a model without an encoder.

    Example:
        >>> numbers = headlines({"log_likelihood": -86.76, "log_likelihood_se": 0.21})
        >>> print(numbers[0].label, numbers[0].text.replace("\N{MINUS SIGN}", "-"))
        Log-likelihood -86.76 ± 0.21
    """
    if evaluation and not any(quantity.key in evaluation for quantity in _QUANTITIES):
        return []
    return [_headline(quantity, evaluation, notes) for quantity in _QUANTITIES]


def format_number(value: object) -> str:
    """Round a number for reading: five digits, whole numbers in full.

    Args:
        value: a number; other things are shown as they are, none as an en dash.

    Returns:
        The text.

    Example:
        >>> format_number(10000), format_number(0.123456), format_number(1234.5678)
        ('10,000', '0.12346', '1,234.6')
    """
    if value is None:
        return _DASH
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}".replace("-", _MINUS)
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -4 <= size < 9:
        return f"{value:.4e}".replace("-", _MINUS)
    text = f"{value:,.{max(4 - size, 0)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", _MINUS)


def with_error(value: float, *, error: float) -> str:
    """Round a mean and its standard error to the two digits of the error that mean something.

    Args:
        value: the mean.
        error: its standard error.

    Returns:
        The text.

    Example:
        >>> with_error(86.7612, error=0.2149)
        '86.76 ± 0.21'
    """
    if not (math.isfinite(error) and error > 0):
        return f"{format_number(value)} {_PLUS_MINUS} {format_number(error)}"
    places = max(1 - math.floor(math.log10(error)), 0)
    return f"{value:,.{places}f} {_PLUS_MINUS} {error:,.{places}f}".replace("-", _MINUS)


def _headline(quantity: _Quantity, evaluation: Mapping[str, Any], notes: Sequence[str]) -> Headline:
    """One number with its unit, or the reason why there is none."""
    value, beside = evaluation.get(quantity.key), evaluation.get(quantity.beside)
    if value is None or beside is None:
        text = format_number(value)
    elif quantity.joint == _PLUS_MINUS:
        text = with_error(value, error=beside)
    else:
        text = f"{format_number(value)} {quantity.joint} {format_number(beside)}"
    return Headline(
        label=quantity.label,
        text=text,
        exact="" if value is None else repr(value),
        unit=quantity.unit,
        meaning=quantity.meaning,
        reason="" if value is not None else _reason(quantity, evaluation, notes),
    )


def _reason(quantity: _Quantity, evaluation: Mapping[str, Any], notes: Sequence[str]) -> str:
    """Name the number that it needs, or pick the first note that speaks of the quantity."""
    if quantity.needs and evaluation.get(quantity.needs) is None:
        return f"needs the {quantity.needs.replace('_', '-')}"
    words = (quantity.label.lower(), quantity.key)
    return next((note for note in notes if any(word in note.lower() for word in words)), "")


def standing(line: Mapping[str, Any]) -> str:
    """Say by how much our number is better or worse than a published one.

    Args:
        line: ``ours`` and ``value``, and where they are known ``unit``, ``better`` (lower or
            higher) and ``ours_se``, the standard error of ours.

    Returns:
        The words; empty where one of the two is no number.

    Example:
        >>> line = {"ours": 87.72, "value": 86.76, "unit": "nats per row", "better": "lower"}
        >>> standing({**line, "ours_se": 0.24})
        'behind by 0.96 nats per row (4 standard errors)'
        >>> standing({"ours": 22, "value": 19})
        'higher by 3'
    """
    ours, value = line.get("ours"), line.get("value")
    if not (_is_number(ours) and _is_number(value)):
        return ""
    difference = ours - value
    if difference == 0:
        return "the same as published"
    direction = _direction(difference, line.get("better"))
    return f"{direction} by {_size(abs(difference), line)}"


def with_standing(published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put to each published number where ours stands, and ours as it is shown.

    Args:
        published: lines as those of `standing`.

    Returns:
        The lines with ``standing`` and ``shown`` added.
    """
    return [
        {**line, "standing": standing(line), "shown": _shown(line.get("ours"), line.get("ours_se"))}
        for line in published
    ]


def _shown(ours: object, error: object) -> str:
    if _is_number(ours) and _is_number(error) and error > 0:
        return with_error(ours, error=error)
    return format_number(ours)


def _direction(difference: float, better: object) -> str:
    if better not in ("lower", "higher"):
        return "higher" if difference > 0 else "lower"
    return "ahead" if (difference > 0) == (better == "higher") else "behind"


def _size(difference: float, line: Mapping[str, Any]) -> str:
    """The difference with its unit, and in standard errors where one is known."""
    error = line.get("ours_se")
    if not (_is_number(error) and error > 0):
        return format_number(float(f"{difference:.3g}")) + _unit(line)
    size = with_error(difference, error=error).partition(" ")[0]
    return f"{size}{_unit(line)} ({_errors(difference / error)})"


def _unit(line: Mapping[str, Any]) -> str:
    """The unit of a difference: that of 19 of 50 and 22 of 50 is not "of 50"."""
    unit = str(line.get("unit") or "")
    return f" {unit}" if unit and not unit.startswith("of ") else ""


def _errors(count: float) -> str:
    """How many standard errors, in two digits at most."""
    if count < 1:
        return "less than one standard error"
    shown = format_number(float(f"{count:.2g}"))
    return f"{shown} standard error{'s' if shown != '1' else ''}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_SPLITS = ("train", "validation", "test")
_MEASURES = ("bound", "distortion", "rate", "loss")

MetricsTable = dict[str, Any]


def flatten(config: Mapping[str, Any], *, above: str = "") -> Iterator[tuple[str, str]]:
    """Walk a nested config: dotted names with values as the JSON file has them.

    Args:
        config: sections and settings.
        above: name of the section that this one lies in.

    Yields:
        Name and value.

    Example:
        >>> list(flatten({"name": "mine", "model": {"hidden": [4, 2], "flow": None}}))
        [('name', 'mine'), ('model.hidden', '[4, 2]'), ('model.flow', 'null')]
    """
    for key, value in config.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from flatten(value, above=name)
        else:
            shown = value if isinstance(value, str) else json.dumps(value, default=str)
            yield name, shown


def last_metrics(metrics: Sequence[Mapping[str, Any]]) -> MetricsTable | None:
    """Arrange the metrics of the last epoch: a line for each measure, a column for each split.

    Args:
        metrics: records of all epochs, oldest first.

    Returns:
        ``unit``, ``epoch``, ``splits``, ``lines`` (measure and texts), and ``pace`` (label and
        text); none where there is no record.

    Example:
        >>> table = last_metrics([{"epoch": 3, "train": {"rate": 5.0}, "seconds": 2.0}])
        >>> table["splits"], table["lines"], table["pace"]
        (['train'], [('rate', ['5'])], [('seconds in all', '2')])
    """
    if not metrics:
        return None
    last = metrics[-1]
    splits = [split for split in _SPLITS if last.get(split)]
    named = dict.fromkeys(name for split in splits for name in last[split])
    # a step with sums of its own: all of them, in their order
    measures = [name for name in _MEASURES if name in named] or list(named)
    return {
        "unit": "nats per row" if set(measures) <= set(_MEASURES) else "",
        "epoch": last.get("epoch"),
        "splits": splits,
        "lines": [
            (name, [format_number(last[split].get(name)) for split in splits]) for name in measures
        ],
        "pace": list(_pace(metrics)),
    }


def _pace(metrics: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """How fast training was, as far as it was recorded."""
    seconds = [record["seconds"] for record in metrics if record.get("seconds") is not None]
    if seconds:
        yield "seconds in all", format_number(float(f"{sum(seconds):.4g}"))
    for key in ("rows_per_second", "learning_rate"):
        value = metrics[-1].get(key)
        if value is not None:
            yield key.replace("_", " "), format_number(float(f"{value:.4g}"))
