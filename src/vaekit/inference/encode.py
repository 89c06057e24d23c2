"""Encode rows as codes."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from vaekit.data import Batches, Part, Preprocessing
from vaekit.data.index import Index
from vaekit.distributions import sample_with_log_prob
from vaekit.errors import ConfigError, DataError
from vaekit.evaluation import ProcessGroup, SingleProcess
from vaekit.models import Model
from vaekit.numerics import fixed_noise, nth_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Codes",
    "check_rows",
    "chunks",
    "device_of",
    "encode",
    "latent_extent",
    "observed_tensors",
    "posterior_variance",
    "preprocessed_batches",
    "require_real_codes",
    "sample_codes",
    "seeded_batches",
    "to_double",
]


def device_of(model: Model) -> torch.device:
    """Return the device of the parameters of a model; the CPU for one that has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def preprocessed_batches(
    model: Model,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: Index | None = None,
    batch_size: int = 1024,
) -> Iterator[Tensor]:
    """Yield preprocessed rows in batches, in order, on the device of the model.

    Args:
        model: put into evaluation mode.
        preprocessing: from raw rows to what the model sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: B.

    Yields:
        (B, F) float32.

    Raises:
        DataError: rows of another width than those of training, or none at all.
    """
    if rows.ndim != 2 or rows.shape[1] != preprocessing.features:
        raise DataError(
            f"the model was trained on rows of {preprocessing.features} values; got an array of "
            f"shape {rows.shape}"
        )
    model.eval()
    positions = np.arange(len(rows)) if index is None else index
    batches = Batches(
        rows, positions, batch_size=batch_size, device=device_of(model), resident_limit_mb=0,
        double=preprocessing.needs_double,
    )  # fmt: skip
    for batch in batches.epoch():
        seen: Tensor = preprocessing(batch)
        yield seen


def require_real_codes(model: Model) -> None:
    """Raise unless the codes of a model are real numbers, so that there are codes between two.

    Args:
        model: any.

    Raises:
        ConfigError: some numbers of a code take a few values only.
    """
    discrete = [group.name for group in model.latent.groups if group.values]
    if discrete:
        raise ConfigError(
            f"the codes of this model are discrete ({', '.join(discrete)}), so there is nothing "
            "between two of them to walk through or to map; sample and reconstruct are possible"
        )


def check_rows(rows: NDArray[np.floating[Any]]) -> None:
    """Raise if rows are no table of finite numbers and NaN.

    Args:
        rows: (N, F) NaN where a cell is missing.

    Raises:
        DataError: another shape, or an infinite value.
    """
    if rows.ndim != 2:
        raise DataError(f"expected a table (N, F); got an array of shape {rows.shape}")
    if np.isinf(rows).any():
        raise DataError("expected finite values and NaN where a cell is missing; got an infinity")


def to_double(model: Model) -> Model:
    """Return a copy of a model in double precision, where the device has it.

    Args:
        model: which stays as it is.

    Returns:
        The copy; the model itself on Apple's GPUs, which know single precision only.
    """
    return model if device_of(model).type == "mps" else copy.deepcopy(model).double()


def observed_tensors(model: Model, rows: NDArray[np.floating[Any]]) -> tuple[Tensor, Tensor]:
    """Convert rows to tensors on the device and in the precision of a model, with their mask.

    Args:
        model: whose device and precision it is.
        rows: (B, F) NaN where a cell is missing.

    Returns:
        (B, F) with 0 where missing, and (B, F) true where observed.
    """
    held = chain(model.parameters(), model.buffers())
    dtype = next((t.dtype for t in held if t.is_floating_point()), torch.get_default_dtype())
    known = ~np.isnan(rows)
    x = torch.from_numpy(np.where(known, rows, 0.0)).to(device_of(model), dtype)
    return x, torch.from_numpy(known).to(device_of(model))


