"""Data sources: resolve a name or a path to rows."""

import difflib
import os
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vaekit.data.array_files import (
    find_idx,
    read_idx,
    read_idx_array,
    read_npy,
    read_npz,
    read_npz_arrays,
)
from vaekit.data.chunks import main_process_first
from vaekit.data.contents import Contents, array_contents, check_contents, image_contents
from vaekit.data.dataset import STORED_ROWS, Dataset, split_by_rule, split_rows
from vaekit.data.download import fetch
from vaekit.data.image_folder import read_image_folder
from vaekit.data.parquet import find_shards, read_parquet, read_parquet_shards, read_shards
from vaekit.data.shards import ShardedRows
from vaekit.data.text_tables import read_delimited
from vaekit.errors import DataError
from vaekit.registry import SOURCES, resolve
from vaekit.tables import DelimitedOptions

__all__ = [
    "binarized_mnist",
    "breast_cancer",
    "dataset_from_arrays",
    "digits",
    "fashion_mnist",
    "load_dataset",
    "mnist",
    "read_idx_folder",
    "read_path",
    "swiss_roll",
]


ROLL_ROWS = 3000
ROLL_NOISE = 0.3
ROLL_BINS = 6


def digits() -> Contents:
    """Load 1797 handwritten digits of 8x8 pixels with 17 levels of grey, 0 to 16.

    Returns:
        Rows (1797, 64) uint8, labels 0 to 9.

    Source:
        Alpaydin and Kaynak (1998), UCI optical recognition of handwritten digits, test part.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return Contents(
        rows=found.data.astype(np.uint8),
        shape=(1, 8, 8),
        labels=found.target.astype(np.int64),
        classes=tuple(str(name) for name in found.target_names),
        known_range=(0.0, 16.0),
    )


def breast_cancer() -> Contents:
    """Load 569 breast masses, 30 measures of cell nuclei each, malignant or benign.

    Returns:
        Rows (569, 30) float32.

    Source:
        Street, Wolberg and Mangasarian (1993), UCI breast cancer Wisconsin (diagnostic).
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    return Contents(
        rows=found.data.astype(np.float32),
        shape=(30,),
        columns=tuple(str(name) for name in found.feature_names),
        labels=found.target.astype(np.int64),
        classes=tuple(str(name) for name in found.target_names),
    )


def swiss_roll() -> Contents:
    """Generate 3000 points near a rolled-up sheet, labelled by their position along the roll.

    Returns:
        Rows (3000, 3) float32; the label is one of six equal parts of the angle, from the
        inner end of the roll (1.5 pi) to the outer one (4.5 pi).

    Source:
        Marsland (2009), Machine Learning: An Algorithmic Perspective, chapter 6.
    """
    from sklearn.datasets import make_swiss_roll

    points, angle = make_swiss_roll(ROLL_ROWS, noise=ROLL_NOISE, random_state=0)
    edges = np.linspace(1.5, 4.5, ROLL_BINS + 1)
    return Contents(
        rows=points.astype(np.float32),
        shape=(3,),
        columns=("x", "y", "z"),
        labels=np.digitize(angle / np.pi, edges[1:-1]).astype(np.int64),
        classes=tuple(f"{a:.1f}-{b:.1f} pi" for a, b in pairwise(edges)),
    )


GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DIGITS = tuple(str(digit) for digit in range(10))


def mnist() -> Contents:
    """Load 70,000 handwritten digits of 28x28 pixels; the last 10,000 are the test set.

    Returns:
        Rows (70000, 784) uint8, labels 0 to 9.

    Source:
        LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
        recognition.
    """
    return read_idx_folder(fetch("mnist"), classes=DIGITS)


def fashion_mnist() -> Contents:
    """Load 70,000 articles of clothing, 28x28 pixels; the last 10,000 are the test set.

    Returns:
        Rows (70000, 784) uint8, ten kinds of clothing.

    Source:
        Xiao, Rasul and Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747.
    """
    return read_idx_folder(fetch("fashion-mnist"), classes=GARMENTS)


def binarized_mnist() -> Contents:
    """Load MNIST with each pixel drawn once as 0 or 1: 50,000, 10,000 and 10,000 images.

    Returns:
        Rows (70000, 784) uint8 of 0 and 1.

    Raises:
        DataError: the file does not hold the three sets.

    Source:
        Salakhutdinov and Murray (2008), On the quantitative analysis of deep belief networks;
        the files of Larochelle and Murray (2011).
    """
    path = fetch("binarized-mnist") / "binarized_mnist_larochelle.npz"
    packed = read_npz_arrays(path)
    if not {"train", "valid", "test"} <= set(packed):
        raise DataError(
            f"{path}: expected packed bits under the names train, valid and test; got "
            f"{', '.join(packed)}. Remove the file and fetch it again"
        )
    parts = [np.unpackbits(packed[key], axis=1)[:, :784] for key in ("train", "valid", "test")]
    train, validation, test = (len(part) for part in parts)
    return Contents(
        rows=np.concatenate(parts),
        shape=(1, 28, 28),
        sizes=(train, validation, test),
        known_range=(0.0, 1.0),
    )


