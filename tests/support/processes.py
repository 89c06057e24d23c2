"""Several processes that torchrun starts, and what they print."""

import os
import subprocess
import sys


def torchrun(*args, processes=2, restarts=0, path=""):
    """Start processes as a user would; modules in the folder ``path`` can be imported."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(path), *sys.path])),
    }
    flags = ["--standalone", f"--nproc-per-node={processes}", f"--max-restarts={restarts}"]
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *flags, *map(str, args)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(child, code=0, limit=150):
    """What the processes printed, once they have ended as expected."""
    try:
        printed, _ = child.communicate(timeout=limit)
    finally:
        child.kill()
    assert (child.returncode == 0) == (code == 0), printed
    return printed
