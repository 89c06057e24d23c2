"""The computation graph of a model, drawn with boxes and arrows."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from vaekit.figures.graph_layout import Box, GraphNode, Layout, lay_out, lines_of
from vaekit.figures.style import FIRST, GREY, INK, SECOND, THIRD, new_figure, styled

__all__ = ["computation_graph", "draw_graph"]

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
        nodes: as ``vaekit.tasks.graph`` makes them.
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
        nodes: as ``vaekit.tasks.graph`` makes them.
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
