import io

import pytest
from rich.console import Console

from vaekit.cli.study import StudyProgress
from vaekit.training import Live, Plan

MEANS = {"loss": 3.0, "distortion": 2.0, "rate": 1.0, "bound": -3.0}


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def test_one_display_has_a_line_for_each_run(terminal):
    progress = StudyProgress(terminal, epochs={"vae": 4, "em": 4})
    progress.finished_before("vae")
    bar = progress.listener("em")
    plan = Plan(epochs=4, done=1, steps=2, rows=10, parameters=3, device="cpu", precision="32")
    bar.started(plan)
    bar.live(Live(epoch=1, step=1, means=MEANS, rows_per_second=5.0))
    bar.epoch_ended({"epoch": 2, "train": MEANS})
    bar.ended("")
    first, second = progress.bar.tasks
    assert (first.completed, second.completed) == (4, 2)
    text = terminal.file.getvalue()
    assert "vae" in text
    assert "loss 3.000" in text


def test_why_training_ended_early_is_said(terminal):
    bar = StudyProgress(terminal, epochs={"a": 2}).listener("a")
    bar.ended("no better bound")
    assert "no better bound" in terminal.file.getvalue()


def test_without_a_terminal_there_is_no_display():
    console = Console(file=io.StringIO())
    assert StudyProgress(console, epochs={"a": 2}).listener("a") is None
