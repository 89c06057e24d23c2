"""The training loop, to be read from top to bottom."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch.optim import Optimizer

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError, Interrupted
from vaekit.objectives import rate_weight, set_rate_weight
from vaekit.training.callbacks import Callback, Live, Plan, Record
from vaekit.training.checkpoint import Position, load_checkpoint, save_checkpoint
from vaekit.training.engine import (
    choose_device,
    choose_precision,
    compute_settings,
    make_engine,
)
from vaekit.training.interrupt import StopWish, stop_wish
from vaekit.training.measure import check_finite, means, measure
from vaekit.training.optimizer import build_optimizer, learning_rate, set_learning_rate
from vaekit.training.step import SUMS, Step

__all__ = ["fit"]

_REFRESH_SECONDS = 0.25


@dataclass(kw_only=True)
class _Loop:
    """What the parts of the loop share."""

    step: Step
    train: Batches
    watch: Batches | None
    config: TrainingConfig
    objective: ObjectiveConfig
    checkpoint: Path | None
    callbacks: Sequence[Callback]
    engine: Fabric
    optimizer: Optimizer
    position: Position
    wish: StopWish


def fit(
    step: Step,
    *,
    train: Batches,
    watch: Batches | None = None,
    config: TrainingConfig | None = None,
    objective: ObjectiveConfig | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
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

    Returns:
        The records of the epochs that were run.

    Raises:
        TrainingError: the loss is not finite, or a checkpoint cannot be written.
        Interrupted: Ctrl-C; the step was finished and a checkpoint written.
        ConfigError: early stopping without rows to watch.
    """
    config = config or TrainingConfig()
    if config.early_stopping and watch is None:
        raise ConfigError("early stopping needs validation rows: set data.validation above 0")
    device = choose_device(config.device)
    precision = choose_precision(config.precision, device=device)
    engine = make_engine(device=device, precision=precision)
    with compute_settings(device=device, threads=config.threads), stop_wish() as wish:
        optimizer = build_optimizer(step, config, device=device)
        position = Position(history=torch.zeros(len(train), len(SUMS)))
        step.to(device)
        if resume and checkpoint is not None:
            position = load_checkpoint(checkpoint, step=step, optimizer=optimizer)
            if position.step == 0:
                position.history = torch.zeros(len(train), len(SUMS))
        loop = _Loop(
            step=step,
            train=train,
            watch=watch,
            config=config,
            objective=objective or ObjectiveConfig(),
            checkpoint=checkpoint,
            callbacks=callbacks,
            engine=engine,
            optimizer=optimizer,
            position=position,
            wish=wish,
        )
        plan = _plan(loop, device=device, precision=precision)
        return _run(loop, plan)


def _run(loop: _Loop, plan: Plan) -> list[Record]:
    """All epochs; whatever happens, the callbacks are told that it is over."""
    records: list[Record] = []
    reason = "failed"
    for callback in loop.callbacks:
        callback.started(plan)
    try:
        compiled, optimizer = loop.engine.setup(loop.step, loop.optimizer)
        while loop.position.epoch < loop.config.epochs:
            _train_epoch(loop, compiled, optimizer)
            records.append(_close_epoch(loop))
            if _out_of_patience(loop):
                break
        if loop.position.best_weights is not None:
            loop.step.load_state_dict(loop.position.best_weights)
        reason = "" if loop.position.epoch == loop.config.epochs else "no better bound"
    except Interrupted:
        reason = "interrupted"
        raise
    finally:
        loop.step.eval()
        for callback in loop.callbacks:
            callback.ended(reason)
    return records


