"""Decode codes: samples of the prior, reconstructions, conditional samples."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Preprocessing
from vaekit.data.index import Index
from vaekit.errors import ConfigError
from vaekit.inference.encode import device_of, preprocessed_batches
from vaekit.inference.impute import impute
from vaekit.models import DefensiveMixture, Model
from vaekit.numerics import fixed_noise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawn", "Reconstruction", "decode", "draw_codes", "draw_rows", "reconstruct", "sample"]


@torch.no_grad()
def decode(
    model: Model,
    *,
    codes: NDArray[Any] | Tensor,
    draw: bool = False,
    batch_size: int = 1024,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Decode codes.

    Args:
        model: a trained model.
        codes: (B, D).
        draw: draw from p(x|z) instead of taking its mean.
        batch_size: codes that go through the model at once.
        seed: of the draws.

    Returns:
        (B, F) in the units that the model sees; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: codes of another width than the latent space.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> decode(model, codes=np.zeros((3, 2))).shape
        (3, 64)
    """
    model.eval()
    z = torch.as_tensor(codes, dtype=torch.float32, device=device_of(model))
    dim = model.code_distribution().event_shape[0]
    if z.ndim != 2 or z.shape[1] != dim:
        raise ConfigError(f"expected codes of shape (rows, {dim}), got {tuple(z.shape)}")
    parts: list[Tensor] = []
    with fixed_noise(seed):
        for part in torch.split(z, batch_size):
            p = model.decode(part)
            parts.append((p.sample() if draw else p.mean).cpu())
    rows: NDArray[np.float32] = torch.cat(parts).numpy()
    return rows


@torch.no_grad()
def sample(
    model: Model,
    *,
    n: int,
    temperature: float = 1.0,
    draw: bool = False,
    batch_size: int = 1024,
    seed: int = 0,
) -> NDArray[np.float32]:
    r"""Generate rows: sample codes from the prior and decode them.

    With a temperature T the codes are drawn towards the mean m of the prior,
    :math:`m + T (z - m)`: for a Gaussian prior its standard deviations times T.

    Args:
        model: a trained model.
        n: how many rows.
        temperature: T; 1 for the prior itself, less for more typical and less varied rows.
        draw: draw from p(x|z) instead of taking its mean, which looks better than it is likely.
        batch_size: codes that go through the model at once.
        seed: of the codes and the draws.

    Returns:
        (n, F) in the units that the model sees; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: n is below 1, or the temperature negative or not finite.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> sample(model, n=3).shape
        (3, 64)
    """
    z = draw_codes(model, n=n, temperature=temperature, seed=seed)
    # Another seed: the noise of the pixels must not be that of the codes.
    return decode(model, codes=z, draw=draw, batch_size=batch_size, seed=(seed + 1) % 2**32)


@torch.no_grad()
def draw_codes(
    model: Model, *, n: int, temperature: float = 1.0, seed: int = 0
) -> NDArray[np.float32]:
    r"""Draw codes from the prior, or towards its mean: :math:`m + T (z - m)`.

    Args:
        model: a trained model.
        n: how many.
        temperature: T, as in ``sample``.
        seed: of the codes.

    Returns:
        (n, D).

    Raises:
        ConfigError: n is below 1, or the temperature negative or not finite.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> draw_codes(model, n=3, temperature=0.0)
        array([[0., 0.],
               [0., 0.],
               [0., 0.]], dtype=float32)
    """
    if n < 1:
        raise ConfigError(f"expected at least 1 sample to draw, got {n}")
    if not 0.0 <= temperature < float("inf"):
        raise ConfigError(f"expected a temperature of at least 0, got {temperature}")
    model.eval()
    with fixed_noise(seed):
        prior = model.code_distribution()
        z = prior.sample(torch.Size([n]))
        if temperature != 1.0:
            z = prior.mean + temperature * (z - prior.mean)
    codes: NDArray[np.float32] = z.cpu().numpy()
    return codes


@dataclass(frozen=True, kw_only=True, eq=False)
class Reconstruction:
    """Rows and their reconstructions, in the units of the model."""

    inputs: NDArray[np.float32]
    """(B, F) as the model saw them: scaled, and binarized where it was trained so."""
    outputs: NDArray[np.float32]
    """(B, F) means of p(x|z) at the mean of q(z|x)."""

    def plot(
        self, ax: "Axes", *, shape: tuple[int, ...], columns: int = 10, most: int = 20
    ) -> None:
        """Draw each input with its output below it into axes, in bands.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            columns: pairs in a band.
            most: pairs to draw, the first ones.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax, rows = Figure().add_subplot(), np.ones((3, 64))
            >>> Reconstruction(inputs=rows, outputs=rows).plot(ax, shape=(1, 8, 8))
            >>> [text.get_text() for text in ax.get_yticklabels()]
            ['input', 'output']
        """
        from vaekit.figures import image_pairs

        inputs, outputs = self.inputs[:most], self.outputs[:most]
        image_pairs(inputs, outputs=outputs, shape=shape, columns=columns, ax=ax)


