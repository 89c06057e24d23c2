"""Device and precision: what the processor offers, and the engine under the loop."""

import logging
from typing import Literal

import torch
from lightning_fabric import Fabric

from vaekit.errors import ConfigError
from vaekit.numerics import cpu_has

__all__ = ["choose_device", "choose_precision", "make_engine"]

Precision = Literal["32", "bf16"]


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


def choose_precision(name: str, *, device: str) -> Precision:
    """Resolve ``auto``: bf16 where there are instructions for its matrix products.

    Args:
        name: auto, 32 or bf16.
        device: cpu, cuda or mps.

    Returns:
        32 or bf16.
    """
    if name != "auto":
        return "bf16" if name == "bf16" else "32"
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
    if device == "cpu":
        return "bf16" if cpu_has("avx512_bf16", "amx_bf16") else "32"
    return "32"


def make_engine(*, device: str, precision: Precision) -> Fabric:
    """The engine that moves the model, casts its products and scales to several processes.

    Args:
        device: cpu, cuda or mps.
        precision: of the matrix products.

    Returns:
        One process on one device.
    """
    # The engine announces its precision on the terminal, which belongs to the caller.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    return Fabric(
        accelerator=device,
        devices=1,
        precision="bf16-mixed" if precision == "bf16" else "32-true",
    )
