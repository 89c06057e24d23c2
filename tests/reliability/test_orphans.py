"""Processes of a torchrun that was killed end."""

import os
import signal
import subprocess
import sys
import time

import pytest


@pytest.mark.slow
def test_processes_of_a_killed_torchrun_end(table, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", "29631", "-m", "vaekit", "train", "--data", str(table)]
    command += ["--training.epochs", "100000", "--training.batch-size", "10", "--out", str(run)]
    agent = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    metrics, deadline = run / "metrics.jsonl", time.monotonic() + 120
    try:
        while not metrics.exists() or not metrics.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, "it did not begin to train"
            time.sleep(0.2)
        agent.kill()
        agent.wait()
        lock = run / ".lock"
        while lock.exists():
            assert time.monotonic() < deadline, "its processes train on"
            time.sleep(0.2)
        epochs = len(metrics.read_text(encoding="utf-8").splitlines())
        time.sleep(1.0)
        assert len(metrics.read_text(encoding="utf-8").splitlines()) == epochs
    finally:
        try:
            os.killpg(agent.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
