"""The layers of a network, in the order in which a row goes through them."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Layer", "count_parameters", "layers_of"]


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
    """What a person calls a layer."""
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
