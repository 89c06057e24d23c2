"""Names of columns that a spreadsheet would run as formulas, in the csv files of all commands."""

import numpy as np
import pytest
from small_runs import train_small, vaekit

from vaekit.cli import training
from vaekit.cli.app import make_app


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a table with a formula as the name of a column."""
    folder = tmp_path_factory.mktemp("formulas")
    rows = np.random.default_rng(0).normal(size=(120, 3))
    rows = np.column_stack([rows, np.arange(120) % 2])
    np.savetxt(folder / "rows.csv", rows, "%g", delimiter=",", header="=1+1,b,c,label", comments="")
    sections = {"data": {"source": str(folder / "rows.csv"), "limit": None}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "write_run_report", lambda run, *, dataset, wanted=None: [])
        train_small(folder / "run", "run", sections | {"model": {"latent_dim": 2}})
    return folder / "run"


COMMANDS = {
    "sample": (),
    "reconstruct": (),
    "traverse": (),
    "interpolate": ("--from", "0", "--to", "1"),
    "manifold": (),
    "arithmetic": (
        "--add",
        "0",
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_names_of_columns_are_prefixed(run, tmp_path, command):
    for flags, first in (((), "=1+1"), (("--safe-csv",), "'=1+1")):
        out = tmp_path / f"{len(flags)}.csv"
        vaekit(command, run, "--out", out, *COMMANDS[command], *flags)
        lines = out.read_text().splitlines()
        assert first in lines[0].split(",")
        assert all("'" not in line for line in lines[1:])  # numbers stay numbers


def test_all_commands_that_write_csv_files_have_the_flag():
    app, found = make_app(), set()
    for name in (each for each in app if not each.startswith("-")):
        command = app[name].default_command
        names = {
            flag
            for argument in (app[name].assemble_argument_collection() if command else ())
            for flag in argument.names
        }
        if "--out" in names and ".csv" in (command.__doc__ or "").partition("out:")[2][:250]:
            found.add(name)
            assert "--safe-csv" in names, name
    assert found >= {*COMMANDS, "encode", "score", "impute", "outliers", "synthesize", "project"}
