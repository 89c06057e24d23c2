"""The training loop."""

import copy
import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from lightning_fabric import Fabric
from torch import Tensor

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError, Interrupted, TrainingError
from vaekit.numerics import compute_settings, fixed_noise
from vaekit.training.callbacks import Callback, Live, Plan, Record
from vaekit.training.checkpoint import Position, load_checkpoint, save_checkpoint
from vaekit.training.distributed import Processes, RowBatches, choose_device, make_engine
from vaekit.training.executor import (
    Executor,
    ExecutorSettings,
    MakeExecutor,
    make_executor,
    stack_sums,
)
from vaekit.training.precision import bf16_layers, choose_precision, has_large_products
from vaekit.training.schedules import Schedules
from vaekit.training.step import TrainingStep

__all__ = [
    "InterruptFlag",
    "Loop",
    "catch_interrupts",
    "check_finite",
    "fit",
    "means",
    "measure",
]


def fit(
    step: TrainingStep,
    *,
    train: RowBatches,
    watch: Batches | None = None,
    config: TrainingConfig | None = None,
    objective: ObjectiveConfig | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
    engine: Fabric | None = None,
    executor: MakeExecutor = make_executor,
) -> list[Record]:
    """Train the parameters of a step in place. Noise comes from PyTorch's global generator.

    Args:
        step: model, objective and preprocessing.
        train: the training rows.
        watch: rows that are measured after every epoch, in float32 and with the same noise.
        config: optimizer, epochs, device, precision.
        objective: the schedule of the rate's weight; the formula itself is in the step.
        checkpoint: file to which everything needed to resume is written.
        resume: resume from that file.
        callbacks: told what happens.
        engine: that was launched, where several processes train one model, each with its part of
            the batches; only the first of them writes and reports.
        executor: makes what runs the steps and owns the optimizers. By default a long training
            is recorded or compiled, and on a CUDA device runs as a CUDA graph.

    Returns:
        The records of the epochs that were run.

    Raises:
        TrainingError: a loss or a parameter is not finite.
        WriteError: a file cannot be written; the last checkpoint stays, if one was written.
        Interrupted: Ctrl-C; the step was finished and a checkpoint written.
        ConfigError: early stopping without rows to watch, a schedule that the objective does not
            have, or a device, precision or way to compile that is not there.

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
    if config.early_stopping and (watch is None or "bound" not in step.sum_names):
        raise ConfigError(
            "early stopping needs validation rows, whose bound is measured: set data.validation "
            "above 0"
        )
    device = choose_device(config.device)
    processes = Processes(engine or make_engine(device=device))
    step.to(device)
    large = has_large_products(step, train)
    precision = choose_precision(config.precision, device=device, large_products=large)
    settings = ExecutorSettings(
        config=config,
        device=device,
        precision=precision,
        processes=processes,
        steps=config.epochs * len(train),
    )
    with (
        compute_settings(
            device=device, threads=config.threads, tf32=precision == "tf32", large_products=large
        ),
        bf16_layers(step, needed=device == "cpu" and precision == "bf16"),
        catch_interrupts() as interrupt,
    ):
        run_step = executor(step, settings)
        schedules = Schedules(
            step,
            run_step,
            config=config,
            objective=objective or ObjectiveConfig(),
            steps=len(train),
        )
        position = Position()
        if resume and checkpoint is not None:
            position = load_checkpoint(checkpoint, step=step, executor=run_step)
        if position.step == 0:
            position.history = torch.zeros(len(train), len(step.sum_names))
        if device == "cpu" and processes.alone and config.threads is None:
            position.threads = position.threads or torch.get_num_threads()
            torch.set_num_threads(position.threads)
        plan = Plan(
            epochs=config.epochs,
            done=position.epoch,
            steps=len(train),
            rows=train.rows,
            parameters=sum(p.numel() for p in step.parameters() if p.requires_grad),
            device=device,
            precision=precision,
            threads=position.threads,
            compiled=run_step.compiles,
        )
        loop = Loop(
            step=step,
            executor=run_step,
            train=train,
            watch=watch,
            config=config,
            schedules=schedules,
            checkpoint=checkpoint,
            callbacks=callbacks if processes.main else (),
            processes=processes,
            position=position,
            interrupt=interrupt,
            parameters=list(step.parameters()),
        )
        return loop.run(plan)


_REFRESH_SECONDS = 0.25


@dataclass(kw_only=True)
class Loop:
    """One training: run epochs, measure, record, save."""

    step: TrainingStep
    """What is trained, on its device."""
    executor: Executor
    """Runs a step, and owns the optimizers."""
    train: RowBatches
    """The training rows."""
    watch: Batches | None
    """Rows that are measured after every epoch."""
    config: TrainingConfig
    """Epochs, early stopping, checkpoints."""
    schedules: Schedules
    """Of the learning rate and of the rate's weight."""
    checkpoint: Path | None
    """File to which everything needed to resume is written."""
    callbacks: Sequence[Callback]
    """Told what happens."""
    processes: Processes
    """All that train this model."""
    position: Position
    """How far training is."""
    interrupt: "InterruptFlag"
    """Set by Ctrl-C in this process."""
    parameters: list[Tensor]
    """Of the step: a search among many modules takes as long as a small step."""
    stop: bool = False
    """Whether all processes know of an interrupt in one."""

    def run(self, plan: Plan) -> list[Record]:
        """Run all epochs; whatever happens, the callbacks are told of the end."""
        records: list[Record] = []
        reason = "failed"
        for callback in self.callbacks:
            callback.started(plan)
        try:
            if not self.processes.alone and self.position.epoch == self.position.step == 0:
                self.save()  # a process that dies is started again, and resumes from here
            while not self.position.is_over(self.config):
                self.run_epoch()
                records.append(self.end_epoch())
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

    def run_epoch(self) -> None:
        """Run the remaining steps of the epoch; nothing in a step waits for the device."""
        position = self.position
        history = self.processes.own_part(position.history).to(self.parameters[0].device)
        sums = history.unbind()
        if not self.step.training:  # the call takes long with many modules
            self.step.train()
        before, began = position.seconds, time.perf_counter()
        refreshed = saved = began
        for rows in self.processes.epoch(self.train, position.epoch, start=position.step):
            self.schedules.set(epoch=position.epoch, step=position.step)
            sums[position.step].copy_(self.executor(rows))
            position.step += 1
            now = time.perf_counter()
            overdue = now - saved > 60.0 * self.config.checkpoint_minutes
            refresh = self.interrupt.is_set or overdue or now - refreshed > _REFRESH_SECONDS
            if self.processes.refresh_due(refresh):
                position.history = self.processes.total(history.cpu())
                refreshed = time.perf_counter()
                position.seconds = before + refreshed - began
                self.refresh(save=overdue)
                saved = now if overdue else saved
        position.history = self.processes.total(history.cpu())  # waits for the device
        position.seconds = before + time.perf_counter() - began
        self.check()

    def refresh(self, *, save: bool) -> None:
        """In the middle of an epoch: check, report, and save or stop where that is due.

        Args:
            save: whether a checkpoint is due.

        Raises:
            Interrupted: after an interrupt in any process.
        """
        self.check()
        position = self.position
        rows = min(position.step * self.train.batch_size, self.train.rows)
        live = Live(
            epoch=position.epoch,
            step=position.step,
            means=means(position.history[: position.step], names=self.step.sum_names, rows=rows),
            rows_per_second=rows / max(position.seconds, 1e-9),
        )
        for callback in self.callbacks:
            callback.live(live)
        self.stop = self.processes.any(self.interrupt.is_set)
        if save or self.stop:
            self.save()
        if self.stop and position.step < len(self.train):
            raise Interrupted(f"stopped in epoch {position.epoch + 1}")

    def end_epoch(self) -> Record:
        """Measure the watched rows, record the epoch, and save where that is due.

        Raises:
            Interrupted: after an interrupt in any process.
        """
        position, names = self.position, self.step.sum_names
        record: dict[str, object] = {
            "epoch": position.epoch + 1,
            "train": means(position.history, names=names, rows=self.train.rows),
            "seconds": position.seconds,
            "rows_per_second": self.train.rows / max(position.seconds, 1e-9),
            "learning_rate": self.executor.learning_rate,
        }
        position.epoch += 1
        position.step, position.seconds = 0, 0.0
        position.history = torch.zeros_like(position.history)
        if self.watch is not None:
            watched = measure(self.step, self.watch, processes=self.processes)
            record[self.config.watch] = watched
            if watched.get("bound", -math.inf) > position.best:
                position.best, position.best_epoch = watched["bound"], position.epoch
                if self.config.early_stopping:
                    position.best_weights = copy.deepcopy(self.step.state_dict())
        for callback in self.callbacks:
            callback.epoch_ended(record)
        last = position.is_over(self.config)
        self.stop = self.processes.any(self.interrupt.is_set)
        if last or self.stop or position.epoch % self.config.checkpoint_every == 0:
            self.save()
        if self.stop and not last:
            raise Interrupted(f"stopped after epoch {position.epoch}")
        return record

    def check(self) -> None:
        """Raise if a loss or a parameter is non-finite."""
        saved = self.checkpoint is not None and self.checkpoint.is_file()
        networks = {
            name: list(self.step.get_submodule(part).parameters())
            for name, part in self.step.optimized.items()
        }
        check_finite(
            self.parameters,
            self.position,
            names=self.step.sum_names,
            networks=networks if len(networks) > 1 else {},
            saved=saved,
        )

    def save(self) -> None:
        """Write the checkpoint."""
        if self.checkpoint is not None and self.processes.main:
            save_checkpoint(
                self.checkpoint, step=self.step, executor=self.executor, position=self.position
            )


