"""How long a process takes to say something: whole processes, in turn with bare references.

    python -m benchmarks.startup [--rounds 15] [--without-torch]

Python alone and the import of PyTorch stand beside them: they say how fast the machine is, and
what a command line pays that imports what it does not need.
"""

import argparse
import os
import subprocess
import sys
import time
from functools import partial
from statistics import median

from benchmarks.goals import at_most
from benchmarks.timing import take_turns

CONTENDERS = {
    "python -c pass": ["-c", "pass"],
    "import vaekit": ["-c", "import vaekit"],
    "vaekit --help": ["-m", "vaekit", "--help"],
    "vaekit train --help": ["-m", "vaekit", "train", "--help"],
    "vaekit recipes": ["-m", "vaekit", "recipes"],
    "import cyclopts, rich.table": ["-c", "import cyclopts; from rich import table"],
    "import torch": ["-c", "import torch"],
}


def run(name, *, processor):
    """Seconds of one process on the clock; those of the processor are put aside."""
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *CONTENDERS[name]], check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - began, os.times()
    user = after.children_user - before.children_user
    processor[name].append(user + after.children_system - before.children_system)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without-torch", action="store_true")
    chosen = parser.parse_args()
    names = [n for n in CONTENDERS if n != "import torch" or not chosen.without_torch]
    processor: dict[str, list[float]] = {name: [] for name in names}
    found = take_turns(
        {name: partial(run, name, processor=processor) for name in names},
        rounds=chosen.rounds,
        tell=lambda text: print(text, file=sys.stderr),
    )
    print("| process | median, s | least | most | processor, s | in python -c pass |")
    print("|---|---|---|---|---|---|")
    for name in names:
        seconds, spent = found.seconds[name], median(processor[name])
        ratio = found.ratio("python -c pass", to=name)
        shown = f"{median(seconds):.3f} | {min(seconds):.3f} | {max(seconds):.3f} | {spent:.2f}"
        print(f"| {name} | {shown} | {ratio:.1f} |")
    print(at_most("vaekit --help", found.median("vaekit --help"), most=0.35, unit="s"))
    print(at_most("import vaekit", found.median("import vaekit"), most=0.1, unit="s"))


if __name__ == "__main__":
    main()
