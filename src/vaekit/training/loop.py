"""The training loop, to be read from top to bottom."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch.optim import Optimizer

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches, StackedBatches
from vaekit.errors import ConfigError, Interrupted
from vaekit.numerics import compute_settings
from vaekit.training.callbacks import Callback, Live, Plan, Record
from vaekit.training.checkpoint import Position, load_checkpoint, save_checkpoint
from vaekit.training.engine import choose_device, choose_precision, make_engine
from vaekit.training.interrupt import StopWish, stop_wish
from vaekit.training.measure import check_finite, means, measure
from vaekit.training.optimizer import build_optimizer, get_learning_rate
from vaekit.training.passes import Way, choose_way
from vaekit.training.processes import Processes
from vaekit.training.products import InBf16, bf16_layers
from vaekit.training.schedules import Schedules
from vaekit.training.threads import settle_threads
from vaekit.training.unit import SUMS, Unit
from vaekit.training.whole import WholeStep, whole_step

__all__ = ["fit"]

_REFRESH_SECONDS = 0.25


def fit(
    step: Unit,
    *,
    train: Batches | BalancedBatches | StackedBatches,
    watch: Batches | None = None,
    config: TrainingConfig | None = None,
    objective: ObjectiveConfig | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    engine: Fabric | None = None,
    uniform: bool = False,
) -> list[Record]:
    """Train a step's parameters in place. Noise comes from PyTorch's global generator.

    Args:
        step: model, objective and preprocessing.
        train: the training rows.
        watch: rows that are measured after every epoch, in float32 and with the same noise.
        config: optimizer, epochs, device, precision.
        objective: the schedule of the rate's weight; the formula itself is in the step.
        checkpoint: file to which everything needed to go on is written.
        resume: go on from that file.
        callbacks: told what happens.
        engine: that was launched, where several processes train one model, each with its part of
            the batches; the first of them alone writes and tells.
        uniform: whether the step does the same for all batches of a shape, but for what it reads
            from buffers: on a CPU a long training then plays a recorded or compiled pass.

    Returns:
        The records of the epochs that were run.

    Raises:
        TrainingError: the loss is not finite.
        WriteError: a file cannot be written; the last good checkpoint stays.
        Interrupted: Ctrl-C; the step was finished and a checkpoint written.
        ConfigError: early stopping without rows to watch.

    Example:
        >>> import numpy as np
        >>> from vaekit import MLP, VAE, Amortized, Bound, DiagonalGaussian, Gaussian
        >>> from vaekit import StandardNormal, Step
        >>> model = VAE(
        ...     prior=StandardNormal(1),
        ...     posterior=Amortized(MLP(3, [], 2), DiagonalGaussian(1)),
        ...     likelihood=Amortized(MLP(1, [], 3), Gaussian(3)),
        ... )
        >>> rows = np.ones((32, 3), np.float32)
        >>> batches = Batches(rows, np.arange(32), batch_size=16, seed=0)
        >>> len(fit(Step(model, Bound()), train=batches, config=TrainingConfig(epochs=2)))
        2
    """
    config = config or TrainingConfig()
    if config.early_stopping and watch is None:
        raise ConfigError("early stopping needs validation rows: set data.validation above 0")
    device = choose_device(config.device)
    precision = choose_precision(config.precision, device=device)
    engine = engine or make_engine(device=device)
    processes = Processes(engine)
    with (
        compute_settings(device=device, threads=config.threads, tf32=precision == "tf32"),
        bf16_layers(step, needed=device == "cpu" and precision == "bf16"),
        stop_wish() as wish,
    ):
        optimizer = build_optimizer(step.to(device), config, device=device)
        position = Position()
        if resume and checkpoint is not None:
            position = load_checkpoint(checkpoint, step=step, optimizer=optimizer)
        if position.step == 0:
            position.history = torch.zeros(len(train), len(SUMS))
        trial, alone = InBf16(step) if precision == "bf16" else step, processes.alone
        settle_threads(trial, train=train, position=position, config=config, alone=alone)
        recordable = uniform and alone and device in {"cpu", "cuda"}
        loop = _Loop(
            step=step,
            train=train,
            watch=watch,
            config=config,
            objective=objective or ObjectiveConfig(),
            checkpoint=checkpoint,
            callbacks=callbacks if processes.main else (),
            engine=engine,
            processes=processes,
            optimizer=optimizer,
            position=position,
            wish=wish,
            way=choose_way(config, train=train, possible=recordable),
        )
        return loop.run(_plan(loop, device=device, precision=precision))


@dataclass(kw_only=True)
class _Loop:
    """One training."""

    step: Unit
    train: Batches | BalancedBatches | StackedBatches
    watch: Batches | None
    config: TrainingConfig
    objective: ObjectiveConfig
    checkpoint: Path | None
    callbacks: Sequence[Callback]
    engine: Fabric
    processes: Processes
    optimizer: Optimizer
    position: Position
    wish: StopWish
    way: Way
    stop: bool = False
    """Whether all processes know of the wish of one."""
    schedules: Schedules = field(init=False)

    def __post_init__(self) -> None:
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
        history = self.processes.kept(position.history).to(next(self.step.parameters()).device)
        self.step.train()
        before, began = position.seconds, time.perf_counter()
        refreshed = saved = began
        for rows in self.processes.epoch(self.train, position.epoch, start=position.step):
            self.schedules.follow(position)
            history[position.step] = advance(rows)
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
        check_finite(self.step, self.position, saved=self.checkpoint is not None)

    def pause(self, *, save: bool) -> None:
        """In the middle of an epoch: look, tell, and save or stop where that is due."""
        check_finite(self.step, self.position, saved=self.checkpoint is not None)
        self.tell()
        self.agree()
        if save or self.stop:
            self.save()
        if self.stop and self.position.step < len(self.train):
            raise Interrupted(f"stopped in epoch {self.position.epoch + 1}")

    def close_epoch(self) -> Record:
        """Measure, record, and write the checkpoint."""
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


def _plan(loop: _Loop, *, device: str, precision: str) -> Plan:
    return Plan(
        epochs=loop.config.epochs,
        done=loop.position.epoch,
        steps=len(loop.train),
        rows=loop.train.rows,
        parameters=sum(p.numel() for p in loop.step.parameters() if p.requires_grad),
        device=device,
        precision=precision,
        threads=loop.position.threads,
        compiled=loop.way == "compiled",
    )