def _train_epoch(loop: _Loop, step: torch.nn.Module, optimizer: Optimizer) -> None:
    """The steps that are left of the epoch."""
    position, config, steps = loop.position, loop.config, len(loop.train)
    history = position.history.to(next(loop.step.parameters()).device)
    loop.step.train()
    before, began = position.seconds, time.perf_counter()
    refreshed = saved = began
    for rows in loop.train.epoch(position.epoch, start=position.step):
        _set_schedules(loop, optimizer)
        loss, sums = step(rows)
        loop.engine.backward(loss)
        if config.clip_norm is not None:
            loop.engine.clip_gradients(step, optimizer, max_norm=config.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        history[position.step] = sums
        position.step += 1
        now = time.perf_counter()
        position.seconds = before + now - began
        overdue = now - saved > 60.0 * config.checkpoint_minutes
        if loop.wish.made or overdue or now - refreshed > _REFRESH_SECONDS:
            refreshed = now
            position.history = history.cpu()
            check_finite(loop.step, position, saved=loop.checkpoint is not None)
            _tell_live(loop)
            if loop.wish.made or overdue:
                saved = now
                _save(loop)
            if loop.wish.made and position.step < steps:
                raise Interrupted(f"stopped in epoch {position.epoch + 1}")
    position.history = history.cpu()
    check_finite(loop.step, position, saved=loop.checkpoint is not None)


def _set_schedules(loop: _Loop, optimizer: Optimizer) -> None:
    """Learning rate and weight of the rate, as functions of the position."""
    epoch = loop.position.epoch + loop.position.step / len(loop.train)
    if loop.config.schedule != "constant" or loop.position.step == 0:
        set_learning_rate(optimizer, learning_rate(epoch, loop.config))
    if loop.objective.schedule != "constant":
        weight = rate_weight(epoch, schedule=loop.objective.schedule, warmup=loop.objective.warmup)
        set_rate_weight(loop.step.objective, weight)


def _close_epoch(loop: _Loop) -> Record:
    """Measure, record, and write the checkpoint."""
    position = loop.position
    record: dict[str, object] = {
        "epoch": position.epoch + 1,
        "train": means(position.history, rows=loop.train.rows),
        "seconds": position.seconds,
        "rows_per_second": loop.train.rows / max(position.seconds, 1e-9),
        "learning_rate": loop.optimizer.param_groups[0]["lr"],
    }
    position.epoch += 1
    position.step, position.seconds = 0, 0.0
    position.history = torch.zeros_like(position.history)
    if loop.watch is not None:
        watched = measure(loop.step, loop.watch)
        record[loop.config.watch] = watched
        _keep_best(loop, watched["bound"])
    for callback in loop.callbacks:
        callback.epoch_ended(record)
    last = position.epoch == loop.config.epochs or _out_of_patience(loop) or loop.wish.made
    if last or position.epoch % loop.config.checkpoint_every == 0:
        _save(loop)
    if loop.wish.made and position.epoch < loop.config.epochs:
        raise Interrupted(f"stopped after epoch {position.epoch}")
    return record


def _keep_best(loop: _Loop, bound: float) -> None:
    """Remember the best epoch, and its weights where early stopping will want them."""
    position = loop.position
    if bound > position.best:
        position.best, position.best_epoch = bound, position.epoch
        if loop.config.early_stopping:
            position.best_weights = copy.deepcopy(loop.step.state_dict())


def _out_of_patience(loop: _Loop) -> bool:
    patience = loop.config.early_stopping
    return bool(patience) and loop.position.epoch - loop.position.best_epoch >= patience


def _tell_live(loop: _Loop) -> None:
    position = loop.position
    rows = min(position.step * loop.train.batch_size, loop.train.rows)
    live = Live(
        epoch=position.epoch,
        step=position.step,
        means=means(position.history, rows=rows),
        rows_per_second=rows / max(position.seconds, 1e-9),
    )
    for callback in loop.callbacks:
        callback.live(live)


def _save(loop: _Loop) -> None:
    if loop.checkpoint is not None:
        save_checkpoint(
            loop.checkpoint, step=loop.step, optimizer=loop.optimizer, position=loop.position
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
    )