def sample_codes(
    model: Model, x: Tensor, *, kept: Tensor, samples: int, seed: int, quasi: bool = False
) -> tuple[Tensor, Tensor]:
    """Draw codes of rows, the same noise for every row, independent of the batch.

    A diagonal Gaussian moves and scales the same noise for all rows at once; any other posterior
    is asked for one row at a time.

    Args:
        model: in evaluation mode.
        x: (B, F) with any finite number where missing.
        kept: (B, F) true where a cell is known.
        samples: K.
        seed: of the noise.
        quasi: take the noise of a diagonal Gaussian from a scrambled Sobol sequence, which
            covers the codes more evenly than independent draws.

    Returns:
        (B, K, D), and log p(z) - log q(z|x_o) of each, (B, K) float64.
    """
    q = model.encode(x, mask=kept)
    if isinstance(q, Independent) and isinstance(q.base_dist, Normal):
        dim = q.mean.shape[-1]
        if quasi:
            noise = _sobol_noise(samples, dim=dim, seed=seed).to(x)
        else:
            with fixed_noise(seed):
                noise = torch.randn(samples, 1, dim, dtype=x.dtype).to(x.device)
        z = q.mean + q.stddev * noise
        log_qz: Tensor = cast("Distribution", q).log_prob(z)
    else:
        drawn = []
        for at in range(len(x)):
            one = model.encode(x[at : at + 1], mask=kept[at : at + 1])
            with fixed_noise(seed):
                drawn.append(sample_with_log_prob(one, (samples,)))
        z, log_qz = (torch.cat(each, 1) for each in zip(*drawn, strict=True))
    ratio = (model.code_distribution().log_prob(z) - log_qz).double()
    return z.transpose(0, 1).contiguous(), ratio.T


def _sobol_noise(samples: int, *, dim: int, seed: int) -> Tensor:
    """(K, 1, D) standard normal numbers from a scrambled Sobol sequence."""
    engine: Any = torch.quasirandom.SobolEngine(  # type: ignore[no-untyped-call]
        dim, scramble=True, seed=seed % 2**32
    )
    uniform = engine.draw(samples, dtype=torch.float64).clamp(1e-6, 1 - 1e-6)
    noise: Tensor = torch.special.ndtri(uniform)[:, None]
    return noise


def chunks(samples: int, *, size: int) -> Iterator[int]:
    """Split a number of samples into chunks.

    Args:
        samples: K.
        size: of each chunk but the last.

    Yields:
        The sizes.

    Example:
        >>> list(chunks(5, size=2))
        [2, 2, 1]
    """
    for start in range(0, samples, size):
        yield min(size, samples - start)


_SAMPLES = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """Moments of q(z|x) for each row."""

    mean: NDArray[np.float32]
    """(B, D); for a flow the image of its base's mean."""
    variance: NDArray[np.float32]
    """(B, D); for a flow estimated from samples, for a point zero."""

    def plot(
        self,
        ax: "Axes",
        *,
        labels: ArrayLike | None = None,
        classes: Sequence[str] = (),
        dims: tuple[int, ...] = (0, 1),
    ) -> None:
        """Draw the means as points into axes, a colour, a marker and a name for each class.

        Args:
            ax: of any figure; made with ``projection="3d"`` for three dimensions.
            labels: (B,), indices into ``classes``; below 0 for rows without one.
            classes: names of the labels; the numbers themselves when absent.
            dims: the two or three latent dimensions to draw, from 0.

        Raises:
            ConfigError: there are no such dimensions.
            InputError: axes of another number of dimensions, or not one label for each row.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax = Figure().add_subplot()
            >>> Codes(mean=np.eye(4), variance=np.ones((4, 4))).plot(ax, dims=(0, 3))
            >>> ax.get_xlabel(), ax.get_ylabel()
            ('z1', 'z4')
        """
        from vaekit.figures import latent_scatter

        width = self.mean.shape[1]
        if not {*dims} <= {*range(width)}:
            raise ConfigError(f"expected dimensions from 0 to {width - 1}, got {dims}")
        names = [f"z{dim + 1}" for dim in dims]
        points = self.mean[:, list(dims)]
        latent_scatter(points, labels=labels, classes=classes, axis_labels=names, ax=ax)


