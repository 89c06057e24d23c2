"""Files that would fill the memory, the disk or the day are refused with a clear error.

Small files stand in for large ones, under a limit that is lowered by VAEKIT_READ_LIMIT; those
marked slow are as large as they say, in a process whose peak memory is measured.
"""

import gzip
import json
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from vaekit import io
from vaekit.data import load_dataset
from vaekit.errors import ConfigError, DataError
from vaekit.io import memory_limit
from vaekit.tables import read_table

READERS = {"training": load_dataset, "tables": read_table}
both = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@pytest.fixture
def limit(monkeypatch):
    return lambda size: monkeypatch.setenv("VAEKIT_READ_LIMIT", size)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("2K", 2048), ("1.5 MB", 3 * 2**19), ("64G", 2**36), ("1TiB", 2**40)],
)
def test_the_limit_is_a_size(limit, text, size):
    limit(text)
    assert memory_limit() == size


@pytest.mark.parametrize("text", ["much", "-1", "1Z", "G"])
def test_a_limit_that_is_no_size(limit, text):
    limit(text)
    with pytest.raises(ConfigError, match="VAEKIT_READ_LIMIT: expected a size such as 64G"):
        memory_limit()


def test_the_limit_is_a_part_of_the_memory():
    assert 2**27 < memory_limit() < 2**45


def write_numbers(path, *, rows, columns):
    lines = "".join(",".join(f"{row}.{at}" for at in range(columns)) + "\n" for row in range(rows))
    names = ",".join(f"c{at}" for at in range(columns)) + "\n"
    content = (names + lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@both
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_text_that_does_not_fit_into_memory(tmp_path, limit, read, name):
    write_numbers(tmp_path / name, rows=500, columns=10)
    limit("100K")
    assert len(read(tmp_path / name).columns) == 10
    limit("50K")
    with pytest.raises(DataError, match=r"a\.csv.*they take .* kB or more, and 51\.2 kB may"):
        read(tmp_path / name)


@both
def test_a_packed_file_of_hardly_any_size(tmp_path, monkeypatch, limit, read):
    monkeypatch.setattr(io, "EXPANDED_BYTES", 10_000)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"0,0\n1,1\n" * 200_000))
    with pytest.raises(DataError, match=r"at most 200 times .* set VAEKIT_READ_LIMIT"):
        read(tmp_path / "a.csv.gz")
    limit("1G")
    assert read(tmp_path / "a.csv.gz") is not None


@both
def test_too_many_columns(tmp_path, monkeypatch, limit, read):
    monkeypatch.setattr(io, "MOST_COLUMNS", 50)
    write_numbers(tmp_path / "a.csv", rows=20, columns=51)
    pd.read_csv(tmp_path / "a.csv").to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(DataError, match="expected at most 50 columns; got 51"):
            read(tmp_path / name)
    limit("1G")
    for name in ("a.csv", "a.parquet"):
        assert len(read(tmp_path / name).columns) == 51


@both
def test_a_line_without_end(tmp_path, monkeypatch, limit, read):
    monkeypatch.setattr(io, "LINE_BYTES", 3_000_000)
    monkeypatch.setattr(io, "BLOCK_BYTES", 2**16)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3," + "4" * 4_000_000)
    with pytest.raises(DataError, match="expected lines of at most 3 MB; one is longer"):
        read(tmp_path / "a.csv")


