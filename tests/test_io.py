"""Whole files or none."""

import os
import sys

import pytest
import torch
from safetensors.torch import save_file

from vaekit.errors import WriteError
from vaekit.io import write_atomically


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def fail(beside):
        beside.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match=r"No space left.*unharmed"):
        write_atomically(path, fail)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_on_the_way_are_made_unless_a_file_is_in_the_way(tmp_path):
    write_atomically(tmp_path / "a" / "b", lambda path: path.write_text("x"))
    with pytest.raises(WriteError, match="could not be written"):
        write_atomically(tmp_path / "a" / "b" / "c", lambda path: path.write_text("x"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "write", [lambda path: path.write_text("x"), lambda path: torch.save({}, path)]
)
def test_a_full_disk_is_reported(tmp_path, write):
    """/dev/full takes no byte, as a full disk does."""

    def to_full_disk(beside):
        beside.unlink()
        beside.symlink_to("/dev/full")
        write(beside)

    with pytest.raises(WriteError, match="could not be written"):
        write_atomically(tmp_path / "file", to_full_disk)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_files_get_the_permissions_that_the_user_chose(tmp_path):
    write_atomically(tmp_path / "one", lambda path: save_file({}, path))
    (tmp_path / "two").write_text("x", encoding="utf-8")
    assert (tmp_path / "one").stat().st_mode == (tmp_path / "two").stat().st_mode
