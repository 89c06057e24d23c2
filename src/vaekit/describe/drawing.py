"""Draw a computation graph with matplotlib."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from vaekit.figures.style import (
    FIRST,
    GREY,
    INK,
    SECOND,
    THIRD,
    finish_axes,
    new_figure,
    style_context,
    text_width,
)

if TYPE_CHECKING:
    from vaekit.describe.graph import Graph, Node

__all__ = ["draw_graph"]

# All lengths are in inches.
_SIDE, _MIDDLE = 1.85, 1.3  # width of a box in an outer column and in the three between
_GAP = 0.3  # between two columns
_STEP = 0.74  # from one box of an outer column to the next, at least
_DEPTH = 3.55  # from the first row to the row of the code, at least
_TERMS, _NOISE = 0.95, 0.82  # from the row of the code to the rows above and below it
_EDGE = 0.1
_HEIGHT, _LINE = 0.52, 0.13  # of a box of three lines, and of each line more
_LEGEND_COLUMNS, _LEGEND_ROW = 5, 0.24
_TITLE, _NOTE = 8.5, 7.0  # points

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
    "flow": ("flow", {"facecolor": "#eee2f5", "edgecolor": "#7a3fa0"}),
    "code": ("code", {"facecolor": "#fff3ea", "edgecolor": SECOND, "rounding": 0.25}),
    "distribution": ("distribution", {"facecolor": "#dcefe6", "edgecolor": THIRD}),
    "term": ("log-density", {"facecolor": "white", "edgecolor": GREY, "rounding": 0.0}),
    "objective": ("objective", {"facecolor": "#fff5cf", "edgecolor": INK, "linewidth": 1.8}),
}


def draw_graph(graph: "Graph", *, ax: Axes | None = None, title: str | None = None) -> Figure:
    """Draw the computation graph of a model.

    The encoder goes down on the left and the decoder up on the right. Between them stand the
    code with the noise that enters it, and above it what training minimises.

    Args:
        graph: as :func:`vaekit.describe.graph` returns it.
        ax: axes to draw into, smaller where they are small; a page of its own when absent.
        title: above the graph.

    Returns:
        The figure.

    Example:
        >>> from vaekit.describe import Graph, Node
        >>> x = Node(name="x", kind="data", part="encoder", title="x", shape=(4,))
        >>> figure = draw_graph(Graph(nodes=(x,), edges=()))
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['x', '4 features', 'data']
    """
    boxes, width, height = _layout(graph.nodes)
    if ax is None:
        total = height + (0.35 if title else 0.0)
        with style_context():
            figure = new_figure(width, height=total)
            figure.set_layout_engine("none")
            ax = figure.add_axes((0, 0, 1, height / total))
            draw_graph(graph, ax=ax)
            if title:
                x, y = 0.1 / width, 1 - 0.1 / total
                figure.suptitle(title, x=x, y=y, ha="left", va="top")
        return figure
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_aspect("equal")
    area = ax.get_window_extent()
    scale = min(area.width / width, area.height / height) / ax.figure.dpi
    patches = {}
    for node in graph.nodes:
        box = boxes[node.name]
        patches[node.name] = _draw_box(ax, box, node.kind, scale)
        note = _TITLE if node.kind == "objective" else _NOTE
        _write(ax, box, node.title, _lines(node), scale, note=note)
    for edge in graph.edges:
        style = f"-|>,head_length={3.6 * scale},head_width={1.7 * scale}"
        ends = (boxes[edge.source], boxes[edge.target])
        route = _route(edge.source, edge.target, *ends)
        if route is None:
            one, other = ends
            # Straight up or down where that meets both boxes, else from middle to middle.
            upright = abs(one.x - other.x) < (other.width - one.width) / 2 + 1e-6
            course: dict[str, Any] = {
                "posA": (one.x, one.y), "posB": (one.x if upright else other.x, other.y),
                "patchA": patches[edge.source], "patchB": patches[edge.target],
            }  # fmt: skip
        else:
            course = {"path": Path(route)}
        arrow = FancyArrowPatch(
            **course, arrowstyle=style, linewidth=scale, color=GREY, zorder=1, shrinkA=0,
            shrinkB=0, joinstyle="miter", mutation_scale=1,
        )  # fmt: skip
        ax.add_patch(arrow)
    _draw_legend(ax, _kinds(graph.nodes), width, scale)
    return finish_axes(ax, title=title)


class _Box(NamedTuple):
    """The middle of a box from the lower left corner of the page, and its size."""

    x: float
    y: float
    width: float
    height: float


def _layout(nodes: "Sequence[Node]") -> tuple[dict[str, _Box], float, float]:
    """Place every node; return the boxes by name, and the width and height of the page."""
    encoder, decoder = (
        [node for node in nodes if node.part == part] for part in ("encoder", "decoder")
    )
    between = [node for node in nodes if node.part not in ("encoder", "decoder")]
    kinds = _kinds(nodes)
    legend = math.ceil(len(kinds) / _LEGEND_COLUMNS) * _LEGEND_ROW
    below = _EDGE + legend + 0.2 + (0.25 if "flow" in kinds else 0.0)
    low = below + _HEIGHT / 2 + (_NOISE if "noise" in kinds else 0.0)
    top = low + max(_DEPTH, (max(len(encoder), len(decoder)) - 1) * _STEP)
    boxes = dict(_place_between(between, low, top, flow="flow" in kinds))
    for chain, column, first, last in ((encoder, 0, top, low), (decoder, 4, low, top)):
        step = (last - first) / max(1, len(chain) - 1)
        for row, node in enumerate(chain):
            boxes[node.name] = _Box(_middle(column), first + row * step, _SIDE, _HEIGHT)
    return boxes, _middle(4) + _SIDE / 2 + _EDGE, top + _HEIGHT / 2 + _EDGE


def _middle(column: int) -> float:
    """Return the horizontal position of a column, from 0 to 4."""
    first, outer, inner = _EDGE + _SIDE / 2, (_SIDE + _MIDDLE) / 2 + _GAP, _MIDDLE + _GAP
    return first + (0.0, outer, outer + inner, outer + 2 * inner, 2 * (outer + inner))[column]


def _place_between(
    nodes: "Sequence[Node]", low: float, top: float, *, flow: bool
) -> Iterator[tuple[str, _Box]]:
    """Place the nodes of the three columns in the middle."""
    terms = low + _TERMS
    if flow:
        places = {"noise": (1, low - _NOISE), "u": (1, low), "flow": (2, low), "z": (3, low)}
    else:
        places = {"noise": (2, low - _NOISE), "z": (2, low)}
    places |= {
        "log p(x|z)": (2, top), "log q(z|x)": (1, terms), "p(z)": (2, terms),
        "log p(z)": (3, terms),
    }  # fmt: skip
    for node in nodes:
        if node.part == "objective":
            width, height = 3 * _MIDDLE + 2 * _GAP, 0.4 + 0.2 * len(node.notes)
            yield node.name, _Box(_middle(2), (top + terms) / 2, width, height)
        else:
            column, y = places[node.name]
            height = _HEIGHT + max(0, len(_lines(node)) - 2) * _LINE
            yield node.name, _Box(_middle(column), y, _MIDDLE, height)


def _route(source: str, target: str, one: _Box, other: _Box) -> list[tuple[float, float]] | None:
    """Return the corners of an arrow around boxes that are in its way, none for a straight one."""
    if source != "parameters of q":
        return None
    right, left, bottom = (
        one.x + one.width / 2,
        other.x - other.width / 2,
        other.y - other.height / 2,
    )
    if target == "flow":
        y = one.y - one.height / 2 - 0.95
        return [(one.x, one.y), (one.x, y), (other.x, y), (other.x, bottom)]
    if target == "log q(z|x)":
        return [(right, one.y + 0.16), (left + 0.2, bottom)]
    if target == "objective":
        x, y = (right + left) / 2, one.y + 0.14
        return [(one.x, y), (x, y), (x, other.y), (left, other.y)]
    return None


def _lines(node: "Node") -> tuple[str, ...]:
    """Return the lines below the title of a node: its notes, its shape and its parameters."""
    sizes = [_shape(node), _count(node.parameters, "parameter") if node.parameters else ""]
    sizes = [each for each in sizes if each]
    if node.part not in ("encoder", "decoder"):
        return (*node.notes, *sizes)
    return tuple(line for line in (", ".join(node.notes), " · ".join(sizes)) if line)


def _shape(node: "Node") -> str:
    """Format the shape of a value, with what it counts."""
    if not node.shape or node.part in ("prior", "terms", "objective") or node.kind == "flow":
        return ""
    if node.part == "code":
        return f"{_count(node.shape[0], 'sample')} of {_count(node.shape[1], 'number')}"
    if len(node.shape) > 1:
        return " \N{MULTIPLICATION SIGN} ".join(f"{size:,}" for size in node.shape)
    return _count(
        node.shape[0], {"layer": "unit", "parameters": "number"}.get(node.kind, "feature")
    )


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _kinds(nodes: "Sequence[Node]") -> list[str]:
    """Return the kinds that occur, in the order of the legend."""
    present = {node.kind for node in nodes}
    return [kind for kind in _KINDS if kind in present]


def _draw_box(axes: Axes, box: _Box, kind: str, scale: float) -> FancyBboxPatch:
    look: dict[str, Any] = {"rounding": 0.06, "linewidth": 1.1} | _KINDS[kind][1]
    rounding = min(look.pop("rounding"), box.height / 2)
    look["linewidth"] *= scale
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    style = f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0"
    patch = FancyBboxPatch(corner, box.width, box.height, boxstyle=style, zorder=2, **look)
    axes.add_patch(patch)
    return patch


def _write(
    axes: Axes, box: _Box, title: str, notes: Sequence[str], scale: float, *, note: float
) -> None:
    """Write lines in the middle of a box, smaller where they are too long for it."""
    lines = [(title, _TITLE, "bold"), *((each, note, "normal") for each in notes)]
    y = box.y + sum(1.32 * size / 72 for _, size, _ in lines) / 2
    for text, size, weight in lines:
        height = 1.32 * size / 72
        width = max(text_width(text, size=size, weight=weight), 1e-6)
        fitted = size * min(1.0, (box.width - 0.12) / width)
        axes.text(
            box.x, y - height / 2, text, fontsize=fitted * scale, fontweight=weight, ha="center",
            va="center", color=INK, zorder=3,
        )  # fmt: skip
        y -= height


def _draw_legend(axes: Axes, kinds: Sequence[str], width: float, scale: float) -> None:
    """Name the looks of the kinds below the graph."""
    cell = (width - 0.2) / _LEGEND_COLUMNS
    rows = math.ceil(len(kinds) / _LEGEND_COLUMNS)
    for place, kind in enumerate(kinds):
        row, column = divmod(place, _LEGEND_COLUMNS)
        x, y = 0.3 + column * cell, 0.1 + (rows - row - 0.5) * _LEGEND_ROW
        _draw_box(axes, _Box(x, y, 0.3, 0.15), kind, scale)
        look: dict[str, Any] = {"fontsize": _NOTE * scale, "color": INK, "va": "center_baseline"}
        axes.text(x + 0.23, y, _KINDS[kind][0], **look)
