"""One tiny trained run for the whole session, and a way to call the command line in-process."""

import contextlib
import io
import shutil
from dataclasses import dataclass

import pytest

from vaekit.cli import main

TINY = ("--training.epochs", "2", "--evaluation.samples", "10")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def call(*argv):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(part) for part in argv])
    return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def vaekit():
    """Call the command line as a process would, but without one."""
    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Run folder of two epochs on the digits; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    result = call("train", "digits", *TINY, "--out", folder, "--json")
    assert result.code == 0, result.err
    (folder.parent / "stdout.json").write_text(result.out, encoding="utf-8")
    (folder.parent / "stderr.txt").write_text(result.err, encoding="utf-8")
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the run that a test may break."""
    return shutil.copytree(trained, tmp_path / "copy")


@pytest.fixture
def tiny():
    """Flags of the trained run."""
    return TINY
