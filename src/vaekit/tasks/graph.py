"""A model as a graph: what is computed from what, and where chance comes in."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.models import VAE, Amortized, Conditional
from vaekit.tasks.heads import Coding, coding, likelihood_text, prior_text
from vaekit.tasks.layers import count_parameters, layers_of
from vaekit.tasks.stream import device_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LOG_PX", "LOG_PZ", "LOG_QZ", "MEAN", "Edge", "Graph", "Node", "graph"]

Kind = Literal[
    "data", "layer", "parameters", "noise", "sample", "code", "flow", "distribution", "term",
    "objective",
]  # fmt: skip
Part = Literal["encoder", "code", "decoder", "prior", "terms", "objective"]

LOG_PX, LOG_PZ, LOG_QZ = "log p(x|z)", "log p(z)", "log q(z|x)"
MEAN = "parameters of q"
"""What an objective may look at, besides the three log-densities."""
_ELBO = ("loss = \N{MINUS SIGN}log p(x|z) \N{MINUS SIGN} log p(z) + log q(z|x)",)


@dataclass(frozen=True, kw_only=True)
class Node:
    """One thing that is given, computed or drawn."""

    name: str
    """Unlike all others in the graph."""
    kind: Kind
    """What it is; a sample is where noise enters."""
    part: Part
    """Where it belongs."""
    title: str
    """What a person calls it."""
    notes: tuple[str, ...] = ()
    """More about it."""
    shape: tuple[int, ...] = ()
    """Of its value for one row; (samples, latent dimensions) for codes."""
    parameters: int = 0
    """Numbers that it learns."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One thing is computed from another."""

    source: str
    """Name of the node that is needed."""
    target: str
    """Name of the node that needs it."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The computation of one training step, as plain data."""

    nodes: tuple[Node, ...]
    """Each after all that it is computed from."""
    edges: tuple[Edge, ...]
    """In the order of their targets."""

    def plot(self, axes: "Axes") -> None:
        """Draw it: the encoder goes down on the left, the decoder up on the right.

        Args:
            axes: to draw on; those of ``figures.computation_graph`` have the size that it needs.
        """
        from vaekit.figures import draw_graph

        draw_graph(
            axes, nodes=self.nodes, edges=[(each.source, each.target) for each in self.edges]
        )


def graph(
    model: VAE,
    *,
    shape: Sequence[int],
    samples: int = 1,
    loss: Sequence[str] = _ELBO,
    terms: Collection[str] = (LOG_PX, LOG_PZ, LOG_QZ),
) -> Graph:
    """Find the computation graph of a model, by sending one row of zeros through it.

    Args:
        model: put into evaluation mode.
        shape: (C, H, W) of an image, (F,) of a table row.
        samples: K, samples of z for each row in a training step.
        loss: lines that say what is minimised.
        terms: which of ``LOG_PX``, ``LOG_PZ``, ``LOG_QZ`` and ``MEAN`` it is made of.

    Returns:
        The graph.

    Raises:
        ConfigError: fewer than 1 sample.

    Example:
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> found = graph(model, shape=(1, 8, 8), samples=5)
        >>> [(node.name, node.title, node.shape) for node in found.nodes if node.part == "code"]
        [('noise', 'ε ~ N(0, I)', (5, 2)), ('z', 'z = μ + σ ⊙ ε', (5, 2))]
        >>> learned = sum(each.numel() for each in model.parameters())
        >>> sum(node.parameters for node in found.nodes) == learned
        True
    """
    if samples < 1:
        raise ConfigError(f"expected at least 1 sample of z, got {samples}")
    model.eval()
    with torch.no_grad():
        x = torch.zeros(1, prod(shape), device=device_of(model))
        z = model.posterior(x).mean
    q = coding(model.posterior)
    chains = [
        [_row(tuple(shape)), *_layers(model.posterior, "encoder", x), _own(q, z.shape[-1])],
        list(_code(q, (samples, z.shape[-1]))),
        [*_layers(model.likelihood, "decoder", z), *_likelihood(model.likelihood, shape)],
    ]
    rest = [_prior(model, z.shape[-1]), *_terms(samples), _objective(loss)]
    ends = [pair for chain in (chains[0], chains[2]) for pair in pairwise(chain)]
    edges = [(one.name, other.name) for one, other in ends]
    edges += [*_code_edges(q), ("z", chains[2][0].name), *_term_edges(q)]
    edges += [(term, "objective") for term in (LOG_PX, LOG_PZ, LOG_QZ, MEAN) if term in terms]
    nodes = [node for chain in (*chains, rest) for node in chain]
    place = {node.name: at for at, node in enumerate(nodes)}
    edges.sort(key=lambda edge: place[edge[1]])
    return Graph(
        nodes=tuple(nodes), edges=tuple(Edge(source=one, target=other) for one, other in edges)
    )