def read_idx_folder(folder: Path, *, classes: tuple[str, ...] = ()) -> Contents:
    """Read the four idx files of the MNIST family.

    Args:
        folder: where they are, packed or not.
        classes: names of the labels; the numbers themselves when absent.

    Returns:
        Training rows, then test rows.

    Raises:
        DataError: a file is missing or damaged, or labels and images are not equally many.
    """
    images, labels = [], []
    for part in ("train", "t10k"):
        pair = [_need(folder, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
        rows, names = (read_idx_array(path) for path in pair)
        if len(rows) != len(names):
            raise DataError(
                f"{pair[1]}: expected one label for each of the {len(rows)} images in "
                f"{pair[0].name}; got {len(names)} labels"
            )
        images.append(rows)
        labels.append(names)
    found = image_contents(np.concatenate(images), where=str(folder))
    labelled = found.with_labels(np.concatenate(labels), where=str(folder))
    if classes and labelled.classes != tuple(str(number) for number in range(len(classes))):
        raise DataError(f"{folder}: expected labels 0 to {len(classes) - 1}; got others")
    return replace(
        labelled,
        classes=classes or labelled.classes,
        sizes=(len(images[0]), 0, len(images[1])),
    )


def _need(folder: Path, name: str) -> Path:
    path = find_idx(folder, name=name)
    if path is None:
        raise DataError(f"expected the file {folder / name}.gz; it is not there")
    return path


TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".txt.gz")
TABLE_ENDINGS = (*TEXT_ENDINGS, ".parquet")


def read_path(
    path: Path,
    *,
    label: str | None = None,
    image_size: int | None = None,
    options: DelimitedOptions | None = None,
) -> Contents:
    """Read a file or a folder with the reader for its format.

    Args:
        path: a file whose format its name tells, or a folder: of .npy or parquet files whose
            rows follow one another, of images, or of the four idx files of the MNIST family.
        label: column of a table that holds the labels.
        image_size: side in pixels for a folder of images.
        options: how a delimited file is written, where that shall not be detected.

    Returns:
        What is in it, not yet checked.

    Raises:
        DataError: an unknown format, an option that does not apply, or a file that cannot be
            read.
    """
    name = path.name.lower()
    folder = path.is_dir()
    table = bool(find_shards(path, ending=".parquet")) if folder else name.endswith(TABLE_ENDINGS)
    if label is not None and not table:
        raise DataError(f"{path} is not a table: leave out --data.label {label}")
    if image_size is not None and not folder:
        raise DataError(f"{path} is not a folder of images: leave out --data.image-size")
    if options not in (None, DelimitedOptions()) and (folder or not name.endswith(TEXT_ENDINGS)):
        raise DataError(
            f"{path} is not a delimited text file: leave out --data.header, --data.sep, "
            "--data.decimal, --data.encoding and --data.comment"
        )
    if not folder and path.stat().st_size == 0:
        raise DataError(f"{path}: expected data; the file is empty")
    try:
        return _read(path, name=name, label=label, image_size=image_size, options=options)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except MemoryError as error:
        raise DataError(f"{path}: does not fit into memory. Read a part of it") from error


def _read(
    path: Path,
    *,
    name: str,
    label: str | None,
    image_size: int | None,
    options: DelimitedOptions | None,
) -> Contents:
    if path.is_dir():
        if image_size is None and find_idx(path, name="train-images-idx3-ubyte"):
            return read_idx_folder(path)
        if image_size is None and find_shards(path, ending=".npy"):
            return read_shards(path)
        if image_size is None and find_shards(path, ending=".parquet"):
            return read_parquet_shards(path, label=label)
        return read_image_folder(path, image_size=image_size)
    if name.endswith(TEXT_ENDINGS):
        return read_delimited(path, label=label, options=options)
    if name.endswith(".parquet"):
        return read_parquet(path, label=label)
    if name.endswith(".npy"):
        return read_npy(path)
    if name.endswith(".npz"):
        return read_npz(path)
    if "idx" in name or name.removesuffix(".gz").endswith("-ubyte"):
        return read_idx(path)
    raise DataError(
        f"{path}: its format is not known. Expected a name with idx, .npy, .npz, .csv, .csv.gz "
        "or .parquet, or a folder of images, or of .npy or .parquet files"
    )


def load_dataset(
    source: str | os.PathLike[str],
    *,
    label: str | None = None,
    image_size: int | None = None,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    options: DelimitedOptions | None = None,
) -> Dataset:
    """Read, check and split a data set.

    Args:
        source: a name of ``registry.SOURCES`` or a path: idx, npy, npz, csv, parquet (idx and csv
            also packed with gzip), or a folder of images, or of npy or parquet files. A name goes
            before a path of that name; write ``./digits`` for the path.
        label: column of a table that holds the labels, by name or by position from 0; a column
            named "label" is found by itself.
        image_size: side in pixels to which the images of a folder are scaled and cropped.
        validation: share of the training rows that is set aside for validation, 0 for none;
            without effect where the source has validation rows of its own.
        test: share of all rows that is set aside for testing, 0 for none; without effect where
            the source has test rows of its own.
        seed: seed of the split.
        limit: at most so many rows of each split are used.
        options: how a delimited file is written, where that shall not be detected.

    Returns:
        The data set; a large npy or parquet file as a memory map.

    Raises:
        DataError: the source is unknown, unreadable, or holds what a model cannot learn from.

    Example:
        >>> roll = load_dataset("swiss-roll", limit=100)
        >>> roll.shape, len(roll.split.train)
        ((3,), 100)
    """
    text = os.fspath(source)
    with main_process_first():
        if text in SOURCES:
            _refuse_options(text, label=label, image_size=image_size, options=options)
            contents, name = resolve(SOURCES.get(text).build)(), text
        else:
            path = _existing(text)
            contents = read_path(path, label=label, image_size=image_size, options=options)
            name = _stem(path)
    check_contents(contents, where=text)
    return _finish(
        contents, name=name, source=text, validation=validation, test=test, seed=seed, limit=limit
    )


def dataset_from_arrays(
    rows: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    name: str = "array",
    columns: tuple[str, ...] = (),
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Dataset:
    """Check and split rows that are already in memory.

    Args:
        rows: (N, F) for a table; (N, H, W), (N, H, W, C) or (N, C, H, W) for images.
        labels: (N,) numbers or texts.
        name: a short name.
        columns: names of the features of a table.
        validation: share of the training rows that is set aside for validation.
        test: share of all rows that is set aside for testing.
        seed: seed of the split.
        limit: at most so many rows of each split are used.

    Returns:
        The data set.

    Raises:
        DataError: the rows are not what a model can learn from.

    Example:
        >>> dataset_from_arrays(np.eye(20), name="corners").split.test.size
        2
    """
    contents = array_contents(np.asanyarray(rows), where=name)
    if columns:
        contents = replace(contents, columns=columns)
    if labels is not None:
        contents = contents.with_labels(labels, where=name)
    check_contents(contents, where=name)
    return _finish(
        contents, name=name, source=name, validation=validation, test=test, seed=seed, limit=limit
    )


def _finish(
    contents: Contents,
    *,
    name: str,
    source: str,
    validation: float,
    test: float,
    seed: int,
    limit: int | None,
) -> Dataset:
    """Split the rows and build the data set."""
    count, sizes = len(contents.rows), contents.sizes
    on_disk = isinstance(contents.rows, (np.memmap, ShardedRows))
    if sizes is None and count > STORED_ROWS and on_disk:
        split = split_by_rule(count, validation=validation, test=test, seed=seed, limit=limit)
    else:
        split = split_rows(
            count, sizes=sizes, validation=validation, test=test, seed=seed, limit=limit
        )
    return Dataset(
        name=name,
        rows=contents.rows,
        shape=contents.shape,
        split=split,
        columns=contents.columns,
        labels=contents.labels,
        classes=contents.classes,
        value_range=contents.value_range,
        source=source,
        layout=contents.layout,
    )


def _refuse_options(
    name: str, *, label: str | None, image_size: int | None, options: DelimitedOptions | None
) -> None:
    given = {"label": label, "image-size": image_size}
    given |= asdict(options) if options else {}
    option = next((option for option, value in given.items() if value is not None), None)
    if option:
        raise DataError(
            f"{name} is known to the package; --data.{option} is for your own files. Leave it out"
        )


def _existing(text: str) -> Path:
    path = Path(text).expanduser()
    if path.exists():
        return path
    known = [*SOURCES.names(), *_siblings(path)]
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise DataError(
        f"{text!r} is neither a known source nor an existing path. {hint}"
        f"Known sources: {', '.join(SOURCES.names())}"
    )


def _siblings(path: Path) -> list[str]:
    """List the folder in which the path should be."""
    return [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []


def _stem(path: Path) -> str:
    name = path.resolve().name
    for ending in (".gz", ".csv", ".npy", ".npz", ".parquet", ".idx"):
        name = name.removesuffix(ending)
    return name
