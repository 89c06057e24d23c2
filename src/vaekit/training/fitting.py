"""What a training needs before its loop: device, precision, optimizer, threads."""

from collections.abc import Sequence
from pathlib import Path

import torch
from lightning_fabric import Fabric

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches, StackedBatches
from vaekit.errors import ConfigError
from vaekit.numerics import compute_settings
from vaekit.training.callbacks import Callback, Plan, Record
from vaekit.training.checkpoint import Position, load_checkpoint
from vaekit.training.engine import choose_device, choose_precision, make_engine
from vaekit.training.interrupt import stop_wish
from vaekit.training.loop import Loop
from vaekit.training.optimizer import build_optimizer
from vaekit.training.passes import choose_way
from vaekit.training.processes import Processes
from vaekit.training.products import InBf16, bf16_layers, has_large_products
from vaekit.training.threads import settle_threads
from vaekit.training.unit import SUMS, Unit

__all__ = ["fit"]


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
        trial, alone = InBf16(step) if precision == "bf16" else step, processes.alone
        settle_threads(trial, train=train, position=position, config=config, alone=alone)
        recordable = uniform and alone and device in {"cpu", "cuda"}
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
            way=choose_way(config, train=train, possible=recordable),
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
