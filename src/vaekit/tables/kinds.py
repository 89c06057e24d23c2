"""Kinds that a user asks for: a mapping, or one line of a command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vaekit.errors import ConfigError
from vaekit.tables.column import KINDS, Kind
from vaekit.tables.frames import nearest

__all__ = ["Wish", "parse_kinds", "read_wishes"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The kind that a column shall be, and what was said with it.

    Args:
        kind: asked for.
        limits: of bounded: lowest and highest; none to take them from the data.
        order: of ordinal: the levels as texts, the lowest first; none to sort them.
    """

    kind: Kind
    limits: tuple[float, float] | None = None
    order: tuple[str, ...] = ()


def parse_kinds(text: str) -> dict[str, str]:
    """Kinds from one line, as for a command.

    Args:
        text: ``column=kind`` with commas between; "bounded:0:100" gives limits, and
            "ordinal:low:mid:high" an order. A name with a comma needs the mapping from Python.

    Returns:
        The kind of each column named, as ``infer_schema`` takes it.

    Raises:
        ConfigError: not of this form, a kind that there is not, or a column named twice.

    Example:
        >>> parse_kinds("age=count, score=bounded:0:100")
        {'age': 'count', 'score': 'bounded:0:100'}
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, kind = (piece.strip() for piece in part.partition("="))
        if not name or not kind:
            raise ConfigError(f"kinds: expected column=kind with commas between; got {part!r}")
        if name in found:
            raise ConfigError(f"kinds: expected {name} once; got {found[name]!r} and {kind!r}")
        _read_wish(kind, name=name)
        found[name] = kind
    return found


def read_wishes(kinds: Mapping[str, str], *, names: Sequence[str]) -> dict[str, Wish]:
    """What was asked for, column by column.

    Args:
        kinds: column to kind.
        names: of the columns that there are.

    Returns:
        Column to wish.

    Raises:
        ConfigError: there is no such column or no such kind, or its limits or order are wrong.

    Example:
        >>> read_wishes({"score": "bounded:0:100"}, names=["score"])["score"].limits
        (0.0, 100.0)
    """
    texts = {str(name): kind for name, kind in kinds.items()}
    for name in texts:
        if name not in names:
            raise ConfigError(f"kinds: there is no column {name!r}{nearest(name, among=names)}")
    return {name: _read_wish(kind, name=name) for name, kind in texts.items()}


def _read_wish(text: str, *, name: str) -> Wish:
    word, *options = (part.strip() for part in text.split(":"))
    if word not in KINDS:
        raise ConfigError(f"kinds: {name}={word} is not a kind{nearest(word, among=KINDS)}")
    kind: Kind = word
    if kind == "ordinal" and len(options) != 1 and len(set(options)) == len(options):
        return Wish(kind=kind, order=tuple(options))
    if kind == "bounded" and options:
        return Wish(kind=kind, limits=_read_limits(options, text=f"{name}={text}"))
    if options:
        raise ConfigError(
            f"kinds: expected {name}={kind} or bounded:lowest:highest or ordinal:first:second:... "
            f"with each level once; got {name}={text}"
        )
    return Wish(kind=kind)


def _read_limits(options: Sequence[str], *, text: str) -> tuple[float, float]:
    try:
        low, high = (float(option) for option in options)
    except ValueError:
        low = high = 0.0
    if not -float("inf") < low < high < float("inf"):
        raise ConfigError(
            f"kinds: expected bounded:lowest:highest with two numbers, the lower first; got {text}"
        )
    return low, high