@torch.no_grad()
def measure(
    step: TrainingStep, batches: Batches, *, processes: Processes | None = None
) -> dict[str, float]:
    """Return the means of a step's sums over the rows of a split, with the same noise each time.

    Args:
        step: model, objective and preprocessing; left in evaluation mode. It runs in float32.
        batches: the rows.
        processes: that share them; this one alone when absent.

    Returns:
        Name of each sum to its mean: loss, distortion, rate and bound in nats per row.
    """
    step.eval()
    with fixed_noise(0):
        forward = step if processes is None else processes.weigh(step)
        epoch = batches.epoch() if processes is None else processes.epoch(batches)
        sums = torch.stack([stack_sums(step, forward(rows)) for rows in epoch]).cpu()
    sums = sums if processes is None else processes.total(sums)
    return means(sums, names=step.sum_names, rows=batches.rows)


def means(sums: Tensor, *, names: Sequence[str], rows: int) -> dict[str, float]:
    """Return means over rows from sums over batches, so that a short batch has its own weight.

    Args:
        sums: (steps, S) sums over the rows of each step.
        names: S of them.
        rows: how many rows the sums are of.
    """
    return dict(zip(names, (sums.double().sum(0) / rows).tolist(), strict=True))


def check_finite(
    parameters: Sequence[Tensor],
    position: Position,
    *,
    names: Sequence[str],
    saved: bool,
    networks: Mapping[str, Sequence[Tensor]] | None = None,
) -> None:
    """Raise if a loss or a parameter is non-finite.

    Args:
        parameters: of the step.
        position: how far training is, with the sums of the steps of this epoch.
        names: of the sums.
        saved: whether there are checkpoints.
        networks: name of an optimizer to the parameters that it updates, where there are several.

    Raises:
        TrainingError: with the step, the term that is not finite and what to change.
    """
    done = position.history[: position.step]
    where = f"epoch {position.epoch + 1}"
    if not _are_finite([done]):
        row, *_ = (~torch.isfinite(done)).nonzero()[0].tolist()
        bad = [
            name
            for name, value in zip(names, done[row].tolist(), strict=True)
            if not math.isfinite(value)
        ]
        cause = next((name for name in bad if name not in {"loss", "bound"}), bad[0])
        value = done[row, list(names).index(cause)]
        where = f"{where}, step {row + 1}: the {cause} is {value:g}"
    elif _are_finite(parameters):
        return
    else:
        where = f"{where}: a parameter is not finite after step {position.step}"
    for name, each in (networks or {}).items():
        where += f"; {name}: {'finite' if _are_finite(each) else 'non-finite'} parameters"
    kept = " The last good checkpoint stays." if saved else ""
    raise TrainingError(
        f"{where}. Lower training.learning_rate, set training.clip_norm (1.0 is usual), take "
        f"training.precision = 32, or check the scale of the data.{kept}"
    )


@torch.no_grad()
def _are_finite(tensors: Sequence[Tensor]) -> bool:
    """A sum is finite only if all its terms are, and ten times as fast to compute."""
    if math.isfinite(float(torch.stack([tensor.sum() for tensor in tensors]).sum())):
        return True
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


class InterruptFlag:
    """Whether SIGINT or SIGTERM has come."""

    def __init__(self) -> None:
        self.is_set = False


@contextmanager
def catch_interrupts() -> Iterator[InterruptFlag]:
    """Set a flag at the first SIGINT or SIGTERM; the second one acts as without this handler.

    Outside the main thread signals cannot be caught, and the flag is never set.
    """
    flag = InterruptFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        flag.is_set = True
        signal.signal(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, handle)
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
