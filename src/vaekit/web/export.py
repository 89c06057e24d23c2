"""Export the explorer as a static site."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vaekit.errors import ConfigError, WriteError
from vaekit.inference import evenly
from vaekit.inference.encode import Codes
from vaekit.models import VAE, Bernoulli, ContinuousBernoulli, DiscretizedLogistic, Gaussian
from vaekit.networks import MLP
from vaekit.web.app import PAGE, page_files
from vaekit.web.explorer import Explorer
from vaekit.web.overview import overview, reference_answer
from vaekit.web.run_view import Shown
from vaekit.web.schemas import Overview
from vaekit.web.server import Worker

__all__ = ["Weights", "check_folder", "decoder_weights", "export_site"]


_MEANS: dict[type[nn.Module], str] = {
    Bernoulli: "sigmoid",
    Gaussian: "identity",
    ContinuousBernoulli: "continuous-bernoulli",
    DiscretizedLogistic: "discretized-logistic",
}
_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.GELU: "gelu",
    nn.Softplus: "softplus",
}


@dataclass(kw_only=True, eq=False)
class Weights:
    """Layers whose weights and biases are places in one array of float32."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    """In order; a linear layer says where its weight (out, in), row by row, and its bias begin."""
    mean: str = "identity"
    """From the numbers of the last layer to the mean of p(x|z)."""
    levels: int | None = None
    """Of a discretized logistic."""
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    """All numbers, in order."""

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(part.size for part in self.parts)

    def add(self, values: NDArray[Any]) -> int:
        """Put numbers behind those that are there.

        Args:
            values: any shape, the last axis fastest.

        Returns:
            Where they begin.
        """
        begin = self.size
        self.parts.append(np.ascontiguousarray(values, dtype=np.float32).reshape(-1))
        return begin

    def data(self) -> bytes:
        """All numbers as little-endian float32."""
        return np.concatenate(self.parts).astype("<f4").tobytes()


def decoder_weights(model: VAE) -> Weights:
    """Take a dense decoder apart.

    Batch normalisation is folded into the layer before it, and dropout left out, which is what
    both do in a trained model.

    Args:
        model: whose decoder is an MLP, and whose likelihood has a mean that is easily computed.

    Returns:
        Its layers.

    Raises:
        ConfigError: another decoder or likelihood.

    Example:
        >>> from vaekit import Amortized, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [3], 8), Bernoulli(8)),
        ... )
        >>> found = decoder_weights(model)
        >>> [layer["kind"] for layer in found.layers], found.size, found.mean
        (['linear', 'activation', 'linear'], 41, 'sigmoid')
    """
    likelihood = model.likelihood
    network = getattr(likelihood, "network", None)
    head = getattr(likelihood, "head", None)
    mean = next((name for kind, name in _MEANS.items() if type(head) is kind), None)
    if not isinstance(network, MLP) or mean is None:
        raise ConfigError(
            "--export writes decoders that are an mlp with a bernoulli, continuous-bernoulli, "
            f"gaussian or discretized-logistic likelihood; this one is {type(network).__name__} "
            f"with {type(head).__name__}"
        )
    found = Weights(mean=mean, levels=getattr(head, "levels", None))
    for weight, bias, then in _folded(network):
        out, width = weight.shape
        found.layers.append(
            {"kind": "linear", "in": width, "out": out, "weight": found.add(weight),
             "bias": found.add(bias)}
        )  # fmt: skip
        if then:
            found.layers.append({"kind": "activation", "name": then})
    return found


def _activation(module: nn.Module) -> str:
    """Name of an activation; whatever is not known would be left out in silence."""
    for kind, name in _ACTIVATIONS.items():
        if isinstance(module, kind):
            return name
    raise ConfigError(f"--export knows no layer of the kind {type(module).__name__}")


def _folded(network: MLP) -> Iterator[tuple[NDArray[Any], NDArray[Any], str]]:
    """Weight (out, in) and bias (out,) of each linear layer, and the activation behind it."""
    weight: NDArray[Any] | None = None
    bias, then = np.empty(0), ""
    for module in network.layers:
        if isinstance(module, nn.Linear):
            if weight is not None:
                yield weight, bias, then
            weight, then = module.weight.detach().double().numpy(), ""
            bias = module.bias.detach().double().numpy()
        elif isinstance(module, nn.BatchNorm1d):
            scale, shift = _normalisation(module)
            assert weight is not None
            weight, bias = weight * scale[:, None], bias * scale + shift
        elif not isinstance(module, nn.Dropout):
            then = _activation(module)
    assert weight is not None
    yield weight, bias, then


def _normalisation(module: nn.BatchNorm1d) -> tuple[NDArray[Any], NDArray[Any]]:
    """What batch normalisation multiplies by and adds, with the statistics of training."""
    assert module.running_mean is not None
    assert module.running_var is not None
    deviation = (module.running_var.double() + module.eps).sqrt()
    scale = module.weight.detach().double() / deviation
    shift = module.bias.detach().double() - module.running_mean.double() * scale
    return scale.numpy(), shift.numpy()


FORMAT = 1
"""Number of the form of the files; it grows when an older page could not read them."""

_MOST_ROWS = 5000
_MOST_VALUES = 8_000_000  # bytes of pixels, or cells


def check_folder(path: Path) -> None:
    """Look at the folder of a site before any work is done.

    Args:
        path: the folder.

    Raises:
        ConfigError: it is a file, not empty, or there is no folder to make it in.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"--export {path}: name a folder that is new or empty")
    if not path.resolve().parent.is_dir():
        raise ConfigError(f"--export {path}: there is no folder {path.parent}")


