"""Where the boxes of a computation graph stand: encoder, code and decoder as a U."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Box", "GraphNode", "Layout", "lay_out", "lines_of"]

_SIDE, _MIDDLE = 1.85, 1.3  # inches, width of a box at either side and between
_GAP = 0.3  # inches between two columns
_STEP = 0.74  # inches from one box of a column to the next, at least
_LEAST = 3.55  # inches from the first row to the row of the code, at least
_TERMS, _NOISE = 0.95, 0.82  # inches between the row of the code and those above and below
_EDGE = 0.1  # inches around all
_ROW = 0.24  # inches, of the legend
_HEIGHT, _LINE = 0.52, 0.13  # inches, of a box of three lines and of each line more


class GraphNode(Protocol):
    """What is drawn as a box."""

    @property
    def name(self) -> str:
        """Unlike all others."""

    @property
    def kind(self) -> str:
        """Tells the look."""

    @property
    def part(self) -> str:
        """encoder, code, decoder, prior, terms or objective; tells the place."""

    @property
    def title(self) -> str:
        """First line."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines below."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its value."""

    @property
    def parameters(self) -> int:
        """Numbers that it learns."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A place, in inches from the lower left corner."""

    x: float
    """Of the middle."""
    y: float
    """Of the middle."""
    width: float
    """From left to right."""
    height: float
    """From bottom to top."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything stands, in inches."""

    boxes: dict[str, Box]
    """By the name of the node."""
    width: float
    """Of the whole."""
    height: float
    """Of the whole."""


def lines_of(node: GraphNode) -> tuple[str, ...]:
    """What is written into the box of a node, below its title.

    Args:
        node: the node.

    Returns:
        Its notes, then shape and number of parameters.
    """
    count = _counted(node.parameters, "parameter") if node.parameters else ""
    value = _value(node)
    wide = node.part in ("encoder", "decoder")
    apart = [each for each in (value, count) if each]
    notes = [", ".join(node.notes)] if wide and node.notes else list(node.notes)
    return (*notes, *([" · ".join(apart)] if wide and apart else apart))


def _value(node: GraphNode) -> str:
    """Shape of a value, with what it counts."""
    if not node.shape or node.part in ("prior", "terms", "objective") or node.kind == "flow":
        return ""
    if node.part == "code":
        count, dim = node.shape
        return f"{_counted(count, 'sample')} of {_counted(dim, 'number')}"
    if len(node.shape) > 1:
        return " \N{MULTIPLICATION SIGN} ".join(f"{size:,}" for size in node.shape)
    what = {"layer": "unit", "parameters": "number"}.get(node.kind, "feature")
    return _counted(node.shape[0], what)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def lay_out(nodes: Sequence[GraphNode], *, legend: int) -> Layout:
    """Find a place for every node.

    Args:
        nodes: as ``vaekit.tasks.graph`` makes them.
        legend: rows of the legend.

    Returns:
        Places; no two boxes overlap.
    """
    encoder, decoder = ([node for node in nodes if node.part == part] for part in _SIDES)
    flows = any(node.kind == "flow" for node in nodes)
    rows = max(len(encoder), len(decoder)) - 1
    depth = max(_LEAST, rows * _STEP)
    below = _EDGE + legend * _ROW + 0.2 + (0.25 if flows else 0.0)
    noise = _NOISE if any(node.kind == "noise" for node in nodes) else 0.0
    low = below + _HEIGHT / 2 + noise
    top = low + depth
    boxes = {
        **_column(encoder, at=0, first=top, last=low),
        **_column(decoder, at=4, first=low, last=top),
        **dict(_between([node for node in nodes if node.part not in _SIDES], low, top, flows)),
    }
    return Layout(boxes=boxes, width=_x(4) + _SIDE / 2 + _EDGE, height=top + _HEIGHT / 2 + _EDGE)


_SIDES = ("encoder", "decoder")


def _x(column: int) -> float:
    """Middle of a column, from 0 to 4."""
    first = _EDGE + _SIDE / 2
    inner = first + (_SIDE + _MIDDLE) / 2 + _GAP
    places = [first, *(inner + each * (_MIDDLE + _GAP) for each in range(3))]
    return (*places, places[-1] + (_SIDE + _MIDDLE) / 2 + _GAP)[column]


def _column(nodes: Sequence[GraphNode], *, at: int, first: float, last: float) -> dict[str, Box]:
    """Boxes of a column with even room between them."""
    step = (last - first) / max(1, len(nodes) - 1)
    return {
        node.name: Box(x=_x(at), y=first + place * step, width=_SIDE, height=_HEIGHT)
        for place, node in enumerate(nodes)
    }


def _between(
    nodes: Sequence[GraphNode], low: float, top: float, flows: bool
) -> Iterator[tuple[str, Box]]:
    """Boxes of the three columns in the middle."""
    terms = low + _TERMS
    codes = {"noise": (1, low - _NOISE), "u": (1, low), "flow": (2, low), "z": (3, low)}
    if not flows:
        codes = {"noise": (2, low - _NOISE), "z": (2, low)}
    places = codes | {
        "log p(x|z)": (2, top), "log q(z|x)": (1, terms), "p(z)": (2, terms),
        "log p(z)": (3, terms),
    }  # fmt: skip
    for node in nodes:
        if node.part == "objective":
            width = 3 * _MIDDLE + 2 * _GAP
            height = 0.4 + 0.2 * len(node.notes)
            yield node.name, Box(x=_x(2), y=(top + terms) / 2, width=width, height=height)
        else:
            column, y = places[node.name]
            height = _HEIGHT + max(0, len(lines_of(node)) - 2) * _LINE
            yield node.name, Box(x=_x(column), y=y, width=_MIDDLE, height=height)