@torch.no_grad()
def reconstruct(
    model: Model,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: Index | None = None,
    batch_size: int = 1024,
    seed: int = 0,
) -> Reconstruction:
    """Encode rows and decode the means of their codes.

    ``preprocessing.inverse`` brings both arrays back to raw units.

    Args:
        model: a trained model.
        preprocessing: from raw rows to what it sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: rows that go through the model at once.
        seed: of a dynamic binarization.

    Returns:
        Inputs and outputs.

    Raises:
        DataError: rows of another width than those of training, or none at all.

    Example:
        >>> from vaekit import load_dataset
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> digits = load_dataset("digits", limit=20)
        >>> pre = Preprocessing.fit(digits)
        >>> model = build_model(ModelConfig(), shape=pre.shape, support=pre.support)
        >>> reconstruct(model, preprocessing=pre, rows=digits.rows[:5]).outputs.shape
        (5, 64)
    """
    inputs, outputs = [], []
    with fixed_noise(seed):
        for x in preprocessed_batches(
            model, preprocessing=preprocessing, rows=rows, index=index, batch_size=batch_size
        ):
            inputs.append(x.cpu())
            outputs.append(model.decode(model.encode(x).mean).mean.cpu())
    return Reconstruction(inputs=torch.cat(inputs).numpy(), outputs=torch.cat(outputs).numpy())


_SAMPLES = (1000, 100_000)
_SAMPLES_PER_ROW = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """Generated rows."""

    rows: NDArray[np.floating[Any]]
    """(n, F) in the units that the model sees."""
    effective_samples: float
    """How many codes carry the rows: (sum w)^2 / sum w^2 of the weights; near 1 all rows come from
    one code. As many as rows where no cell is given."""


def draw_rows(
    model: Model,
    *,
    n: int,
    given: NDArray[np.floating[Any]] | None = None,
    seed: int = 0,
) -> Drawn:
    r"""Sample rows conditionally on given cells.

    .. math:: z_k \sim \tfrac12 q(z|x_g) + \tfrac12 p(z), \quad
        w_k \propto \frac{p(x_g|z_k)\,p(z_k)}{\tfrac12 q(z_k|x_g) + \tfrac12 p(z_k)}, \quad
        z \sim \sum_k \bar w_k \delta_{z_k}, \quad x \sim p(x|z)

    The given cells stand; K is four times n, between 1000 and 100,000. Where all are given, they
    are repeated; where none is, codes come from the prior.

    Args:
        model: a trained model; put into evaluation mode.
        n: how many rows.
        given: (F,) as the model sees a row, NaN where a cell is to be drawn.
        seed: of the noise.

    Returns:
        The rows, and the effective sample size.

    Raises:
        ConfigError: n is below 1.
        DataError: a given cell is infinite.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, DiagonalGaussian, Gaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(1),
        ...     posterior=Amortized(MLP(3, [], 2), DiagonalGaussian(1)),
        ...     likelihood=Amortized(MLP(1, [], 3), Gaussian(3)),
        ... )
        >>> drawn = draw_rows(model, n=4, given=np.array([1.0, np.nan, 2.0]))
        >>> drawn.rows[:, [0, 2]].tolist()
        [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]

    Source:
        Rubin 1988, Bayesian Statistics 3 (sampling/importance resampling); Hesterberg 1995,
        Technometrics 37 (defensive mixtures).
    """
    if n < 1:
        raise ConfigError(f"expected at least 1 row to draw; got n = {n}")
    if given is None or np.isnan(given).all():
        return Drawn(rows=sample(model, n=n, draw=True, seed=seed), effective_samples=float(n))
    least, most = _SAMPLES
    made = impute(
        DefensiveMixture(model),
        rows=given[None],
        samples=min(max(least, _SAMPLES_PER_ROW * n), most),
        draws=n,
        seed=seed,
    )
    return Drawn(rows=made.draws[:, 0], effective_samples=float(made.effective_samples[0]))
