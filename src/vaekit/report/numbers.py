"""The numbers at the head of a report: what each is called, its unit, and what it means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Headline", "format_number", "headlines", "with_error"]

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
        One for each quantity that a report knows, in its order.

    Example:
        >>> numbers = headlines({"log_likelihood": -86.76, "log_likelihood_se": 0.21})
        >>> print(numbers[0].label, numbers[0].text.replace("\N{MINUS SIGN}", "-"))
        Log-likelihood -86.76 ± 0.21
    """
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
