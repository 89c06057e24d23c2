"""What the benchmarks of training share: `vaekit train` as a contender, and the lines on goals."""

import contextlib
import os
import signal
import tempfile
import time
from pathlib import Path

from rich.console import Console

from vaekit.errors import Interrupted
from vaekit.runs import RunFolder
from vaekit.training import train
from vaekit.training.progress import ProgressBar


class Clock:
    """Notes when each epoch is over, and asks to stop after two: a callback."""

    def __init__(self):
        self.ends = []

    def started(self, plan):
        pass

    def live(self, live):
        pass

    def epoch_ended(self, record):
        self.ends.append(time.perf_counter())
        if len(self.ends) == 2:
            signal.raise_signal(signal.SIGINT)

    def ended(self, reason):
        pass


def vaekit_train(config):
    """What the command calls, with a progress bar, metrics and a checkpoint after every epoch.

    A training of a hundred epochs into a run folder, which Ctrl-C stops after the second. What
    counts is the time from the end of the first to the end of the second, so one epoch with all
    that it writes, but not reading the data. The bar is drawn as on a terminal, into nothing.
    """
    config = config.model_copy(
        update={"training": config.training.model_copy(update={"epochs": 100})}
    )

    def epoch():
        clock = Clock()
        with tempfile.TemporaryDirectory() as place, open(os.devnull, "w") as nothing:
            bar = ProgressBar(Console(file=nothing, force_terminal=True))
            folder = RunFolder(Path(place) / "run")
            with contextlib.suppress(Interrupted):
                train(config, folder=folder, callbacks=[bar, clock])
            assert folder.last.is_file()
            assert len(folder.read_metrics()) == 2
        return clock.ends[1] - clock.ends[0]

    return epoch


def goal(text, *, found, least=None, most=None):
    """One line: the goal, what was measured, met or missed."""
    met = found >= least if least is not None else found <= most
    sign = f"at least {least:g}" if least is not None else f"at most {most:g}"
    print(f"- {text}: {sign} times; measured {found:.2f}: {'met' if met else 'MISSED'}")
