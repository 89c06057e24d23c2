"""How fast files are read for training and for tables, and how much memory that takes.

    python -m benchmarks.reading [--megabytes 200] [--rows 100000] [--columns 100]

Two files are made: a csv of the given size, of 20 columns of numbers, whole numbers, words and
gaps, with a variant of numbers alone for training; and a parquet file of float64. Each is read in
a process of its own, with an empty cache, by `load_dataset` (training) and by `read_table`
(tables); bare pandas and pyarrow stand beside them, and say how fast the machine is. Memory is the
peak resident size less that after the imports; of a memory map it includes pages of the file that
the system takes back when it needs them. MB are those of the file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

READ = """
import json, resource, sys, time
import numpy, pandas, pyarrow.parquet
from vaekit.data import load_dataset
from vaekit.tables import read_table

path, how = sys.argv[1:]
with_pandas = pandas.read_parquet if path.endswith("parquet") else pandas.read_csv
read = {"training": load_dataset, "tables": read_table, "pandas": with_pandas}[how]
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
read(path)
took = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([took, peak / 1000]))
"""
PART = 20_000


def mixed(draw, *, rows):
    """Rows of a table of 20 columns: numbers, whole numbers, words, and gaps in some."""
    columns = {f"real{at}": draw.normal(size=rows).round(4) for at in range(10)}
    columns |= {f"whole{at}": draw.integers(0, 10**6, rows) for at in range(5)}
    words = np.array([f"word{number}" for number in range(40)])
    columns |= {f"word{at}": words[draw.integers(0, 40, rows)] for at in range(3)}
    frame = pd.DataFrame(columns)
    for at in range(2):
        gaps = draw.random(rows) < 0.1
        frame[f"gaps{at}"] = np.where(gaps, np.nan, draw.normal(size=rows).round(4))
    return frame


def write_csv(path, *, size, numbers):
    """Write a csv of a size in bytes, with a part of its rows at a time."""
    draw = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            frame = mixed(draw, rows=PART)
            frame = frame.select_dtypes("number").dropna(axis=1) if numbers else frame
            frame.to_csv(file, index=False, header=file.tell() == 0)


def write_parquet(path, *, rows, columns):
    """Write float64 columns in row groups."""
    import pyarrow as pa
    from pyarrow import parquet

    draw, names = np.random.default_rng(0), [f"x{at}" for at in range(columns)]
    schema = pa.schema([(name, pa.float64()) for name in names])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, PART):
            values = draw.normal(size=(columns, min(PART, rows - start)))
            writer.write_table(pa.table(list(values), schema=schema))


def measure(path, how, *, cache):
    """Seconds and MB of memory of reading a file once."""
    with tempfile.TemporaryDirectory(dir=cache) as empty:
        done = subprocess.run(
            [sys.executable, "-c", READ, path, how],
            env={**os.environ, "VAEKIT_CACHE": empty},
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = asked.megabytes * 10**6
        files = {name: Path(folder) / name for name in ("mixed.csv", "numbers.csv", "x.parquet")}
        write_csv(files["mixed.csv"], size=size, numbers=False)
        write_csv(files["numbers.csv"], size=size, numbers=True)
        write_parquet(files["x.parquet"], rows=asked.rows, columns=asked.columns)
        print(f"{'file':<12} {'MB':>6} {'read for':<9} {'s':>6} {'MB/s':>6} {'memory MB':>10}")
        for name, path in files.items():
            megabytes = path.stat().st_size / 1e6
            for how in ("training", "tables", "pandas"):
                if (name, how) == ("mixed.csv", "training"):
                    continue  # words and gaps are refused there
                took, peak = measure(path, how, cache=folder)
                shown = f"{took:6.1f} {megabytes / took:6.0f} {peak:10.0f}"
                print(f"{name:<12} {megabytes:6.0f} {how:<9} {shown}", flush=True)


if __name__ == "__main__":
    main()