def _row(shape: tuple[int, ...]) -> Node:
    """The data: a row as it is given, and how the model reads it."""
    size = "\N{MULTIPLICATION SIGN}".join(map(str, shape[-2:]))
    colours = " in colour" if shape[0] == 3 and len(shape) == 3 else ""
    note = (f"image of {size} pixels{colours}",) if len(shape) == 3 else ("row of a table",)
    return Node(name="x", kind="data", part="encoder", title="x", notes=note, shape=(prod(shape),))


def _layers(
    conditional: Conditional, part: Literal["encoder", "decoder"], row: Tensor
) -> Iterator[Node]:
    """The network before a head; a conditional of another make is watched as a whole."""
    network: nn.Module = conditional.network if isinstance(conditional, Amortized) else conditional
    found = layers_of(network, run=lambda: conditional(row))
    for number, layer in enumerate(found, start=1):
        yield Node(
            name=f"{part} {number}", kind="layer", part=part, title=layer.title, notes=layer.then,
            shape=layer.shape, parameters=layer.parameters,
        )  # fmt: skip


def _own(q: Coding, dim: int) -> Node:
    """The numbers that a posterior is made of."""
    return Node(
        name=MEAN, kind="parameters", part="encoder", title=q.numbers, notes=(q.name,),
        shape=(q.inputs or dim,), parameters=q.parameters,
    )  # fmt: skip


def _code(q: Coding, shape: tuple[int, int]) -> Iterator[Node]:
    """From the noise to the code."""
    if q.noise:
        yield Node(name="noise", kind="noise", part="code", title="ε ~ N(0, I)", shape=shape)
    if q.flow:
        yield Node(name="u", kind="sample", part="code", title=f"u = {q.rule}", shape=shape)
        yield Node(
            name="flow", kind="flow", part="code", title=q.flow, notes=(q.steps,),
            shape=shape, parameters=q.flow_parameters,
        )  # fmt: skip
    kind: Kind = "code" if q.flow or not q.noise else "sample"
    rule = "f(u)" if q.flow else q.rule
    yield Node(name="z", kind=kind, part="code", title=f"z = {rule}", shape=shape)


def _code_edges(q: Coding) -> Iterator[tuple[str, str]]:
    drawn = "u" if q.flow else "z"
    yield MEAN, drawn
    if q.noise:
        yield "noise", drawn
    if q.flow:
        yield from (("u", "flow"), (MEAN, "flow"), ("flow", "z"))


def _likelihood(likelihood: Conditional, shape: Sequence[int]) -> Iterator[Node]:
    """The numbers that a likelihood reads, and what it makes of them."""
    numbers, name, more, inputs, size = likelihood_text(likelihood)
    features = prod(shape)
    yield Node(
        name="parameters of p", kind="parameters", part="decoder", title=numbers,
        shape=(inputs or features,),
    )  # fmt: skip
    yield Node(
        name="p(x|z)", kind="distribution", part="decoder", title="p(x|z)", notes=(name, *more),
        shape=(features,), parameters=size,
    )  # fmt: skip


def _prior(model: VAE, dim: int) -> Node:
    size = count_parameters(model.prior, but=model.posterior)
    return Node(
        name="p(z)", kind="distribution", part="prior", title="p(z)", notes=prior_text(model.prior),
        shape=(dim,), parameters=size,
    )  # fmt: skip


def _terms(samples: int) -> Iterator[Node]:
    for name in (LOG_PX, LOG_PZ, LOG_QZ):
        yield Node(name=name, kind="term", part="terms", title=name, shape=(samples,))


def _objective(loss: Sequence[str]) -> Node:
    return Node(
        name="objective", kind="objective", part="objective", title="What training minimises",
        notes=tuple(loss),
    )  # fmt: skip


def _term_edges(q: Coding) -> Iterator[tuple[str, str]]:
    yield from (("x", LOG_PX), ("p(x|z)", LOG_PX), ("p(z)", LOG_PZ), ("z", LOG_PZ), (MEAN, LOG_QZ))
    yield from ((each, LOG_QZ) for each in (("u", "flow") if q.flow else ("z",)))
