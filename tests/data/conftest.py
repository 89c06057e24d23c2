"""Small data in every format, and a cache that is thrown away."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

GIVEN = os.environ.get("VAEKIT_DATA")  # as it was before any test changed it


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """No test touches the user's cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("VAEKIT_CACHE", str(folder))
    return folder


@pytest.fixture
def real_data():
    """The folder with the real files, where there is one."""
    if not GIVEN:
        pytest.skip("VAEKIT_DATA does not name a folder with the real data sets")
    return Path(GIVEN)


@pytest.fixture
def images():
    """30 images of 6x9 bytes with every pixel different from its neighbours."""
    return np.random.default_rng(0).integers(0, 256, (30, 6, 9), dtype=np.uint8)


@pytest.fixture
def kinds():
    """Labels of the 30 images: three classes."""
    return np.arange(30) % 3


@pytest.fixture
def write_idx():
    """Write bytes in the format of MNIST, packed when the name ends in .gz."""

    def write(path, array):
        array = np.asarray(array, np.uint8)
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
        return path

    return write
