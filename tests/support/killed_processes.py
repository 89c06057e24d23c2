"""Commands that run in forked processes, which tests kill, and what is compared afterwards."""

import contextlib
import io
import json
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from vaekit.cli import main
from vaekit.io import is_temporary


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def call(*argv):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(part) for part in argv])
    return Result(code, out.getvalue(), err.getvalue())


def fork(work):
    """Run a function in a forked process; return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = work() or 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def ended(pid):
    """Wait for a process; return its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_before_rename(number, *argv):
    """Run a command in a process that is killed before a rename; return whether it came to it."""

    def work():
        replace, count = os.replace, 0

        def counted(*args, **kwargs):
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(*args, **kwargs)

        os.replace = counted
        return call(*argv).code

    code = ended(fork(work))
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def killed_after(seconds, *argv):
    """Run a command in a process that is killed after some time; return whether it still ran."""
    pid = fork(lambda: call(*argv).code)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    return ended(pid) != 0


def temporary_files(folder):
    return [
        path
        for path in Path(folder).rglob("*")
        if is_temporary(path.name) or path.name in (".lock", "metrics.damaged.jsonl")
    ]


def ending(run):
    """What a run ends with that does not depend on the time it took."""
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert not temporary_files(run)
    return {
        "files": sorted(str(path.relative_to(run)) for path in run.rglob("*")),
        "model": (run / "model.safetensors").read_bytes(),
        "evaluation": json.loads((run / "evaluation.json").read_text()),
        "config": (run / "config.json").read_bytes(),
        "metrics": [(each["epoch"], each["train"], each["validation"]) for each in records],
    }
