"""What torchrun tells a process, and what the command line makes of it."""

import pytest

from vaekit.cli import main
from vaekit.cli.output import Launch, read_launch
from vaekit.cli.training import _warn_of_restarts
from vaekit.errors import VaekitWarning

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "RANK": "1",
    "WORLD_SIZE": "2",
    "TORCHELASTIC_RESTART_COUNT": "1",
    "TORCHELASTIC_MAX_RESTARTS": "3",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
}


@pytest.fixture
def started(monkeypatch):
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)


def test_a_process_of_several(started):
    found = Launch(number=1, count=2, restarts=1, elastic=True, shared_store=True)
    assert read_launch() == found
    assert not found.main


def test_without_torchrun_there_is_one(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert read_launch() == Launch()
    assert read_launch().main


def test_several_need_a_folder_that_all_know(started, capsys):
    assert main(["train", "digits"]) == 2
    assert "process 1: expected --out FOLDER under torchrun" in capsys.readouterr().err


def test_a_study_is_not_for_several(started, capsys, tmp_path):
    assert main(["train", "mnist-iwae", "--out", str(tmp_path / "run")]) == 2
    assert "start it without torchrun" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_can_hang_is_said_before(started):
    with pytest.warns(VaekitWarning, match="TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"):
        _warn_of_restarts(read_launch())


@pytest.mark.parametrize("settings", [{"elastic": False}, {"shared_store": False}, {"count": 1}])
def test_nothing_is_said_where_nothing_can_hang(settings):
    _warn_of_restarts(Launch(**({"count": 2, "elastic": True, "shared_store": True} | settings)))
