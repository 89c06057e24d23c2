"""Device and precision: what the processor offers, and the engine under the loop."""

import logging
import os
from datetime import timedelta
from inspect import signature
from typing import Any, Literal, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.nn.parallel import DistributedDataParallel

from vaekit.errors import ConfigError
from vaekit.numerics import cpu_has

__all__ = ["choose_device", "choose_precision", "join_engine", "make_engine"]

Precision = Literal["32", "tf32", "bf16"]

_PATIENCE = timedelta(minutes=30)  # for a process of which nothing is heard


def choose_device(name: str) -> str:
    """Resolve ``auto``, and refuse a device that is not there.

    Args:
        name: auto, cpu, cuda or mps.

    Returns:
        cpu, cuda or mps.

    Raises:
        ConfigError: this machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, found in there.items() if found), "cpu")
    if not there.get(name, True):
        raise ConfigError(
            f"device {name}: PyTorch {torch.__version__} finds none here; take --device cpu"
        )
    return name


def choose_precision(name: str, *, device: str, large_products: bool = True) -> Precision:
    """Resolve ``auto``: bf16 where there are instructions for its matrix products.

    Args:
        name: auto, 32, tf32 or bf16.
        device: cpu, cuda or mps.
        large_products: whether they last longer than a CPU needs to cast their factors.

    Returns:
        32, tf32 or bf16.

    Raises:
        ConfigError: tf32 on another device than an NVIDIA GPU.
    """
    if name == "tf32" and device != "cuda":
        raise ConfigError(
            f"precision tf32: a format of NVIDIA's GPUs, and the device is {device}; take "
            "training.precision = 32, or auto"
        )
    if name != "auto":
        return cast(Precision, name)
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
    if device == "cpu":
        return "bf16" if large_products and cpu_has("avx512_bf16", "amx_bf16") else "32"
    return "32"


def make_engine(*, device: str) -> Fabric:
    """The engine that moves the model; it casts nothing.

    Args:
        device: cpu, cuda or mps.

    Returns:
        One process on one device.
    """
    _quieten()
    return Fabric(accelerator=device, devices=1)


def join_engine(*, device: str) -> Fabric:
    """The engine of one of the processes that torchrun started, or of one process alone.

    Args:
        device: cpu, cuda or mps.

    Returns:
        An engine that has found the others; each process has one device.

    Raises:
        ConfigError: a machine with fewer devices than processes.
    """
    here, everywhere = (int(os.environ.get(f"{name}WORLD_SIZE", 1)) for name in ("LOCAL_", ""))
    if everywhere == 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        return make_engine(device=device)
    there = {"cpu": here, "cuda": torch.cuda.device_count()}.get(device, 1)
    if there < here:
        raise ConfigError(
            f"{here} processes on this machine need as many {device} devices, and there are "
            f"{there}: take --nproc-per-node {there}, or --device cpu"
        )
    _quieten()
    # Buffers are the same in all processes: schedules and the statistics of the rows.
    newer = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
    still: dict[str, Any] = {"forward_sync_buffers" if newer else "broadcast_buffers": False}
    strategy = DDPStrategy(timeout=_PATIENCE, **still)
    engine = Fabric(
        accelerator=device,
        devices=here,
        num_nodes=everywhere // here,
        strategy=strategy,
    )
    engine.launch()
    return engine


def _quieten() -> None:
    """The engine announces itself on the terminal, which belongs to the caller."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
