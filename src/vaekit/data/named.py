"""Data sets that are known by name and lie in files: the MNIST family."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from vaekit.data.contents import Contents, image_contents
from vaekit.data.download import fetch
from vaekit.data.readers.arrays import read_npz_arrays
from vaekit.data.readers.idx import find_idx, read_idx_array
from vaekit.errors import DataError

__all__ = ["binarized_mnist", "fashion_mnist", "mnist", "read_idx_folder"]

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
    """70,000 handwritten digits of 28x28 pixels; the last 10,000 are the test set.

    Returns:
        Rows (70000, 784) uint8, labels 0 to 9.

    Source:
        LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
        recognition.
    """
    return read_idx_folder(fetch("mnist"), classes=DIGITS)


def fashion_mnist() -> Contents:
    """70,000 articles of clothing, 28x28 pixels; the last 10,000 are the test set.

    Returns:
        Rows (70000, 784) uint8, ten kinds of clothing.

    Source:
        Xiao, Rasul and Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747.
    """
    return read_idx_folder(fetch("fashion-mnist"), classes=GARMENTS)


def binarized_mnist() -> Contents:
    """MNIST with each pixel drawn once as 0 or 1; 50,000, 10,000 and 10,000 images, no labels.

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
    """The four idx files of the MNIST family.

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
