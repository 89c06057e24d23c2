import pytest

from vaekit.data.cache import build_once, cache_folder, data_folder, file_key
from vaekit.errors import DataError


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
