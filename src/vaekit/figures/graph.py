"""Draw a computation graph."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from vaekit.figures.style import FIRST, GREY, INK, SECOND, THIRD, new_figure, styled

__all__ = ["Box", "GraphNode", "Layout", "computation_graph", "draw_graph", "lay_out", "lines_of"]


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
        nodes: as ``vaekit.describe.graph`` makes them.
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


_VIOLET = "#7a3fa0"
# What a kind is called, and its look; shapes and borders tell kinds apart where colours do not.
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "data": ("data", {"facecolor": "#e9ebee", "edgecolor": INK, "rounding": 0.0}),
    "layer": ("layer of a network", {"facecolor": "#dbe8f6", "edgecolor": FIRST}),
    "parameters": ("put out by a network", {"facecolor": "white", "edgecolor": FIRST}),
    "noise": (
        "noise",
        {"facecolor": "white", "edgecolor": SECOND, "rounding": 0.25, "linestyle": (0, (4, 2))},
    ),
    "sample": (
        "drawn at random",
        {"facecolor": "#fcdcc8", "edgecolor": SECOND, "rounding": 0.25, "linewidth": 2.0},
    ),
    "flow": ("flow", {"facecolor": "#eee2f5", "edgecolor": _VIOLET}),
    "code": ("code", {"facecolor": "#fff3ea", "edgecolor": SECOND, "rounding": 0.25}),
    "distribution": ("distribution", {"facecolor": "#dcefe6", "edgecolor": THIRD}),
    "term": ("log-density", {"facecolor": "white", "edgecolor": GREY, "rounding": 0.0}),
    "objective": ("objective", {"facecolor": "#fff5cf", "edgecolor": INK, "linewidth": 1.8}),
}
_LEGEND = 5  # kinds in a row of the legend
_TITLE, _NOTE = 8.5, 7.0  # points


def computation_graph(
    nodes: Sequence[GraphNode], *, edges: Sequence[tuple[str, str]], title: str | None = None
) -> Figure:
    """Draw the computation graph of a model on a page of the size that it needs.

    The encoder goes down on the left and the decoder up on the right. Between them stand the
    code with the noise that enters it, and above it what training minimises.

    Args:
        nodes: as ``vaekit.describe.graph`` makes them.
        edges: names of two nodes each, the second computed from the first.
        title: above it.

    Returns:
        The figure.

    Example:
        >>> from types import SimpleNamespace
        >>> x = SimpleNamespace(
        ...     name="x", kind="data", part="encoder", title="x", notes=(), shape=(4,), parameters=0
        ... )
        >>> [text.get_text() for text in computation_graph([x], edges=[]).axes[0].texts]
        ['x', '4 features', 'data']
    """
    layout = _layout(nodes)
    above = 0.35 if title else 0.0
    with styled():
        figure = new_figure(layout.width, height=layout.height + above)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, layout.height / (layout.height + above)))
        draw_graph(axes, nodes=nodes, edges=edges)
        if title:
            place = (0.1 / layout.width, 1 - 0.1 / (layout.height + above))
            figure.suptitle(title, x=place[0], y=place[1], ha="left", va="top")
    return figure


def draw_graph(axes: Axes, *, nodes: Sequence[GraphNode], edges: Sequence[tuple[str, str]]) -> None:
    """Draw the computation graph of a model on axes that are there, smaller where it has to be.

    Args:
        axes: to draw on; their frame and ticks go.
        nodes: as ``vaekit.describe.graph`` makes them.
        edges: names of two nodes each, the second computed from the first.
    """
    layout = _layout(nodes)
    axes.set_axis_off()
    axes.set_xlim(0, layout.width)
    axes.set_ylim(0, layout.height)
    axes.set_aspect("equal")
    area = axes.get_window_extent()
    scale = min(area.width / layout.width, area.height / layout.height) / axes.figure.dpi
    for one, other in edges:
        _draw_arrow(axes, layout.boxes[one], layout.boxes[other], _route(one, other), scale)
    for node in nodes:
        box = layout.boxes[node.name]
        _draw_box(axes, box, node.kind, scale)
        big = node.kind == "objective"
        _write(axes, box, node.title, lines_of(node), scale, note=_TITLE if big else _NOTE)
    _draw_legend(axes, _kinds(nodes), layout.width, scale)


def _layout(nodes: Sequence[GraphNode]) -> Layout:
    return lay_out(nodes, legend=-(-len(_kinds(nodes)) // _LEGEND))


def _kinds(nodes: Sequence[GraphNode]) -> list[str]:
    """Kinds that occur, in the order of the legend."""
    there = {node.kind for node in nodes}
    return [kind for kind in _KINDS if kind in there]


def _draw_box(axes: Axes, box: Box, kind: str, scale: float) -> None:
    look: dict[str, Any] = {"rounding": 0.06, "linewidth": 1.1, "linestyle": "-"} | _KINDS[kind][1]
    rounding = min(look.pop("rounding"), box.height / 2)
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    style = f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0"
    look["linewidth"] *= scale
    axes.add_patch(FancyBboxPatch(corner, box.width, box.height, boxstyle=style, zorder=2, **look))


def _write(
    axes: Axes, box: Box, title: str, notes: Sequence[str], scale: float, *, note: float
) -> None:
    """Lines in the middle of a box, smaller where they are too long for it."""
    sizes = [(title, _TITLE, "bold"), *((each, note, "normal") for each in notes)]
    heights = [1.32 * size / 72 for _, size, _ in sizes]
    y = box.y + sum(heights) / 2
    for (text, size, weight), height in zip(sizes, heights, strict=True):
        fitted = size * min(1.0, (box.width - 0.12) / _width(text, size, weight))
        axes.text(
            box.x, y - height / 2, text, fontsize=fitted * scale, fontweight=weight, ha="center",
            va="center", color=INK, zorder=3,
        )  # fmt: skip
        y -= height


def _width(text: str, size: float, weight: str) -> float:
    """How wide a text is, in inches."""
    font = FontProperties(family="DejaVu Sans", weight=weight)
    extents = TextPath((0, 0), text, size=size, prop=font, usetex=False).get_extents()
    return max(float(extents.width) / 72, 1e-6)


def _route(one: str, other: str) -> str:
    """Around what stands between two boxes, where something does."""
    around = {"flow": "below", "objective": "beside", "log q(z|x)": "aside"}
    return around.get(other, "straight") if one == "parameters of q" else "straight"


def _draw_arrow(axes: Axes, one: Box, other: Box, route: str, scale: float) -> None:
    look: dict[str, Any] = {
        "arrowstyle": f"-|>,head_length={3.6 * scale},head_width={1.7 * scale}",
        "linewidth": 1.0 * scale, "color": GREY, "zorder": 1, "shrinkA": 0, "shrinkB": 0,
        "joinstyle": "miter", "mutation_scale": 1,
    }  # fmt: skip
    if route == "straight":
        ends = _straight(one, other)
        axes.add_patch(FancyArrowPatch(*ends, **look))
        return
    right, left = one.x + one.width / 2, other.x - other.width / 2
    if route == "below":
        y = one.y - one.height / 2 - 0.95
        points = [(one.x, one.y), (one.x, y), (other.x, y), (other.x, other.y - other.height / 2)]
    elif route == "aside":  # the box above is close
        points = [(right, one.y + 0.16), (left + 0.2, other.y - other.height / 2)]
    else:
        x = (right + left) / 2
        points = [(one.x, one.y + 0.14), (x, one.y + 0.14), (x, other.y), (left, other.y)]
    axes.add_patch(FancyArrowPatch(path=Path(points), **look))


def _straight(one: Box, other: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """From border to border: straight up or down where that meets both, else middle to middle."""
    if abs(one.x - other.x) < (other.width - one.width) / 2 + 1e-6:
        start = (one.x, one.y)
        end = (one.x, other.y)
    else:
        start, end = (one.x, one.y), (other.x, other.y)
    return _border(one, start, end), _border(other, end, start)


def _border(
    box: Box, inside: tuple[float, float], outside: tuple[float, float]
) -> tuple[float, float]:
    """Where the line from a point in a box to one outside leaves the box."""
    across, up = outside[0] - inside[0], outside[1] - inside[1]
    share = min(
        box.width / 2 / abs(across) if across else float("inf"),
        box.height / 2 / abs(up) if up else float("inf"),
    )
    return inside[0] + share * across, inside[1] + share * up


def _draw_legend(axes: Axes, kinds: Sequence[str], width: float, scale: float) -> None:
    """What the looks mean, below the graph."""
    cell = (width - 0.2) / _LEGEND
    rows = -(-len(kinds) // _LEGEND)
    for place, kind in enumerate(kinds):
        row, column = divmod(place, _LEGEND)
        y = 0.1 + (rows - row - 0.5) * 0.24
        _draw_box(axes, Box(x=0.3 + column * cell, y=y, width=0.3, height=0.15), kind, scale)
        axes.text(
            0.53 + column * cell, y, _KINDS[kind][0], fontsize=_NOTE * scale, color=INK,
            va="center_baseline",
        )  # fmt: skip
