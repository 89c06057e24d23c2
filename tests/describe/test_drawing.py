"""A drawn graph: every box in its place, no text outside its box, no two boxes on each other."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from vaekit.describe import Edge, Graph, Node


def node(name, kind, part, title, notes=(), shape=(), parameters=0):
    return Node(
        name=name, kind=kind, part=part, title=title, notes=notes, shape=shape,
        parameters=parameters,
    )  # fmt: skip


def draw(nodes, edges, **options):
    edges = tuple(Edge(source=one, target=other) for one, other in edges)
    return Graph(nodes=tuple(nodes), edges=edges).plot(**options)


def things(layers, *, flow=False, title="Linear", lines=2):
    """Nodes and edges of a model with so many layers on either side."""
    last = "parameters of q"
    down = [
        node(f"encoder {i}", "layer", "encoder", title, ("ReLU",), (64, 120, 120), 1_234_567)
        for i in range(layers)
    ]
    up = [node(f"decoder {i}", "layer", "decoder", title, (), (256,)) for i in range(layers)]
    code = [node("noise", "noise", "code", "ε ~ N(0, I)", (), (50, 2))]
    if flow:
        code.append(node("u", "sample", "code", "u = m + s ε", (), (50, 2)))
        code.append(node("flow", "flow", "code", "autoregressive flow f", ("4 steps",), (), 99))
    code.append(node("z", "code" if flow else "sample", "code", "z", (), (50, 2)))
    nodes = [
        node("x", "data", "encoder", "x", ("image",), (784,)),
        *down,
        node(last, "parameters", "encoder", "μ, log σ²", ("Gaussian q",), (4,)),
        *code,
        *up,
        node("p(x|z)", "distribution", "decoder", "p(x|z)", ("Bernoulli",), (784,)),
        node("p(z)", "distribution", "prior", "p(z)", ("mixture of", "32 Gaussians"), (2,), 160),
        *(node(n, "term", "terms", n) for n in ("log p(x|z)", "log p(z)", "log q(z|x)")),
        node("objective", "objective", "objective", "minimised", ("loss = " + "x" * 90,) * lines),
    ]
    chains = [["x", *(n.name for n in down), last], ["z", *(n.name for n in up), "p(x|z)"]]
    edges = [pair for chain in chains for pair in pairwise(chain)]
    drawn = "u" if flow else "z"
    edges += [(last, drawn), ("noise", drawn), (last, "log q(z|x)"), (drawn, "log q(z|x)")]
    edges += [("u", "flow"), (last, "flow"), ("flow", "z"), ("flow", "log q(z|x)")] * flow
    edges += [("x", "log p(x|z)"), ("p(x|z)", "log p(x|z)"), ("p(z)", "log p(z)")]
    edges += [("z", "log p(z)"), (last, "objective")]
    edges += [(n, "objective") for n in ("log p(x|z)", "log p(z)", "log q(z|x)")]
    return nodes, edges


CASES = {
    "small": things(1),
    "usual": things(3),
    "deep": things(14),
    "flow": things(3, flow=True),
    "long": things(2, flow=True, title="A layer of one's own with quite a name", lines=4),
}


def drawn(axes):
    """Boxes (left, bottom, right, top) in dots, of nodes in their order and then of the legend."""
    figure = axes.figure
    FigureCanvasAgg(figure).draw()
    patches = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    return [patch.get_window_extent() for patch in patches]


def lines_through(axes):
    """Points along each arrow, in dots."""
    for patch in axes.patches:
        if isinstance(patch, FancyArrowPatch):
            path = patch.get_path().transformed(axes.transData)
            corners = path.interpolated(1).to_polygons(closed_only=False)[0]
            yield np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(corners)])


@pytest.mark.parametrize("case", CASES)
def test_boxes_stand_apart_on_the_page(case):
    nodes, edges = CASES[case]
    figure = draw(nodes, edges)
    boxes = drawn(figure.axes[0])
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[:at])
    page = figure.bbox
    assert all(0 <= b.x0 and 0 <= b.y0 and b.x1 <= page.x1 and b.y1 <= page.y1 for b in boxes)


@pytest.mark.parametrize("case", CASES)
def test_no_text_leaves_its_box(case):
    nodes, edges = CASES[case]
    axes = draw(nodes, edges).axes[0]
    boxes = drawn(axes)[: len(nodes)]
    texts = axes.texts[: -len({node.kind for node in nodes})]
    extents = [text.get_window_extent() for text in texts]
    for text, extent in zip(texts, extents, strict=True):
        x, y = axes.transData.transform(text.get_position())
        home = [box for box in boxes if box.contains(x, y)]
        assert len(home) == 1, text.get_text()
        assert home[0].x0 <= extent.x0, text.get_text()
        assert extent.x1 <= home[0].x1, text.get_text()
        assert home[0].y0 <= extent.y0, text.get_text()
        assert extent.y1 <= home[0].y1, text.get_text()


@pytest.mark.parametrize("case", CASES)
def test_no_arrow_runs_through_a_box(case):
    nodes, edges = CASES[case]
    axes = draw(nodes, edges).axes[0]
    boxes = dict(zip((node.name for node in nodes), drawn(axes), strict=False))
    for (one, other), points in zip(edges, lines_through(axes), strict=True):
        for name, box in boxes.items():
            if name not in (one, other):
                inside = (
                    (points[:, 0] > box.x0) & (points[:, 0] < box.x1)
                    & (points[:, 1] > box.y0) & (points[:, 1] < box.y1)
                )  # fmt: skip
                assert not inside.any(), f"{one} -> {other} runs through {name}"


def test_the_legend_names_the_kinds_that_occur_and_no_others():
    for case, flow in (("usual", False), ("flow", True)):
        nodes, edges = CASES[case]
        texts = [text.get_text() for text in draw(nodes, edges).axes[0].texts]
        legend = texts[-len({node.kind for node in nodes}) :]
        assert ("flow" in legend) is flow
        assert ("code" in legend) is flow
        assert {"data", "noise", "drawn at random", "objective"} <= set(legend)


def test_the_encoder_goes_down_and_the_decoder_up():
    nodes, edges = CASES["usual"]
    boxes = drawn(draw(nodes, edges).axes[0])
    places = dict(zip((node.name for node in nodes), boxes, strict=False))
    encoder = [places[node.name].y0 for node in nodes if node.part == "encoder"]
    decoder = [places[node.name].y0 for node in nodes if node.part == "decoder"]
    assert encoder == sorted(encoder, reverse=True)
    assert decoder == sorted(decoder)
    assert places["x"].x1 < places["z"].x0 < places["z"].x1 < places["p(x|z)"].x0


def test_it_shrinks_into_axes_that_are_there():
    nodes, edges = CASES["usual"]
    figure = Figure(figsize=(4, 3))
    FigureCanvasAgg(figure)
    one, _ = figure.subplots(1, 2)
    draw(nodes, edges, ax=one)
    drawn(one)
    assert max(text.get_fontsize() for text in one.texts) < 4
    left, right = (text.get_window_extent() for text in (one.texts[0], one.texts[-1]))
    assert min(left.x0, right.x0) >= 0
    assert max(left.x1, right.x1) <= figure.bbox.x1 / 2


def test_one_is_no_plural():
    one = node("x", "parameters", "encoder", "x", (), (1,), 1)
    texts = [text.get_text() for text in draw([one], []).axes[0].texts]
    assert "1 number · 1 parameter" in texts


def test_a_title_stands_above():
    nodes, edges = CASES["small"]
    figure = draw(nodes, edges, title="Mine")
    assert figure.get_suptitle() == "Mine"
    assert figure.bbox.height > draw(nodes, edges).bbox.height
