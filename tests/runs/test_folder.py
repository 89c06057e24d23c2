"""The run folder: whole files or none, and clear words about damage."""

import json
import os
import sys

import pytest

from vaekit.errors import RunError
from vaekit.runs import FORMAT, RunFolder


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "runs" / "one")
    made.make()
    return made


def test_a_new_or_an_empty_folder_will_do_and_no_other(tmp_path):
    (tmp_path / "empty").mkdir()
    RunFolder(tmp_path / "empty").make()
    RunFolder(tmp_path / "empty").make()  # as a process leaves it that is killed at once
    (tmp_path / "empty" / "config.json").touch()
    with pytest.raises(RunError, match=r"new or empty.*--resume"):
        RunFolder(tmp_path / "empty").make()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="new or empty"):
        RunFolder(tmp_path / "file").require_free()


def test_json_goes_round_with_its_format(folder):
    folder.write_json(folder.evaluation, {"elbo": -1.5})
    assert folder.read_json(folder.evaluation) == {"elbo": -1.5}
    assert json.loads(folder.evaluation.read_text(encoding="utf-8"))["format"] == FORMAT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 99}', "pip install --upgrade vaekit"),
        ('{"elbo": 1', "damaged"),
        ("[]", "damaged"),
        ('{"elbo": 1}', "no format number"),
    ],
)
def test_newer_or_damaged_files_are_named(folder, content, message):
    folder.config.write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=message) as caught:
        folder.read_json(folder.config)
    assert str(folder.config) in str(caught.value)


def test_what_is_no_run_is_refused(tmp_path, folder):
    with pytest.raises(RunError, match="no such folder"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"no config\.json"):
        RunFolder.open(folder.path)


def test_a_line_cut_off_by_a_crash_ends_the_metrics(folder):
    assert folder.read_metrics() == []
    folder.metrics.write_text('{"epoch": 1}\n{"epoch": 2}\n{"epo', encoding="utf-8")
    assert [record["epoch"] for record in folder.read_metrics()] == [1, 2]


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="needs a user whom permissions bind",
)
def test_an_unwritable_folder_is_reported(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot be made"):
        RunFolder(tmp_path / "run").make()
