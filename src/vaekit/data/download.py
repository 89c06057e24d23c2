"""Download the files of named data sets once and verify checksums."""

import hashlib
import re
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
from vaekit.errors import ConfigError, DataError

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
        sha256: of its content, in hexadecimal: the unpacked bytes for .gz, the bytes 0 and 1 for
            .amat. The wrapper may differ from server to server, the content may not.

    Raises:
        ConfigError: not a SHA-256.
    """

    name: str
    sha256: str

    def __post_init__(self) -> None:
        if re.fullmatch("[0-9a-f]{64}", self.sha256) is None:
            raise ConfigError(
                f"{self.name}: expected a SHA-256 of 64 hexadecimal digits; got {self.sha256!r}"
            )


@dataclass(frozen=True, kw_only=True)
class RemoteSet:
    """Files of a named data set and where to download them.

    Args:
        mirrors: addresses that end in "/", tried in order; https, or of this machine.
        files: what to fetch from there.
        packed: the file into which the fetched ones are put together, if they are.

    Raises:
        ConfigError: an address that is not https.
    """

    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    packed: str | None = None

    def __post_init__(self) -> None:
        for mirror in self.mirrors:
            if not mirror.startswith(("https://", "http://127.0.0.1:")):
                raise ConfigError(f"mirror: expected an address with https; got {mirror}")

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
    return tuple(RemoteFile(name=name, sha256=each) for name, each in zip(names, sums, strict=True))


REMOTE = {
    "mnist": RemoteSet(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=_idx_files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    "fashion-mnist": RemoteSet(
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        files=_idx_files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    "binarized-mnist": RemoteSet(
        mirrors=("https://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",),
        files=(
            RemoteFile(
                name="binarized_mnist_train.amat",
                sha256="43490d4d6ac9002727af4426d8748609fdb7e4094fa65ad8d681ea60082a7a5a",
            ),
            RemoteFile(
                name="binarized_mnist_valid.amat",
                sha256="069b4f0beb389b776478c3e872b4df71c95ac4be64d7cbe6d32e24ebac8e6d5e",
            ),
            RemoteFile(
                name="binarized_mnist_test.amat",
                sha256="ca0294c3b8d984c7a1dc891015a8eea6f37bae59a34e35ea0fc8c47110a8dd86",
            ),
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
        correct = hashlib.sha256(_content(path)).hexdigest() == file.sha256
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
