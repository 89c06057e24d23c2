import gzip

import numpy as np
import pytest
from PIL import Image

from vaekit.data.sources import read_path
from vaekit.errors import DataError


def save_table(path, rows, write_idx):
    """The same numbers in the format that the name of the file tells."""
    text = "a,b,c\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())
    if path.name.endswith(".csv.gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".csv":
        path.write_text(text, encoding="utf-8")
    elif path.suffix == ".tsv":
        path.write_text(text.replace(",", "\t"), encoding="utf-8")
    elif path.suffix == ".npy":
        np.save(path, rows)
    elif path.suffix == ".npz":
        np.savez(path, x=rows)
    else:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = dict(zip("abc", rows.T, strict=True))
        parquet.write_table(pyarrow.table(columns), path, row_group_size=7)


@pytest.mark.parametrize(
    "name", ["t.csv", "t.csv.gz", "t.tsv", "t.npy", "t.npz", "t.parquet", "T.CSV"]
)
def test_a_table_is_the_same_in_every_format(tmp_path, name, write_idx):
    rows = np.random.default_rng(0).normal(size=(30, 3))
    path = tmp_path / name
    save_table(path.with_name(name.lower()), rows, write_idx)
    if name != name.lower():
        path.with_name(name.lower()).replace(path)
    found = read_path(path)
    assert np.array_equal(found.rows, rows.astype(np.float32))
    assert found.shape == (3,)
    named = name.lower().startswith(("t.csv", "t.tsv", "t.parquet"))
    assert found.columns == (("a", "b", "c") if named else ("0", "1", "2"))


def save_images(folder, name, images, kinds, write_idx):
    path = folder / name
    if "idx" in name:
        write_idx(path, images)
        write_idx(folder / name.replace("images-idx3", "labels-idx1"), kinds)
    elif path.suffix == ".npz":
        np.savez(path, x=images, y=kinds)
    elif path.suffix == ".csv":
        head = ",".join(["label", *(f"pixel{at}" for at in range(1, images[0].size + 1))])
        flat = np.column_stack([kinds, images.reshape(len(images), -1)])
        np.savetxt(path, flat, fmt="%d", delimiter=",", header=head, comments="")
    else:
        for place, (image, kind) in enumerate(zip(images, kinds, strict=True)):
            (path / str(kind)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path / str(kind) / f"{place:02}.png")


@pytest.mark.parametrize(
    "name",
    ["own-images-idx3-ubyte", "own-images-idx3-ubyte.gz", "images.npz", "images.csv", "folder"],
)
def test_labelled_images_are_the_same_in_every_format(tmp_path, name, write_idx):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    kinds = np.arange(30) // 10  # sorted, as a folder gives them
    save_images(tmp_path, name, images, kinds, write_idx)
    found = read_path(tmp_path / name)
    assert found.shape == (1, 8, 8)
    assert found.rows.dtype == np.uint8
    assert np.array_equal(found.rows, images.reshape(30, -1))
    assert np.array_equal(found.labels, kinds)
    assert found.classes == ("0", "1", "2")
    assert found.value_range == (0.0, 255.0)


@pytest.mark.parametrize(
    "name", ["a.csv", "a.csv.gz", "a.npy", "a.npz", "a.parquet", "a-idx3-ubyte.gz"]
)
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(DataError, match="the file is empty"):
        read_path(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a.npy", "a.npz", "a.parquet", "a-idx3-ubyte", "a-idx3-ubyte.gz", "a.csv.gz"]
)
def test_a_file_of_something_else(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is not what the name says " * 5)
    with pytest.raises(DataError, match="expected"):
        read_path(tmp_path / name)


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"x")
    with pytest.raises(DataError, match=r"format is not known. Expected .*\.csv"):
        read_path(tmp_path / "a.xlsx")


def test_options_that_do_not_apply_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(4))
    with pytest.raises(DataError, match=r"not a table: leave out --data\.label y"):
        read_path(tmp_path / "a.npy", label="y")
    with pytest.raises(DataError, match=r"not a folder of images: leave out --data\.image-size"):
        read_path(tmp_path / "a.npy", image_size=8)
