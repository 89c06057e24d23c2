import os
from pathlib import Path

import numpy as np
import pytest

from vaekit.data import cache as cache_module
from vaekit.data.cache import build_once, cache_folder, data_folder, file_key
from vaekit.errors import ConfigError, DataError


def test_folders_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "a"))
    monkeypatch.setenv("VAEKIT_DATA", str(tmp_path / "b"))
    assert cache_folder() == tmp_path / "a"
    assert data_folder() == tmp_path / "b"


def test_without_them_the_users_cache_folder_and_no_data(monkeypatch):
    monkeypatch.delenv("VAEKIT_CACHE")
    monkeypatch.delenv("VAEKIT_DATA", raising=False)
    assert "vaekit" in cache_folder().parts
    assert data_folder() is None


def test_a_folder_is_filled_once():
    calls = []

    def fill(folder):
        calls.append(folder)
        (folder / "rows").write_text("x")

    first, second = build_once("key", fill=fill), build_once("key", fill=fill)
    assert first == second
    assert (first / "rows").read_text() == "x"
    assert len(calls) == 1


def test_a_failure_leaves_nothing(cache):
    def fill(folder):
        (folder / "half").write_text("x")
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        build_once("key", fill=fill)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("VAEKIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="Set VAEKIT_CACHE"):
        build_once("key", fill=lambda folder: None)


def test_a_key_changes_with_the_file(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_text("one")
    first = file_key(path, kind="a")
    assert first == file_key(path, kind="a") != file_key(path, kind="b")
    path.write_text("other")
    assert file_key(path, kind="a") != first


def write_parquet(path, value):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({"a": np.full(64, value, np.float32), "b": np.arange(64, dtype=np.float32)})
    parquet.write_table(table, path, compression="none", use_dictionary=False)
    os.utime(path, ns=(10**18, 10**18))
    return path.stat()


def test_a_parquet_file_of_the_same_size_and_time_is_read_anew(tmp_path):
    from vaekit.data.parquet import read_parquet

    path = tmp_path / "rows.parquet"
    before = write_parquet(path, 1.0)
    assert read_parquet(path).rows[0, 0] == 1.0
    after = write_parquet(path, 2.0)
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert read_parquet(path).rows[0, 0] == 2.0


def make(name, *, used):
    """A conversion of 1000 bytes, made by another process, that was used at some time."""

    def fill(folder):
        (folder / "rows.npy").write_bytes(bytes(1000))

    folder = build_once(f"{name}-{16 * '0'}", fill=fill)
    cache_module._used.discard(folder)
    os.utime(folder, (used, used))
    return folder


def test_the_least_recently_used_conversions_are_removed(cache, monkeypatch):
    old, older, recent = make("old", used=2000), make("older", used=1000), make("new", used=4e9)
    download = cache / "digits"
    download.mkdir()
    (download / "rows.npy").write_bytes(bytes(10_000))
    monkeypatch.setenv("VAEKIT_CACHE_LIMIT", "3000")
    assert build_once(older.name, fill=None) == older  # used now
    cache_module._used.discard(older)
    made = make("made", used=5e9)
    assert not old.exists()
    assert all(folder.exists() for folder in (older, recent, made, download))


def test_a_limit_that_is_no_size(monkeypatch):
    monkeypatch.setenv("VAEKIT_CACHE_LIMIT", "much")
    with pytest.raises(ConfigError, match="VAEKIT_CACHE_LIMIT: expected a size"):
        cache_module.cache_limit()


def test_what_a_killed_conversion_left_is_removed(cache):
    cache.mkdir()
    left = cache_module.temporary_path(cache / "rows")
    number = next(each for each in range(2**22, 2**22 + 99) if not Path(f"/proc/{each}").exists())
    left = left.with_name(left.name.replace(f"-{os.getpid()}-", f"-{number}-"))
    left.mkdir()
    (left / "rows.npy").write_bytes(bytes(10))
    make("rows", used=1)
    assert not left.exists()
