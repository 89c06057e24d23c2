"""The same noise for a row, however many processes share the batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from vaekit.errors import ConfigError

__all__ = ["SharedNoise"]

_UNKNOWN = {
    torch.normal,
    torch.rand,
    torch.randn,
    torch.bernoulli,
    torch.multinomial,
    torch.poisson,
    torch._standard_gamma,
    functional.alpha_dropout,
    functional.dropout1d,
    functional.dropout2d,
    functional.dropout3d,
    Tensor.bernoulli_,
    Tensor.exponential_,
    Tensor.uniform_,
}


class SharedNoise(TorchFunctionMode):
    """Inside, noise is drawn for the batch of all processes, and this one keeps that of its rows.

    The random state of every process is then that of one process with the whole batch: neither
    weights nor checkpoints depend on how many there are. The price is that each process draws
    the noise of all.

    Args:
        first: the first row of the batch that this process has.
        rows: how many it has.
        whole: how many the batch has.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> everything = torch.rand_like(torch.zeros(4, 2))
        >>> _ = torch.manual_seed(0)
        >>> with SharedNoise(first=2, rows=2, whole=4):
        ...     part = torch.rand_like(torch.zeros(2, 2))
        >>> bool((part == everything[2:]).all())
        True
    """

    def __init__(self, *, first: int, rows: int, whole: int) -> None:
        super().__init__()
        self._first = first
        self._rows = rows
        self._whole = whole

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Draw in another way where something is drawn; leave all else alone.

        Raises:
            ConfigError: a draw of which nobody knows here how it belongs to the rows.
        """
        kwargs = kwargs or {}
        if func in (torch.rand_like, torch.randn_like):
            return self._part(args[0], lambda whole: func(whole))
        if func is Tensor.normal_:
            return args[0].copy_(self._part(args[0], lambda whole: whole.normal_(*args[1:])))
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if func in _UNKNOWN:
            raise ConfigError(
                f"{func.__name__} draws noise that several processes cannot share by rows: draw "
                "with rand_like, randn_like or rsample, or train with one process"
            )
        return func(*args, **kwargs)

    def _part(self, like: Tensor, draw: Callable[[Tensor], Tensor], *, event: int = 1) -> Tensor:
        """Fill a tensor (..., B, *event) for all rows, and keep those of this process.

        Networks flatten what stands before the rows, so that these may come as (K * B, *event).
        """
        lead, rest = like.shape[: like.ndim - event], like.shape[like.ndim - event :]
        repeats, left = divmod(lead.numel(), self._rows)
        if left:
            raise ConfigError(
                f"noise of shape {tuple(like.shape)} has no place for {self._rows} rows: train "
                "with one process"
            )
        drawn = draw(like.new_empty((repeats * self._whole, *rest)))
        rows = drawn.view(repeats, self._whole, *rest)[:, self._first : self._first + self._rows]
        return rows.reshape(like.shape)

    def _dropout(
        self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        """Dropout, of which networks see rows first."""
        if not training or p == 0.0:
            return x
        keep = self._part(
            x.detach(), lambda whole: functional.dropout(whole.fill_(1.0), p), event=x.ndim - 1
        )
        return x * keep
