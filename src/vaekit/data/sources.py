"""Where rows come from: a name or a path."""

import difflib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vaekit.data import embedded, named
from vaekit.data.checks import check_contents
from vaekit.data.contents import Contents, array_contents
from vaekit.data.dataset import Dataset
from vaekit.data.files import read_path
from vaekit.data.looking import reading
from vaekit.data.shards import ShardedRows
from vaekit.data.split import STORED_ROWS, split_by_rule, split_rows
from vaekit.errors import DataError

__all__ = ["SOURCES", "dataset_from_arrays", "load_dataset"]

SOURCES: dict[str, str] = {
    "digits": "1797 handwritten digits, 8x8 pixels of 17 greys, inside scikit-learn",
    "breast-cancer": "569 breast masses, 30 measures, malignant or benign, inside scikit-learn",
    "swiss-roll": "3000 points in space on a rolled-up sheet, made by scikit-learn",
    "mnist": "70,000 handwritten digits, 28x28 grey pixels, 10,000 of them for testing",
    "fashion-mnist": "70,000 articles of clothing, 28x28 grey pixels, 10,000 of them for testing",
    "binarized-mnist": "MNIST drawn once as 0 and 1 (Larochelle): 50,000, 10,000 and 10,000 images",
}

READERS: dict[str, Callable[[], Contents]] = {
    "digits": embedded.digits,
    "breast-cancer": embedded.breast_cancer,
    "swiss-roll": embedded.swiss_roll,
    "mnist": named.mnist,
    "fashion-mnist": named.fashion_mnist,
    "binarized-mnist": named.binarized_mnist,
}


def load_dataset(
    source: str | os.PathLike[str],
    *,
    label: str | None = None,
    image_size: int | None = None,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Dataset:
    """Read, check and split a data set.

    Args:
        source: a name (see `SOURCES`) or a path: idx, npy, npz, csv, parquet (idx and csv also
            packed with gzip), or a folder of images, or of npy or parquet files. A name goes
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
    with reading():
        if text in READERS:
            _refuse_options(text, label=label, image_size=image_size)
            contents, name = READERS[text](), text
        else:
            path = _existing(text)
            contents, name = read_path(path, label=label, image_size=image_size), _stem(path)
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
    """Split what was found."""
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
    )


def _refuse_options(name: str, *, label: str | None, image_size: int | None) -> None:
    option = "data.label" if label is not None else "data.image-size"
    if label is not None or image_size is not None:
        raise DataError(
            f"{name} knows its labels and its size; --{option} is for your own files. Leave it out"
        )


def _existing(text: str) -> Path:
    path = Path(text).expanduser()
    if path.exists():
        return path
    known = [*SOURCES, *_siblings(path)]
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise DataError(
        f"{text!r} is neither a known source nor an existing path. {hint}"
        f"Known sources: {', '.join(SOURCES)}"
    )


def _siblings(path: Path) -> list[str]:
    """What lies in the folder in which the path should be."""
    return [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []


def _stem(path: Path) -> str:
    name = path.resolve().name
    for ending in (".gz", ".csv", ".npy", ".npz", ".parquet", ".idx"):
        name = name.removesuffix(ending)
    return name