def test_a_cell_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("vaekit.tables.delimited.LONGEST_CELL", 300_000)
    text = "a,b\n1,x\n2,y\n"
    (tmp_path / "a.csv").write_text(text + '3,"' + "line\n" * 80_000 + '"\n')
    with pytest.raises(DataError, match=r"column 'b': .* row 3 has 400,000\. Is a quotation mark"):
        read_table(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(text + '3,"' + "line\n" * 30_000 + '"\n')
    assert len(read_table(tmp_path / "a.csv")["b"][2]) == 149_999  # cells are stripped


@both
def test_lines_longer_than_the_sample_are_read(tmp_path, read):
    """Tables of genes have such lines, which are one cell to every other separator."""
    lines = [[f"{start}{at:0200}" for at in range(1500)] for start in ("c", "0.", "1.", "2.", "3.")]
    (tmp_path / "a.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    found = read(tmp_path / "a.csv")
    assert list(found.columns) == lines[0]


def write_npz(path, *, shape, data):
    """An array whose header says what its data may not hold."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data
        )


def test_an_array_that_does_not_fit_into_memory(tmp_path, limit):
    np.savez_compressed(tmp_path / "a.npz", x=np.eye(1000, 20), other=np.zeros(10))
    limit("200K")
    assert load_dataset(tmp_path / "a.npz", validation=0).shape == (20,)
    limit("150K")
    with pytest.raises(DataError, match=r"a\.npz: .* take 160 kB or more"):
        load_dataset(tmp_path / "a.npz")


def test_an_array_that_says_it_is_larger_than_it_is(tmp_path):
    write_npz(tmp_path / "a.npz", shape=(10**9, 10**4), data=bytes(80))
    with pytest.raises(DataError, match=r"take 80,000 GB or more"):
        load_dataset(tmp_path / "a.npz")


def test_bytes_in_the_place_of_an_array_count_as_well(tmp_path, limit):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("notes.txt", bytes(10**6))
    limit("500K")
    with pytest.raises(DataError, match="take 1 MB or more"):
        load_dataset(tmp_path / "a.npz")


def test_an_idx_file_that_does_not_fit_into_memory(tmp_path, limit):
    head = struct.pack(">BBBBII", 0, 0, 8, 2, 10**6, 1)
    (tmp_path / "a-idx2-ubyte.gz").write_bytes(gzip.compress(head + bytes(10**6)))
    limit("500K")
    with pytest.raises(DataError, match="a-idx2-ubyte"):
        load_dataset(tmp_path / "a-idx2-ubyte.gz")


def test_a_parquet_table_that_does_not_fit_into_memory(tmp_path, limit):
    frame = pd.DataFrame({"a": np.zeros(100_000), "b": ["x"] * 100_000})
    frame.to_parquet(tmp_path / "a.parquet")
    limit("2M")
    assert len(read_table(tmp_path / "a.parquet")) == 100_000
    limit("1M")
    with pytest.raises(DataError, match=r"take 1\.6 MB or more"):
        read_table(tmp_path / "a.parquet")


@both
def test_a_parquet_file_of_hardly_any_size(tmp_path, monkeypatch, read):
    monkeypatch.setattr(io, "EXPANDED_BYTES", 10_000)
    pd.DataFrame({"a": np.zeros(3_000_000)}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="at most 500 times the size of the file"):
        read(tmp_path / "a.parquet")


def test_a_row_group_that_does_not_fit_into_memory(tmp_path, limit):
    draw = np.random.default_rng(0)
    table = pa.table({"a": draw.normal(size=20_000)})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=20_000)
    parquet.write_table(table, tmp_path / "b.parquet", row_group_size=2_000)
    limit("100K")
    with pytest.raises(DataError, match="row group: expected contents that fit"):
        load_dataset(tmp_path / "a.parquet")
    assert load_dataset(tmp_path / "b.parquet").shape == (1,)


def test_a_disk_that_is_too_small_for_the_conversion(tmp_path, monkeypatch, cache):
    pd.DataFrame({"a": np.arange(1000.0)}).to_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 3_999}))
    with pytest.raises(DataError, match=r"room for 4 kB .*Set VAEKIT_CACHE"):
        load_dataset(tmp_path / "a.parquet")
    assert list(cache.iterdir()) == []


def test_memory_that_runs_out_is_no_traceback(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    write_numbers(tmp_path / "a.csv", rows=5, columns=3)
    monkeypatch.setattr("pandas.read_csv", fail)
    for read in READERS.values():
        with pytest.raises(DataError, match=r"a\.csv: does not fit into memory"):
            read(tmp_path / "a.csv")


MEASURE = """
import json, resource, sys, time
import numpy, pandas, pyarrow.parquet
from vaekit.data import load_dataset
from vaekit.errors import DataError
from vaekit.tables import read_table

path, how = sys.argv[1:]
before, began, said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.time(), ""
try:
    {"training": load_dataset, "tables": read_table}[how](path)
except DataError as error:
    said = str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"said": said, "seconds": time.time() - began, "MB": peak / 1000}))
"""


def measure(path, how):
    command = [sys.executable, "-c", MEASURE, path, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


def write_bomb(path):
    """Write a file of some MB that is far larger in memory."""
    kind = path.name.split(".", 1)[1]
    if kind == "csv.gz":
        with gzip.open(path, "wb", compresslevel=9) as file:
            file.write(b"a,b\n")
            for _ in range(3000):
                file.write(b"0,0\n" * 2**18)
    elif kind == "npz":
        write_npz(path, shape=(4 * 10**9, 100), data=bytes(10**8))
    elif kind == "wide.csv":
        with path.open("w") as file:
            for _ in range(4):
                file.write(",".join(["0.5"] * 10**6) + "\n")
    elif kind == "cell.csv":
        with path.open("wb") as file:
            file.write(b"a,b\n1,2\n")
            for _ in range(1000):
                file.write(b"x" * 10**6)
    else:
        rows = 10**7
        with parquet.ParquetWriter(path, pa.schema([("a", pa.float64())])) as file:
            for _ in range(200):
                file.write_table(pa.table({"a": np.zeros(rows)}))


@pytest.mark.slow
@pytest.mark.parametrize("how", READERS)
@pytest.mark.parametrize("kind", ["csv.gz", "npz", "wide.csv", "cell.csv", "parquet"])
def test_bombs_take_neither_memory_nor_time(tmp_path, kind, how):
    if (kind, how) == ("npz", "tables"):
        pytest.skip("tables are not read from npz")
    write_bomb(tmp_path / f"bomb.{kind}")
    found = measure(tmp_path / f"bomb.{kind}", how)
    print(kind, how, found)
    assert "bomb" in found["said"]
    assert "VAEKIT_READ_LIMIT" in found["said"]
    assert found["MB"] < 500
    assert found["seconds"] < 20