@torch.no_grad()
def encode(
    model: Model,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: Index | None = None,
    batch_size: int = 1024,
    seed: int = 0,
    processes: ProcessGroup | None = None,
) -> Codes:
    """Encode rows.

    Args:
        model: a trained model.
        preprocessing: from raw rows to what it sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: rows that go through the model at once.
        seed: of a dynamic binarization, and of the samples behind the variance of a flow.
        processes: that share the batches, each of which calls this with the same arguments; one
            alone when absent.

    Returns:
        Mean and variance of the posterior of each row, in every process.

    Raises:
        DataError: rows of another width than those of training, or none at all.

    Example:
        >>> from vaekit import load_dataset
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> digits = load_dataset("digits", limit=20)
        >>> pre = Preprocessing.fit(digits)
        >>> model = build_model(ModelConfig(latent_dim=3), shape=pre.shape, support=pre.support)
        >>> encode(model, preprocessing=pre, rows=digits.rows[:5]).mean.shape
        (5, 3)
    """
    together = processes or SingleProcess()
    count = len(rows) if index is None else len(index)
    codes = torch.zeros(count, 2, int(model.code_distribution().event_shape[-1]))
    for here, x in seeded_batches(
        model,
        preprocessing=preprocessing,
        rows=rows,
        index=index,
        batch_size=batch_size,
        seed=seed,
        part=together.part,
    ):
        q = model.encode(x)
        codes[here] = torch.stack([q.mean, posterior_variance(q)], 1).cpu()
    mean, variance = together.total(codes).unbind(1)
    return Codes(mean=mean.numpy(), variance=variance.numpy())


def seeded_batches(
    model: Model,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: Index | None = None,
    batch_size: int = 1024,
    seed: int = 0,
    part: Part | None = None,
) -> Iterator[tuple[slice, Tensor]]:
    """Yield preprocessed rows in batches, with the random state seeded for each batch.

    Args:
        model: put into evaluation mode.
        preprocessing: from raw rows to what the model sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: B.
        seed: of the noise; each batch has its own, whichever process takes it.
        part: which of several processes this is; they take batches in turn.

    Yields:
        Where the rows stand, and (B, F) float32.
    """
    mine = part or Part()
    positions = np.arange(len(rows)) if index is None else index
    firsts = range(0, max(1, len(positions)), batch_size)  # no rows are for the reader to refuse
    for number in range(mine.number, len(firsts), mine.of):
        here = slice(firsts[number], firsts[number] + batch_size)
        with fixed_noise(nth_seed(seed, number=number)):
            (x,) = preprocessed_batches(
                model,
                preprocessing=preprocessing,
                rows=rows,
                index=positions[here],
                batch_size=batch_size,
            )
            yield here, x


def latent_extent(
    codes: NDArray[np.floating[Any]], *, share: float = 0.98
) -> tuple[float, float, float, float]:
    """Return the limits of the plane that holds most of the codes.

    Args:
        codes: (B, 2).
        share: of the codes, along each axis on its own, that lie inside.

    Returns:
        Smallest and largest first coordinate, smallest and largest second; never empty.

    Example:
        >>> latent_extent(np.array([[0.0, -1.0], [2.0, -1.0]]), share=1.0)
        (0.0, 2.0, -1.5, -0.5)
    """
    edges = [(1 - share) / 2, (1 + share) / 2]
    low, high = np.quantile(codes.astype(np.float64), edges, axis=0)
    flat = high - low < 1e-6
    low, high = np.where(flat, low - 0.5, low), np.where(flat, high + 0.5, high)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def posterior_variance(q: Distribution) -> Tensor:
    """Return the variance of a posterior, in closed form or estimated from samples.

    Args:
        q: batch (B,), event (D,).

    Returns:
        (B, D)

    Example:
        >>> posterior_variance(torch.distributions.Normal(torch.zeros(1, 2), 3.0))
        tensor([[9., 9.]])
    """
    try:
        variance: Tensor = q.variance
    except NotImplementedError:  # how torch's distributions say that they know no closed form
        variance = q.sample(torch.Size([_SAMPLES])).var(0)
    return variance