def export_site(
    runs: Sequence[Shown],
    path: Path,
    *,
    page: Path = PAGE,
    say: Callable[[str], object] = lambda _: None,
) -> dict[str, int]:
    """Write a site that any web server can show.

    Args:
        runs: what it shows.
        path: the folder, new or empty.
        page: where the files of the page lie.
        say: told what is being done.

    Returns:
        How many files and bytes were written, and rows of each run at most.

    Raises:
        ConfigError: a decoder that cannot be written.
        WriteError: the folder cannot be written; nothing is left behind.
    """
    weights = [decoder_weights(shown.run.model) for shown in runs]
    beside = path.resolve().with_name(f".{path.resolve().name}.{uuid.uuid4().hex}.tmp")
    folders = [f"run{index}" for index in range(len(runs))]
    try:
        for name, file in page_files(page).items():
            _write(beside / name, file.read_bytes())
        site = {
            "mode": "static",
            "format": FORMAT,
            "runs": [f"{each}/run.json" for each in folders],
        }
        _write(beside / "site.json", _text(site))
        for index, (shown, weight) in enumerate(zip(runs, weights, strict=True)):
            say(f"measuring and placing rows of {shown.run.folder.path}")
            _write_run(_fewer(shown), weight, folder=beside / folders[index], index=index)
        if path.is_dir():
            path.rmdir()
        beside.rename(path.resolve())
    except OSError as error:
        raise WriteError(f"{path}: could not be written: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    files = [each for each in path.rglob("*") if each.is_file()]
    return {"files": len(files), "bytes": sum(each.stat().st_size for each in files)}


def _fewer(shown: Shown) -> Shown:
    """The same run with so few rows that they are fetched in a moment."""
    most = max(1, min(_MOST_ROWS, _MOST_VALUES // len(shown.display.gain)))
    some = evenly(shown.rows, most=most)
    if len(some) == shown.rows:
        return shown
    codes = Codes(mean=shown.codes.mean[some], variance=shown.codes.variance[some])
    bits = None if shown.bits is None else shown.bits[some]
    return replace(
        shown, index=shown.index[some], codes=codes, bits=bits, places=_moved(shown, some)
    )


def _moved(shown: Shown, some: NDArray[np.int64]) -> dict[int, Any]:
    """Places of classes, the dense row of each the nearest that is still there."""
    codes = shown.codes.mean
    return {
        label: replace(
            place,
            densest=int(np.square(codes[some] - codes[place.densest]).sum(1).argmin()),
        )
        for label, place in shown.places.items()
    }


def _write_run(shown: Shown, weights: Weights, *, folder: Path, index: int) -> None:
    """All files of one run."""
    worker = Worker()
    explorer = Explorer(shown, worker=worker)
    worker.close()
    for _ in explorer.reference.steps():
        pass
    files, maps = _columns(shown, folder), _maps(explorer, folder)
    told = overview(explorer, index=index)
    values = {
        "format": FORMAT,
        "overview": _with_extents(told, maps).model_dump(by_alias=True),
        "files": {**files, "maps": {name: places for name, (places, _) in maps.items()}},
        "reference": reference_answer(explorer.reference).model_dump(),
        "decoder": _decoder(shown, weights, folder),
    }
    _write(folder / "run.json", _text(values))


def _columns(shown: Shown, folder: Path) -> dict[str, str]:
    """Everything that is known of each row."""
    every = np.arange(shown.rows)
    none = np.full(shown.rows, -1)
    rows = shown.display.raw(shown.raw(every))
    columns = {
        "codes": shown.codes.mean.astype(np.float32),
        "spread": np.sqrt(shown.codes.variance).astype(np.float32),
        "labels": (none if shown.labels is None else shown.labels).astype(np.int32),
        "positions": shown.index.astype(np.int32),
        "rows": rows,
    }
    return {name: _array(folder, name, values) for name, values in columns.items()}


def _maps(
    explorer: Explorer, folder: Path
) -> dict[str, tuple[dict[str, str | None], NDArray[np.float32]]]:
    """Points of each plane: their files, and the points themselves."""
    found = {}
    for place, plane in enumerate(explorer.planes.values()):
        name = _array(folder, f"map-{place}", plane.points)
        found[plane.id] = ({"points": name, "rows": None}, plane.points)
    if explorer.neighbours.possible:
        points = explorer.neighbours.compute()
        rows = _array(folder, "map-tsne-rows", explorer.neighbours.places.astype(np.int32))
        found["tsne"] = ({"points": _array(folder, "map-tsne", points), "rows": rows}, points)
    return found


def _with_extents(told: Overview, maps: dict[str, Any]) -> Overview:
    """With the limits of t-SNE, which are known here."""
    planes = []
    for plane in told.planes:
        extent = plane.extent
        if extent is None:
            points = maps[plane.id][1]
            low, high = points.min(0).tolist(), points.max(0).tolist()
            extent = [low[0], high[0], low[1], high[1]]
        planes.append(plane.model_copy(update={"extent": extent}))
    return told.model_copy(update={"planes": planes})


def _decoder(shown: Shown, weights: Weights, folder: Path) -> dict[str, Any]:
    """The decoder, and how what it makes is painted."""
    gain, offset = weights.add(shown.display.gain), weights.add(shown.display.offset)
    _write(folder / "decoder.f32", weights.data())
    return {
        "weights": "decoder.f32",
        "size": weights.size,
        "in": shown.latent_dim,
        "features": len(shown.display.gain),
        "layers": weights.layers,
        "mean": weights.mean,
        "levels": weights.levels,
        "gain": gain,
        "offset": offset,
    }


def _array(folder: Path, name: str, values: NDArray[Any]) -> str:
    """Write an array, little endian; its name says of which type it is."""
    ending = {"float32": "f32", "int32": "i32", "uint8": "u8"}[values.dtype.name]
    _write(folder / f"{name}.{ending}", values.astype(values.dtype.newbyteorder("<")).tobytes())
    return f"{name}.{ending}"


def _text(values: object) -> bytes:
    return json.dumps(values, allow_nan=False).encode()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
