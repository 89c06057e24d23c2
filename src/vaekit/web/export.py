"""Export the explorer as a static site."""

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vaekit.errors import ConfigError, WriteError
from vaekit.models import Model
from vaekit.networks import MLP
from vaekit.registry import LIKELIHOODS
from vaekit.web.app import PAGE, page_files
from vaekit.web.explorer import Explorer
from vaekit.web.run_view import RunView
from vaekit.web.server import PAGE_POLICY
from vaekit.web.worker import Worker

__all__ = ["DecoderWeights", "check_export_folder", "decoder_weights", "export_site"]


FORMAT = 1
"""Version of the file format; it is raised when an older page could not read the files."""

_MAX_ROWS = 5000
_MAX_VALUES = 8_000_000  # bytes of pixels, or cells

_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.GELU: "gelu",
    nn.Softplus: "softplus",
}


@dataclass(kw_only=True, eq=False)
class DecoderWeights:
    """The layers of a decoder, their parameters packed in one float32 array."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    """In order; a linear layer gives the offsets of its weight (out, in) and bias in the array."""
    mean: str = "identity"
    """Function from the output of the last layer to the mean of p(x|z)."""
    levels: int | None = None
    """Levels of a discretized logistic."""
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    """Pieces of the array, in order."""

    @property
    def size(self) -> int:
        """Length of the array."""
        return sum(part.size for part in self.parts)

    def add(self, values: NDArray[Any]) -> int:
        """Append values to the array.

        Args:
            values: any shape; appended in C order.

        Returns:
            Their offset.
        """
        offset = self.size
        self.parts.append(np.asarray(values, dtype=np.float32).reshape(-1))
        return offset

    def data(self) -> bytes:
        """Return the array as little-endian bytes."""
        return np.concatenate(self.parts).astype("<f4").tobytes()


def decoder_weights(model: Model) -> DecoderWeights:
    """Return the weights of an MLP decoder in evaluation mode.

    Batch normalization is folded into the layer before it; dropout is the identity.

    Args:
        model: its likelihood is one of Bernoulli, continuous Bernoulli, Gaussian and discretized
            logistic.

    Returns:
        The weights.

    Raises:
        ConfigError: another decoder or likelihood.

    Example:
        >>> from vaekit import VAE, Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [3], 8), Bernoulli(8)),
        ... )
        >>> found = decoder_weights(model)
        >>> [layer["kind"] for layer in found.layers], found.size, found.mean
        (['linear', 'activation', 'linear'], 41, 'sigmoid')
    """
    likelihood = model.parts()["decoder"]
    network = getattr(likelihood, "network", None)
    head = getattr(likelihood, "head", None)
    entry = LIKELIHOODS.of(head)
    mean = None if entry is None else entry.browser_mean
    if not isinstance(network, MLP) or mean is None:
        known = ", ".join(each.name for each in LIKELIHOODS if each.browser_mean is not None)
        raise ConfigError(
            f"--export writes decoders that are an mlp, with one of the likelihoods {known}; this "
            f"one is {type(network).__name__} with {type(head).__name__}"
        )
    found = DecoderWeights(mean=mean, levels=getattr(head, "levels", None))
    for weight, bias, activation in _linear_layers(network):
        out, width = weight.shape
        found.layers.append(
            {
                "kind": "linear",
                "in": width,
                "out": out,
                "weight": found.add(weight),
                "bias": found.add(bias),
            }
        )
        if activation:
            found.layers.append({"kind": "activation", "name": activation})
    return found


def _linear_layers(network: MLP) -> Iterator[tuple[NDArray[Any], NDArray[Any], str]]:
    """Yield weight (out, in) and bias (out,) of each linear layer, and the activation after it."""
    weight, bias, activation = np.empty(0), np.empty(0), ""
    for module in network.layers:
        if isinstance(module, nn.Linear):
            if weight.size:
                yield weight, bias, activation
            weight, activation = module.weight.detach().double().numpy(), ""
            bias = module.bias.detach().double().numpy()
        elif isinstance(module, nn.BatchNorm1d):
            scale, shift = _batch_norm(module)
            weight, bias = weight * scale[:, None], bias * scale + shift
        elif not isinstance(module, nn.Dropout):
            activation = _activation_name(module)
    yield weight, bias, activation


def _activation_name(module: nn.Module) -> str:
    for kind, name in _ACTIVATIONS.items():
        if isinstance(module, kind):
            return name
    raise ConfigError(f"--export knows no layer of the kind {type(module).__name__}")


def _batch_norm(module: nn.BatchNorm1d) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the factors and the summands of batch normalization in evaluation mode."""
    assert module.running_mean is not None
    assert module.running_var is not None
    deviation = (module.running_var.double() + module.eps).sqrt()
    scale = module.weight.detach().double() / deviation
    shift = module.bias.detach().double() - module.running_mean.double() * scale
    return scale.numpy(), shift.numpy()


