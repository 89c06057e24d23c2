"""A disk that is full: an error that says so, old files unharmed, and a run that can go on."""

import subprocess

import pytest
from killed_processes import call, ending, temporary_files


@pytest.fixture
def disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1M", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a user who may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("kilobytes", [0, 4, 12, 20, 40])
def test_a_run_goes_on_when_there_is_room_again(begin, trained, disk, kilobytes):
    filler, run = disk / "filler", disk / "trained"
    with filler.open("wb") as file:
        file.write(bytes(2**20 - 4096 * 2 - kilobytes * 1024))
    result = call(*begin, "--out", run)
    assert result.code in (1, 2), result.err
    assert "No space left" in result.err or "os error 28" in result.err
    assert "unexpected" not in result.err
    assert not temporary_files(disk)
    filler.unlink()
    begun = (run / "config.json").exists()
    result = call("train", "--resume", run, "--quiet") if begun else call(*begin, "--out", run)
    assert result.code == 0, result.err
    assert ending(run) == ending(trained)


def test_a_set_of_tables_is_the_old_one_on_a_full_disk(table, disk):
    out = disk / "filled.csv"
    command = ["impute", table, "--out", out, "--multiple", "2", "--force", "--quiet"]
    command += ["--check", "0", "--epochs", "1", "--method", "vae"]
    paths = [out, disk / "filled-1.csv", disk / "filled-2.csv"]
    for path in paths:
        path.write_text("old", encoding="utf-8")
    with (disk / "filler").open("wb") as file:
        file.write(bytes(2**20 - 4096 * 6))
    result = call(*command)
    assert result.code == 1, result.err
    assert [path.read_text(encoding="utf-8") for path in paths] == ["old"] * 3
    assert not temporary_files(disk)
