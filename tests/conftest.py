"""What every test gets: one thread, a seed, and figures that need no screen."""

import os

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded():
    import torch

    torch.manual_seed(0)
