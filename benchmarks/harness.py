"""What the benchmarks of training share: a clock, and `vaekit train` as a contender."""

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
from vaekit.training.callbacks import ProgressBar


class Clock:
    """Notes when each epoch is over: a callback.

    Args:
        now: seconds.
        most: epochs after which it asks to stop, as Ctrl-C does; none to let training end.
    """

    def __init__(self, *, now=time.perf_counter, most=None):
        self.ends = []
        self.now = now
        self.most = most

    def started(self, plan):
        pass

    def live(self, live):
        pass

    def epoch_ended(self, record):
        self.ends.append(self.now())
        if len(self.ends) == self.most:
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
        clock = Clock(most=2)
        with tempfile.TemporaryDirectory() as place, open(os.devnull, "w") as nothing:
            bar = ProgressBar(Console(file=nothing, force_terminal=True))
            folder = RunFolder(Path(place) / "run")
            with contextlib.suppress(Interrupted):
                train(config, folder=folder, callbacks=[bar, clock])
            assert folder.last.is_file()
            assert len(folder.read_metrics()) == 2
        return clock.ends[1] - clock.ends[0]

    return epoch
