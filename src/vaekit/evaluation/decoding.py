"""What a model says of rows given many codes of each: where nearly all of a measurement goes."""

import torch
from torch import Tensor

from vaekit.compiling import Replay, compile_work
from vaekit.models import VAE
from vaekit.models.vae import row_log_prob

__all__ = ["Decoding", "worth_compiling"]

_CACHE_BYTES = 3 * 2**20  # of decoded rows: little enough for the cache, enough for fast products
_WORTH = 2 * 10**12
"""Multiplications of a measurement: they take a minute of a core, of which compiling saves a
quarter and takes eight seconds, or twenty on a machine that never compiled."""
_TOLERANCE = 1e-3
"""Nats by which a compiled log-density of hundreds may differ from a plain one."""


def worth_compiling(model: VAE, *, rows: int, samples: int) -> bool:
    """Whether a measurement is so long that it is over sooner with a compiled decoder.

    Args:
        model: the model.
        rows: of the measurement.
        samples: K for each row.

    Returns:
        True from 2e12 multiplications in the dense layers of the decoder on; never on another
        device than a CPU.
    """
    weights = [weight for weight in model.likelihood.parameters() if weight.dim() == 2]
    on_cpu = all(weight.device.type == "cpu" for weight in weights)
    return on_cpu and rows * samples * sum(weight.numel() for weight in weights) >= _WORTH


class Decoding:
    """From codes (K, B, D) of rows (B, F) to log p(x|z), (K, B).

    On a CPU so many samples are decoded at a time that what is in between stays in the cache.

    Args:
        model: in evaluation mode, and not changed any more.
        compiled: compile the decoding of the first full block; it has to do the same for all
            codes and rows of a shape. Blocks of other shapes are decoded plainly, and all are
            where the compiler fails or its first block is not that of a plain decoding.

    Attributes:
        model: the model.
    """

    def __init__(self, model: VAE, *, compiled: bool = False) -> None:
        self.model = model
        self._held = [*model.likelihood.parameters(), *model.likelihood.buffers()]
        self._wanted = compiled
        self._shapes: tuple[torch.Size, torch.Size] | None = None
        self._play: Replay | None = None

    def __call__(self, z: Tensor, x: Tensor) -> Tensor:
        """Decode.

        Args:
            z: (K, B, D).
            x: (B, F).

        Returns:
            (K, B) nats.
        """
        if z.device.type != "cpu":
            return self._plainly(z, x)
        block = max(1, _CACHE_BYTES // (x.numel() * x.element_size()))
        return torch.cat([self._block(part, x) for part in torch.split(z, block)])

    def _plainly(self, z: Tensor, x: Tensor) -> Tensor:
        return row_log_prob(self.model.likelihood(z), x)

    def _block(self, z: Tensor, x: Tensor) -> Tensor:
        if self._wanted and self._shapes is None:
            self._compile(z, x)
        if self._play is None or (z.shape, x.shape) != self._shapes:
            return self._plainly(z, x)
        return self._play(z, x, *self._held)[0]

    def _compile(self, z: Tensor, x: Tensor) -> None:
        """For blocks of this shape, the first and most frequent."""
        self._shapes = z.shape, x.shape
        play = compile_work(
            lambda z, x: (self._plainly(z, x),),
            inputs=[z, x],
            held=self._held,
            what="the decoder",
            instead="The run is measured",
        )
        if play is not None:
            found, plain = play(z, x, *self._held)[0], self._plainly(z, x)
            close = bool(torch.isclose(found, plain, rtol=1e-5, atol=_TOLERANCE).all())
            self._play = play if close else None
