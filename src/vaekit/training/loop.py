"""The training loop."""

import copy
import math
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError, Interrupted, TrainingError
from vaekit.numerics import compute_settings, fixed_noise
from vaekit.objectives import Objective, rate_weight, set_rate_weight
from vaekit.training.callbacks import Callback, Live, Plan, Record
from vaekit.training.checkpoint import (
    Position,
    build_optimizer,
    get_learning_rate,
    learning_rate,
    load_checkpoint,
    save_checkpoint,
    set_learning_rate,
)
from vaekit.training.distributed import (
    Processes,
    RowBatches,
    choose_device,
    choose_precision,
    make_engine,
)
from vaekit.training.executor import Way, WholeStep, choose_way, whole_step
from vaekit.training.precision import InBf16, bf16_layers, has_large_products
from vaekit.training.step import SUMS, Unit

__all__ = ["Loop", "Schedules", "StopWish", "check_finite", "fit", "means", "measure", "stop_wish"]


@torch.no_grad()
def measure(
    step: Unit, batches: Batches, *, processes: Processes | None = None
) -> dict[str, float]:
    """Means over the rows of a split, in float32, with the same noise at every call.

    Args:
        step: model, objective and preprocessing; left in evaluation mode.
        batches: the rows.
        processes: that share them; this one alone when absent.

    Returns:
        Loss, distortion, rate and bound in nats per row.
    """
    step.eval()
    with fixed_noise(0):
        unit = step if processes is None else processes.unit(step)
        parts = batches.epoch() if processes is None else processes.epoch(batches)
        sums = torch.stack([unit(rows)[1] for rows in parts]).cpu()
    return means(sums if processes is None else processes.total(sums), rows=batches.rows)


def means(sums: Tensor, *, rows: int) -> dict[str, float]:
    """Means over rows from sums over batches: a short batch counts as little as it should.

    Args:
        sums: (steps, 4) sums over the rows of each step.
        rows: how many rows they are of.

    Returns:
        Loss, distortion, rate and bound in nats per row.
    """
    return dict(zip(SUMS, (sums.double().sum(0) / rows).tolist(), strict=True))


def check_finite(parameters: Sequence[Tensor], position: Position, *, saved: bool) -> None:
    """Stop where the loss or a parameter is not finite.

    Args:
        parameters: all that are trained, and others.
        position: how far training is, with the sums of the steps of this epoch.
        saved: whether there are checkpoints.

    Raises:
        TrainingError: with the step, the part that blew up and what to change.
    """
    done = position.history[: position.step]
    where = f"epoch {position.epoch + 1}"
    if not _are_finite([done]):
        bad = (~torch.isfinite(done)).nonzero()
        at = int(bad[0, 0])
        parts = [SUMS[int(column)] for row, column in bad if int(row) == at]
        blamed = next((part for part in ("distortion", "rate") if part in parts), "loss")
        where = f"{where}, step {at + 1}: the {blamed} is {done[at, SUMS.index(blamed)]:g}"
    elif _are_finite(parameters):
        return
    else:
        where = f"{where}: a parameter is not finite after step {position.step}"
    kept = " The last good checkpoint stays." if saved else ""
    raise TrainingError(
        f"{where}. Lower training.learning_rate, set training.clip_norm (1.0 is usual), take "
        f"training.precision = 32, or check the scale of the data.{kept}"
    )


@torch.no_grad()
def _are_finite(tensors: Sequence[Tensor]) -> bool:
    """A sum is finite only if all its terms are, and is ten times as fast to come by."""
    if math.isfinite(float(torch.stack([tensor.sum() for tensor in tensors]).sum())):
        return True
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


class Schedules:
    """Both are functions of the position, so that a training that goes on needs no state.

    On a GPU to set a number is a launch of its own, so what stays as it is is not set again.

    Args:
        optimizer: whose learning rate.
        objective: whose weight.
        config: the rule of the learning rate.
        wanted: the rule of the weight.
        steps: of an epoch.
    """

    def __init__(
        self,
        *,
        optimizer: Optimizer,
        objective: Objective,
        config: TrainingConfig,
        wanted: ObjectiveConfig,
        steps: int,
    ) -> None:
        self._optimizer = optimizer
        self._objective = objective
        self._config = config
        self._wanted = wanted
        self._steps = steps
        self._rate: float | None = None
        self._weight: float | None = None

    def follow(self, position: Position) -> None:
        """Set what is due.

        Args:
            position: how far training is.
        """
        epoch = position.epoch + position.step / self._steps
        rate = learning_rate(epoch, self._config)
        if rate != self._rate:
            set_learning_rate(self._optimizer, rate=rate)
            self._rate = rate
        schedule = self._wanted.schedule
        if schedule == "constant":
            return
        weight = rate_weight(epoch, schedule=schedule, warmup=self._wanted.warmup)
        if weight != self._weight:
            set_rate_weight(self._objective, weight=weight)
            self._weight = weight


class StopWish:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.made = False


@contextmanager
def stop_wish() -> Iterator[StopWish]:
    """Turn the first Ctrl-C (or a polite kill) into a wish; the second one acts as ever.

    Outside the main thread signals cannot be caught, and the wish is never made.
    """
    wish = StopWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def make(number: int, frame: FrameType | None) -> None:
        wish.made = True
        signal.signal(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, make)
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_REFRESH_SECONDS = 0.25


@dataclass(kw_only=True)
class Loop:
    """One training."""

    step: Unit
    """What is trained, on its device."""
    train: RowBatches
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


def fit(
    step: Unit,
    *,
    train: RowBatches,
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
    large = has_large_products(step, rows=train.batch_size)
    precision = choose_precision(config.precision, device=device, large_products=large)
    engine = engine or make_engine(device=device)
    processes = Processes(engine)
    with (
        compute_settings(
            device=device, threads=config.threads, tf32=precision == "tf32", large_products=large
        ),
        bf16_layers(step, needed=device == "cpu" and precision == "bf16"),
        stop_wish() as wish,
    ):
        optimizer = build_optimizer(step.to(device), config, device=device)
        position = Position()
        if resume and checkpoint is not None:
            position = load_checkpoint(checkpoint, step=step, optimizer=optimizer)
        if position.step == 0:
            position.history = torch.zeros(len(train), len(SUMS))
        if device == "cpu" and processes.alone and config.threads is None:
            position.threads = position.threads or torch.get_num_threads()
            torch.set_num_threads(position.threads)
        recordable = uniform and processes.alone and device in {"cpu", "cuda"}
        loop = Loop(
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
            way=choose_way(config, train=train, possible=recordable, models=step.models),
        )
        return loop.run(_plan(loop, device=device, precision=precision))


def _plan(loop: Loop, *, device: str, precision: str) -> Plan:
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