def check_export_folder(path: Path) -> None:
    """Check that a site can be written to a folder.

    Args:
        path: the folder.

    Raises:
        ConfigError: it is a file or not empty, or its parent does not exist.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"--export {path}: name a folder that is new or empty")
    if not path.resolve().parent.is_dir():
        raise ConfigError(f"--export {path}: there is no folder {path.parent}")


def export_site(
    views: Sequence[RunView],
    path: Path,
    *,
    page: Path = PAGE,
    say: Callable[[str], object] = lambda _: None,
) -> dict[str, int]:
    """Write a static site that needs no Python.

    Args:
        views: the runs; at most 5000 rows of each are written.
        path: the folder, new or empty.
        page: folder of the files of the page.
        say: called with messages about the progress.

    Returns:
        Number of files and bytes written.

    Raises:
        ConfigError: a decoder that cannot be exported.
        WriteError: the folder cannot be written; nothing is left behind.
    """
    weights = [decoder_weights(view.run.model) for view in views]
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    folders = [f"run{index}" for index in range(len(views))]
    try:
        for name, file in page_files(page).items():
            content = file.read_bytes()
            _write(temporary / name, _with_policy(content) if name == "index.html" else content)
        runs = [f"{folder}/run.json" for folder in folders]
        _write_json(temporary / "site.json", {"mode": "static", "format": FORMAT, "runs": runs})
        for index, view in enumerate(views):
            say(f"measuring and placing rows of {view.run.folder.path}")
            _write_run(view, weights[index], folder=temporary / folders[index], index=index)
        if target.is_dir():
            target.rmdir()
        temporary.rename(target)
    except OSError as error:
        raise WriteError(f"{path}: could not be written: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    files = [file for file in path.rglob("*") if file.is_file()]
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def _with_policy(page: bytes) -> bytes:
    """Add the content security policy, which a server of files does not send."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">\n'
    start = re.match(rb"<!doctype html>\s*(<html[^>]*>\s*)?(<head>\s*)?", page, re.IGNORECASE)
    at = start.end() if start else 0
    return page[:at] + policy.encode() + page[at:]


def _write_run(view: RunView, weights: DecoderWeights, *, folder: Path, index: int) -> None:
    """Write all files of one run."""
    display = view.display
    view = view.subset(most=max(1, min(_MAX_ROWS, _MAX_VALUES // len(display.gain))))
    worker = Worker()
    explorer = Explorer(view, worker=worker)
    worker.close()
    for _ in explorer.reference.compute():
        pass
    arrays = {**view.arrays(), "rows": display.from_data(view.data_rows(np.arange(view.rows)))}
    files = {name: _write_array(folder, name, values) for name, values in arrays.items()}
    overview = explorer.overview(index=index).model_dump(by_alias=True)
    maps: dict[str, dict[str, str | None]] = {
        plane.id: {"points": _write_array(folder, f"map-{number}", plane.points), "rows": None}
        for number, plane in enumerate(explorer.planes.values())
    }
    if explorer.tsne.available:
        points = explorer.tsne.compute()
        maps["tsne"] = {
            "points": _write_array(folder, "map-tsne", points),
            "rows": _write_array(folder, "map-tsne-rows", explorer.tsne.rows.astype(np.int32)),
        }
        overview["planes"][-1]["extent"] = [
            float(limit(points[:, axis])) for axis in (0, 1) for limit in (np.min, np.max)
        ]
    gain, offset = weights.add(display.gain), weights.add(display.offset)
    _write(folder / "decoder.f32", weights.data())
    values = {
        "format": FORMAT,
        "overview": overview,
        "files": {**files, "maps": maps},
        "reference": explorer.reference.summarize().model_dump(),
        "decoder": {
            "weights": "decoder.f32",
            "size": weights.size,
            "in": view.latent_dim,
            "features": len(display.gain),
            "layers": weights.layers,
            "mean": weights.mean,
            "levels": weights.levels,
            "gain": gain,
            "offset": offset,
        },
    }
    _write_json(folder / "run.json", values)


def _write_array(folder: Path, name: str, values: NDArray[Any]) -> str:
    """Write an array as little-endian bytes; return the file name, whose suffix is the dtype."""
    suffix = {"float32": "f32", "int32": "i32", "uint8": "u8"}[values.dtype.name]
    _write(folder / f"{name}.{suffix}", values.astype(values.dtype.newbyteorder("<")).tobytes())
    return f"{name}.{suffix}"


def _write_json(path: Path, values: object) -> None:
    _write(path, json.dumps(values, allow_nan=False).encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
