"""The computation graph of a model."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.inference.encode import device_of
from vaekit.models import Amortized, FlowPosterior, Model
from vaekit.registry import FLOWS, LIKELIHOODS, POSTERIORS, PRIORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "LOG_PX",
    "LOG_PZ",
    "LOG_QZ",
    "MEAN",
    "Coding",
    "Edge",
    "Graph",
    "Layer",
    "Node",
    "coding",
    "count_parameters",
    "graph",
    "layers_of",
    "likelihood_text",
    "prior_text",
]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer, with the activation and the dropout that follow it."""

    title: str
    """What it is."""
    then: tuple[str, ...]
    """What follows it, learns nothing and keeps the shape."""
    shape: tuple[int, ...]
    """Of what it puts out for a row."""
    parameters: int
    """Numbers that it learns."""


def layers_of(network: nn.Module, *, run: Callable[[], object]) -> list[Layer]:
    """Watch a row on its way through a network.

    Sequences are taken apart; a module that holds others, such as a residual block, is one layer.

    Args:
        network: the network.
        run: sends one row through it.

    Returns:
        Its layers, the first first.

    Example:
        >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        >>> for layer in layers_of(network, run=lambda: network(torch.zeros(1, 3))):
        ...     print(layer.title, layer.then, layer.shape, layer.parameters)
        Linear ('ReLU',) (4,) 16
        Linear () (1,) 5
    """
    seen: list[Layer] = []
    counted: set[nn.Module] = set()

    def note(module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        if not isinstance(output, Tensor):  # a distribution is no layer
            return
        shape = tuple(output.shape[1:])
        size = count_parameters(module)
        if seen and not size and shape == seen[-1].shape:
            seen[-1] = replace(seen[-1], then=(*seen[-1].then, _title(module)))
            return
        size = 0 if module in counted else size
        counted.add(module)
        seen.append(Layer(title=_title(module), then=(), shape=shape, parameters=size))

    with ExitStack() as hooks, torch.no_grad():
        for module in dict.fromkeys(_parts(network)):
            hooks.callback(module.register_forward_hook(note).remove)
        run()
    return seen


def count_parameters(*modules: nn.Module, but: nn.Module | None = None) -> int:
    """Numbers that modules learn, those that they share counted once.

    Args:
        modules: any.
        but: whose parameters are not counted.

    Returns:
        How many.

    Example:
        >>> layer = nn.Linear(3, 4)
        >>> count_parameters(layer, layer), count_parameters(layer, but=layer)
        (16, 0)
    """
    found = {id(each): each.numel() for module in modules for each in module.parameters()}
    known = () if but is None else but.parameters()
    return sum(found.values()) - sum(found.get(id(each), 0) for each in known)


def _parts(module: nn.Module) -> Iterator[nn.Module]:
    """What is a layer of its own: a network and its sequences are not."""
    children = list(module.children())
    if not children:
        yield module
    for child in children:
        inside = isinstance(child, nn.Sequential | nn.ModuleList)
        yield from _parts(child) if inside else (child,)


def _title(module: nn.Module) -> str:
    """Return the display name of a layer."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(module).__name__.strip("_"))
    words = re.sub(r"[12]d$", "", words)
    name = _NAMES.get(words, words if words.isupper() or words == "ReLU" else words.capitalize())
    if isinstance(module, nn.Dropout):
        return f"dropout {module.p:g}"
    return " ".join([name, *_window(module)])


_NAMES = {
    "Conv Transpose": "Transposed conv",
    "Max Pool": "Max-pool",
    "Re LU": "ReLU",
    "Unflatten": "Reshape",
}


def _window(module: nn.Module) -> list[str]:
    """Size of the window that a layer moves over an image, and its step."""
    size = getattr(module, "kernel_size", None)
    step = getattr(module, "stride", None)
    if size is None:
        return []
    height, width = size if isinstance(size, tuple) else (size, size)
    # A pool steps by its own size, which needs no word.
    plain = step in (None, size, 1, (1, 1))
    across = step[0] if isinstance(step, tuple) and len(set(step)) == 1 else step
    return [f"{height}\N{MULTIPLICATION SIGN}{width}"] + ([] if plain else [f"by {across}"])


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How a code comes out of the numbers that an encoder puts out."""

    numbers: str
    """What the numbers are."""
    name: str
    """Of the distribution that they make."""
    rule: str
    """From them and noise to a sample."""
    noise: bool
    """Whether the rule has noise in it."""
    inputs: int
    """How many numbers there are; 0 where that is not known."""
    parameters: int
    """Numbers that the posterior itself learns, besides its flow."""
    flow: str = ""
    """What bends the sample; empty where nothing does."""
    steps: str = ""
    """Of the flow."""
    flow_parameters: int = 0
    """Numbers that the flow learns."""


def coding(posterior: nn.Module) -> Coding:
    """Tell how a posterior makes a code.

    Args:
        posterior: of a model.

    Returns:
        Its rule; one of unknown make is named by its class, and where its noise enters is not told.

    Example:
        >>> from vaekit import DiagonalGaussian
        >>> coding(DiagonalGaussian(2)).rule
        'μ + σ ⊙ ε'
    """
    head = posterior.head if isinstance(posterior, Amortized) else posterior
    base = head.base if isinstance(head, FlowPosterior) else head
    entry = POSTERIORS.of(base)
    plain = Coding(
        numbers=entry.numbers if entry else "its parameters",
        name=entry.title if entry else type(base).__name__,
        rule=entry.rule if entry else "a draw of q(z|x)",
        noise=entry is not None and not entry.point,
        inputs=getattr(head, "inputs", 0),
        # What is not split into a network and a head is watched as a network, and counted there.
        parameters=0 if head is posterior else count_parameters(base),
    )  # fmt: skip
    if not isinstance(head, FlowPosterior):
        return plain
    steps = getattr(head.flow, "length", None) or len(getattr(head.flow, "steps", ()))
    flow = FLOWS.of(head.flow)
    return replace(
        plain, numbers=f"{plain.numbers}, flow", flow=f"{flow.name} flow f" if flow else "flow f",
        steps=f"{steps} steps" if steps != 1 else "1 step",
        flow_parameters=count_parameters(head.flow),
    )  # fmt: skip


def likelihood_text(likelihood: nn.Module) -> tuple[str, str, tuple[str, ...], int, int]:
    """Tell what a likelihood reads and what it makes of it.

    Args:
        likelihood: of a model.

    Returns:
        What its numbers are, its name, more about it, how many numbers it reads (0 where that is
        not known), and how many numbers it learns itself.

    Example:
        >>> from vaekit import Gaussian
        >>> likelihood_text(Amortized(nn.Linear(2, 4), Gaussian(4)))
        ('means', 'Gaussian', ('one variance, learned',), 4, 1)
    """
    head = likelihood.head if isinstance(likelihood, Amortized) else likelihood
    inputs = getattr(head, "inputs", 0)
    own = 0 if head is likelihood else count_parameters(head)
    entry = LIKELIHOODS.of(head)
    if entry is None:
        return "its parameters", type(head).__name__, (), inputs, own
    return entry.numbers, entry.title, entry.picture(head), inputs, own


def prior_text(prior: nn.Module) -> tuple[str, ...]:
    """Tell what a prior is.

    Args:
        prior: of a model.

    Returns:
        Lines.

    Example:
        >>> from vaekit import StandardNormal
        >>> prior_text(StandardNormal(2))
        ('N(0, I)',)
    """
    entry = PRIORS.of(prior)
    return (type(prior).__name__,) if entry is None else entry.picture(prior)


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
    """Display name."""
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

    def plot(self, ax: "Axes | None" = None, *, title: str | None = None) -> "Figure":
        """Draw it: the encoder goes down on the left, the decoder up on the right.

        Args:
            ax: axes to draw into; a figure of the size that it needs when absent.
            title: above the graph.

        Returns:
            The figure.
        """
        from vaekit.describe.drawing import draw_graph

        return draw_graph(self, ax=ax, title=title)


def graph(
    model: Model,
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
        terms: names of the nodes that it is computed from, such as ``LOG_PX`` and ``MEAN``.

    Returns:
        The graph.

    Raises:
        ConfigError: fewer than 1 sample, or a model without an encoder.

    Example:
        >>> from vaekit.builders import build_model
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
    if not model.latent.encoder:
        raise ConfigError(
            "expected a model with an encoder: the graph begins at a row, and this model makes "
            "rows from noise alone"
        )
    model.eval()
    with torch.no_grad():
        x = torch.zeros(1, prod(shape), device=device_of(model))
        z = model.encode(x).mean
    parts = model.parts()
    q = coding(parts["encoder"])
    chains = [
        [
            _row(tuple(shape)),
            *_layers(parts["encoder"], "encoder", lambda: model.encode(x)),
            _own(q, z.shape[-1]),
        ],
        list(_code(q, (samples, z.shape[-1]))),
        [
            *_layers(parts["decoder"], "decoder", lambda: model.decode(z)),
            *_likelihood(parts["decoder"], shape),
        ],
    ]
    rest = [_prior(parts, z.shape[-1]), *_terms(samples), _objective(loss)]
    ends = [pair for chain in (chains[0], chains[2]) for pair in pairwise(chain)]
    edges = [(one.name, other.name) for one, other in ends]
    edges += [*_code_edges(q), ("z", chains[2][0].name), *_term_edges(q)]
    edges += [(term, "objective") for term in terms]
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
    conditional: nn.Module, part: Literal["encoder", "decoder"], run: Callable[[], object]
) -> Iterator[Node]:
    """The network before a head; a conditional of another make is watched as a whole."""
    network: nn.Module = conditional.network if isinstance(conditional, Amortized) else conditional
    found = layers_of(network, run=run)
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


def _likelihood(likelihood: nn.Module, shape: Sequence[int]) -> Iterator[Node]:
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


def _prior(parts: Mapping[str, nn.Module], dim: int) -> Node:
    size = count_parameters(parts["prior"], but=parts["encoder"])
    return Node(
        name="p(z)", kind="distribution", part="prior", title="p(z)",
        notes=prior_text(parts["prior"]),
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
