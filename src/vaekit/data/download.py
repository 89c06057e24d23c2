"""Download the files of named data sets once and verify checksums."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from vaekit.data.array_files import find_idx, read_bytes
from vaekit.data.cache import cache_folder, data_folder
from vaekit.errors import DataError

__all__ = ["REMOTE", "DownloadBar", "RemoteFile", "RemoteSet", "fetch"]


class DownloadBar:
    """A progress bar on the error stream; silent when that is not a terminal.

    Has what the downloader calls: ``total``, ``update``, ``reset`` and ``close``.

    Args:
        name: of the file, shown beside the bar.

    Example:
        >>> with DownloadBar("file.gz") as bar:
        ...     bar.total = 10
        ...     bar.update(4)
        ...     bar.done
        4
    """

    def __init__(self, name: str) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("downloading {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @property
    def total(self) -> float:
        """Size of the file in bytes; 0 if the server does not say."""
        return self._progress.tasks[0].total or 0.0

    @total.setter
    def total(self, size: float) -> None:
        self._progress.update(self._task, total=size or None)

    @property
    def done(self) -> int:
        """Bytes so far."""
        return int(self._progress.tasks[0].completed)

    def update(self, size: int) -> None:
        """Add downloaded bytes.

        Args:
            size: how many.
        """
        self._progress.update(self._task, advance=size)

    def reset(self) -> None:
        """Reset the count."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Do nothing: the bar is closed by its context."""
        self._progress.refresh()


TIMEOUT_SECONDS = 30
PIECE_BYTES = 2**16


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file of a named data set.

    Args:
        name: of the file.
        md5: of its content: the unpacked bytes for .gz, the bytes 0 and 1 for .amat. The wrapper
            may differ from server to server, the content may not.
    """

    name: str
    md5: str


@dataclass(frozen=True, kw_only=True)
class RemoteSet:
    """Files of a named data set and where to download them.

    Args:
        mirrors: addresses that end in "/", tried in order.
        files: what to fetch from there.
        packed: the file into which the fetched ones are put together, if they are.
    """

    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    packed: str | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the files that are read."""
        return (self.packed,) if self.packed else tuple(file.name for file in self.files)


def _idx_files(*sums: str) -> tuple[RemoteFile, ...]:
    names = [
        f"{part}-{kind}-ubyte.gz"
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    return tuple(RemoteFile(name=name, md5=md5) for name, md5 in zip(names, sums, strict=True))


REMOTE = {
    "mnist": RemoteSet(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=_idx_files(
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    "fashion-mnist": RemoteSet(
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        files=_idx_files(
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ),
    ),
    "binarized-mnist": RemoteSet(
        mirrors=("https://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",),
        files=(
            RemoteFile(name="binarized_mnist_train.amat", md5="8d4f0427d6c2572b5e9994e08bad66de"),
            RemoteFile(name="binarized_mnist_valid.amat", md5="3e33becd40c694040e5e6c812e2f4b50"),
            RemoteFile(name="binarized_mnist_test.amat", md5="fc34623e13bd64fed2f8b61365198339"),
        ),
        packed="binarized_mnist_larochelle.npz",
    ),
}


def fetch(name: str) -> Path:
    """Return the folder with the files of a named data set, downloaded if necessary.

    Looked for in the folder in VAEKIT_DATA, then in the cache, then downloaded into the cache.

    Args:
        name: of the set.

    Returns:
        A folder that holds all its files.

    Raises:
        DataError: the files are nowhere, and cannot be downloaded or are not what they should be.
    """
    wanted = REMOTE[name]
    own = data_folder()
    folders = [cache_folder() / name] if own is None else [own / name, cache_folder() / name]
    for folder in folders:
        if all(find_idx(folder, name=file.removesuffix(".gz")) for file in wanted.wanted):
            return folder
    _download(name, wanted=wanted, folder=folders[-1])
    return folders[-1]


def _download(name: str, *, wanted: RemoteSet, folder: Path) -> None:
    reasons = []
    for mirror in wanted.mirrors:
        try:
            for file in wanted.files:
                _download_file(file, mirror=mirror, folder=folder)
            if wanted.packed:
                _pack(wanted, folder=folder)
            return
        except (OSError, ValueError) as error:  # no network, no such file, wrong content
            _remove_if_empty(folder)
            reasons.append(f"{mirror}: {type(error).__name__} {str(error)[:120]}")
    raise DataError(
        f"{name} is not on this machine and could not be downloaded ({'; '.join(reasons)}). "
        f"Expected {', '.join(wanted.wanted)}. Put the files into a folder {name} inside the "
        f"folder that VAEKIT_DATA names, or into {folder}; or start without network: --data digits"
    )


def _remove_if_empty(folder: Path) -> None:
    """Remove the folder of a failed download if it is empty; complete files stay."""
    with suppress(OSError):
        folder.rmdir()


def _download_file(file: RemoteFile, *, mirror: str, folder: Path) -> None:
    """Download one file unless it is there; remove it if its checksum is wrong."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it would print the sum of each file
    path = folder / file.name
    if not path.is_file():
        with DownloadBar(file.name) as bar:
            fetcher = pooch.HTTPDownloader(
                progressbar=bar, chunk_size=PIECE_BYTES, timeout=TIMEOUT_SECONDS
            )
            pooch.retrieve(
                mirror + file.name, None, fname=file.name, path=folder, downloader=fetcher
            )
    try:
        correct = hashlib.md5(_content(path), usedforsecurity=False).hexdigest() == file.md5
    except DataError:  # a damaged gzip wrapper
        correct = False
    if not correct:
        path.unlink()
        raise ValueError(f"{file.name}: its content is not that of the published file")


def _content(path: Path) -> bytes:
    return _bits(path).tobytes() if path.suffix == ".amat" else read_bytes(path)


def _bits(path: Path) -> NDArray[np.uint8]:
    """Read the digits 0 and 1 of a text file as numbers."""
    text = np.frombuffer(path.read_bytes(), np.uint8)
    digits: NDArray[np.uint8] = text[(text == ord("0")) | (text == ord("1"))] - np.uint8(ord("0"))
    return digits


def _pack(wanted: RemoteSet, *, folder: Path) -> None:
    """Pack the text files of the binarized MNIST into one file of bits, and remove them."""
    parts = {}
    for file in wanted.files:
        part = file.name.removesuffix(".amat").rpartition("_")[2]
        parts[part] = np.packbits(_bits(folder / file.name).reshape(-1, 784), axis=1)
    draft = folder / f"draft-{wanted.packed}"
    with draft.open("wb") as stream:
        np.savez_compressed(stream, train=parts["train"], valid=parts["valid"], test=parts["test"])
    draft.replace(folder / str(wanted.packed))
    for file in wanted.files:
        (folder / file.name).unlink()
