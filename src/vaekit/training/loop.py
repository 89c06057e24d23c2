"""The training loop, to be read from top to bottom."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches, StackedBatches
from vaekit.errors import Interrupted
from vaekit.training.callbacks import Callback, Live, Plan, Record
from vaekit.training.checkpoint import Position, save_checkpoint
from vaekit.training.interrupt import StopWish
from vaekit.training.measure import check_finite, means, measure
from vaekit.training.optimizer import get_learning_rate
from vaekit.training.passes import Way
from vaekit.training.processes import Processes
from vaekit.training.products import InBf16
from vaekit.training.schedules import Schedules
from vaekit.training.unit import Unit
from vaekit.training.whole import WholeStep, whole_step

__all__ = ["Loop"]

_REFRESH_SECONDS = 0.25


@dataclass(kw_only=True)
class Loop:
    """One training."""

    step: Unit
    """What is trained, on its device."""
    train: Batches | BalancedBatches | StackedBatches
    """The training rows."""
    watch: Batches | None
    """Rows that are measured after every epoch."""
    config: TrainingConfig
    """Epochs, clipping, early stopping, checkpoints."""
    objective: ObjectiveConfig
    """The rule of the rate's weight."""
    checkpoint: Path | None
    """File to which everything needed to go on is written."""
    callbacks: Sequence[Callback]
    """Told what happens."""
    engine: Fabric
    """That was launched."""
    processes: Processes
    """All that train this model."""
    optimizer: Optimizer
    """Over the parameters, not wrapped."""
    position: Position
    """How far training is."""
    wish: StopWish
    """Of whoever pressed Ctrl-C."""
    way: Way
    """How a pass is made."""
    stop: bool = False
    """Whether all processes know of the wish of one."""
    schedules: Schedules = field(init=False)
    """Of the learning rate and of the rate's weight."""
    parameters: list[Tensor] = field(init=False)
    """Of the step, found once: a search among many modules takes as long as a small step."""

    def __post_init__(self) -> None:
        self.parameters = list(self.step.parameters())
        self.schedules = Schedules(
            optimizer=self.optimizer,
            objective=self.step.objective,
            config=self.config,
            wanted=self.objective,
            steps=len(self.train),
        )

    def run(self, plan: Plan) -> list[Record]:
        """All epochs; whatever happens, the callbacks are told that it is over."""
        records: list[Record] = []
        reason = "failed"
        for callback in self.callbacks:
            callback.started(plan)
        try:
            unit = self.processes.unit(self.step)
            if plan.precision == "bf16":
                unit = InBf16(unit)
            advance = whole_step(
                unit,
                optimizer=self.optimizer,
                engine=self.engine,
                clip_norm=self.config.clip_norm,
                way=self.way,
            )
            if not self.processes.alone and self.position.epoch == self.position.step == 0:
                self.save()  # whoever dies is started again, and goes on from here
            while not self.position.is_over(self.config):
                self.train_epoch(advance)
                records.append(self.close_epoch())
            if self.position.best_weights is not None:
                self.step.load_state_dict(self.position.best_weights)
            reason = "" if self.position.epoch == self.config.epochs else "no better bound"
        except Interrupted:
            reason = "interrupted"
            raise
        finally:
            self.step.eval()
            for callback in self.callbacks:
                callback.ended(reason)
        return records

    def train_epoch(self, advance: WholeStep) -> None:
        """The steps that are left of the epoch; nothing in a step waits for the device."""
        position = self.position
        history = self.processes.kept(position.history).to(self.parameters[0].device)
        places = history.unbind()
        if not self.step.training:  # many modules take long to tell
            self.step.train()
        before, began = position.seconds, time.perf_counter()
        refreshed = saved = began
        for rows in self.processes.epoch(self.train, position.epoch, start=position.step):
            self.schedules.follow(position)
            places[position.step].copy_(advance(rows))
            position.step += 1
            now = time.perf_counter()
            overdue = now - saved > 60.0 * self.config.checkpoint_minutes
            if self.processes.due(self.wish.made or overdue or now - refreshed > _REFRESH_SECONDS):
                position.history = self.processes.total(history.cpu())
                refreshed = time.perf_counter()
                position.seconds = before + refreshed - began
                self.pause(save=overdue)
                saved = now if overdue else saved
        position.history = self.processes.total(history.cpu())  # a GPU is done only now
        position.seconds = before + time.perf_counter() - began
        self.check()

    def pause(self, *, save: bool) -> None:
        """In the middle of an epoch: look, tell, and save or stop where that is due.

        Args:
            save: whether a checkpoint is due.

        Raises:
            Interrupted: all know of the wish to stop.
        """
        self.check()
        self.tell()
        self.agree()
        if save or self.stop:
            self.save()
        if self.stop and self.position.step < len(self.train):
            raise Interrupted(f"stopped in epoch {self.position.epoch + 1}")

    def close_epoch(self) -> Record:
        """Measure, record, and write the checkpoint.

        Raises:
            Interrupted: all know of the wish to stop.
        """
        position = self.position
        record: dict[str, object] = {
            "epoch": position.epoch + 1,
            "train": means(position.history, rows=self.train.rows),
            "seconds": position.seconds,
            "rows_per_second": self.train.rows / max(position.seconds, 1e-9),
            "learning_rate": get_learning_rate(self.optimizer),
        }
        position.epoch += 1
        position.step, position.seconds = 0, 0.0
        position.history = torch.zeros_like(position.history)
        if self.watch is not None:
            watched = measure(self.step, self.watch, processes=self.processes)
            record[self.config.watch] = watched
            self.keep_best(watched["bound"])
        for callback in self.callbacks:
            callback.epoch_ended(record)
        last = position.is_over(self.config)
        self.agree()
        if last or self.stop or position.epoch % self.config.checkpoint_every == 0:
            self.save()
        if self.stop and not last:
            raise Interrupted(f"stopped after epoch {position.epoch}")
        return record

    def keep_best(self, bound: float) -> None:
        """Remember the best epoch, and its weights where early stopping will want them."""
        position = self.position
        if bound > position.best:
            position.best, position.best_epoch = bound, position.epoch
            if self.config.early_stopping:
                position.best_weights = copy.deepcopy(self.step.state_dict())

    def check(self) -> None:
        """Whether all numbers are numbers."""
        check_finite(self.parameters, self.position, saved=self.checkpoint is not None)

    def agree(self) -> None:
        """Whether to stop, in all processes or in none."""
        self.stop = self.processes.any(self.wish.made)

    def tell(self) -> None:
        """Where training stands, for whoever listens."""
        position = self.position
        rows = min(position.step * self.train.batch_size, self.train.rows)
        live = Live(
            epoch=position.epoch,
            step=position.step,
            means=means(position.history[: position.step], rows=rows),
            rows_per_second=rows / max(position.seconds, 1e-9),
        )
        for callback in self.callbacks:
            callback.live(live)

    def save(self) -> None:
        """Write the checkpoint."""
        if self.checkpoint is not None and self.processes.main:
            save_checkpoint(
                self.checkpoint, step=self.step, optimizer=self.optimizer, position=self.position
            )
