"""Seconds and memory of a training step with many importance samples.

    python -m benchmarks.iwae [--samples 50] [--batch 100] [--steps 30] [--rounds 5] [--threads 1]

MNIST as grey values, 784-200-200-50-200-200-784 with tanh, the importance-weighted bound, Adam.
The contenders take turns, an epoch of so many batches each. vaekit trains as `vaekit train` does,
with progress, metrics and a checkpoint after the epoch.

Memory is what the tensors of one step, forward and backward, hold at their peak by the record of
PyTorch's allocator, gradients of the parameters included; the unit is one float32 buffer of samples
x batch x 784. What the matrix products take for themselves on the way is not in that record.
"""

import argparse
from functools import partial
from itertools import accumulate

import numpy as np
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from benchmarks.goals import at_least, at_most
from benchmarks.harness import vaekit_train
from benchmarks.peers.bare import PlainVAE, bare_loop, iwae_loss
from benchmarks.peers.products import products
from benchmarks.timing import take_turns
from vaekit.builders import build_model, build_objective, load_data
from vaekit.config import (
    Config,
    DataConfig,
    LikelihoodConfig,
    ModelConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainingConfig,
)
from vaekit.data.sources import mnist
from vaekit.training import Step
from vaekit.training.distributed import Processes, make_engine
from vaekit.training.executor import ExecutorSettings, make_executor
from vaekit.training.precision import bf16_layers

HIDDEN, LATENT = (200, 200), 50
OURS, OURS_32 = "vaekit train", "vaekit train, precision 32"
BARE, BARE_16 = "bare loop, float32", "bare loop, bf16 by autocast"
COMPILED = "bare loop, bf16 by autocast, torch.compile"
FLOOR = "products alone, bf16"


def config(precision, *, rows, batch, samples, threads):
    network = NetworkConfig(hidden=HIDDEN, activation="tanh")
    return Config(
        name="benchmark",
        data=DataConfig(source="mnist", validation=0.0, limit=rows),
        model=ModelConfig(
            latent_dim=LATENT,
            encoder=network,
            decoder=network,
            likelihood=LikelihoodConfig(kind="bernoulli"),
        ),
        objective=ObjectiveConfig(reduce="logmeanexp", samples=samples),
        training=TrainingConfig(
            batch_size=batch, device="cpu", precision=precision, threads=threads
        ),
    )


def trainers(rows, *, batch, threads):
    """For a number of samples, what trains an epoch."""
    bare = partial(
        bare_loop,
        rows,
        batch=batch,
        loss=iwae_loss,
        hidden=HIDDEN,
        latent=LATENT,
        activation=nn.Tanh,
    )

    def ours(precision):
        given = {"rows": len(rows), "batch": batch, "threads": threads}
        return lambda samples: vaekit_train(config(precision, samples=samples, **given))

    return {
        OURS: ours("auto"),
        OURS_32: ours("32"),
        BARE: lambda samples: bare(samples=samples),
        BARE_16: lambda samples: bare(samples=samples, bf16=True),
        COMPILED: lambda samples: bare(samples=samples, bf16=True, compiled=True),
    }


def floor(*, batch, samples, steps):
    encoder = [(784, 200), (200, 200), (200, 2 * LATENT)]
    decoder = [(LATENT, 200), (200, 200), (200, 784)]
    rows = [batch] * 3 + [batch * samples] * 3
    return products(layers=encoder + decoder, rows=rows, steps=steps, kind=torch.bfloat16)


def peak_of_tensors(work):
    """The most bytes that tensors made in the meantime hold at once, by the allocator's record."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    events = seen.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    return max(accumulate(change for _, change in sorted(changes, key=lambda each: each[0])))


def one_step(name, *, batch, samples):
    """What does one batch as the contender does it, to a loss to go back from or to its end."""
    x = torch.from_numpy(np.ascontiguousarray(mnist().rows[:batch]))
    if name in (BARE, BARE_16):
        x = x.float() / 255
        model = PlainVAE(hidden=HIDDEN, latent=LATENT, activation=nn.Tanh)
        bf16 = name == BARE_16

        def loss():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                seen = model(x, samples)
            return iwae_loss(x, *seen)

        return model, loss
    settings = config("32", rows=len(x), batch=batch, samples=samples, threads=1)
    preprocessing = load_data(settings.data)[1]
    step = Step(
        build_model(settings.model, shape=(784,), support="unit"),
        build_objective(settings.objective),
        preprocessing=preprocessing,
        samples=samples,
    )
    advance = make_executor(
        step.train(),
        ExecutorSettings(
            config=settings.training.model_copy(update={"compile": "always"}),
            device="cpu",
            precision="bf16" if name == OURS else "32",
            processes=Processes(make_engine(device="cpu")),
            steps=2,
        ),
    )
    return step, lambda: advance(x)


def memory(name, *, batch, samples):
    """The peak of a second step in float32 buffers of samples x batch x 784, less parameters."""
    module, run = one_step(name, batch=batch, samples=samples)

    def work():
        found = run()
        if found.requires_grad:
            found.backward()

    with bf16_layers(module, needed=name == OURS):
        work()  # what is made once and kept is not of a step
        module.zero_grad()
        return peak_of_tensors(work) / (4 * samples * batch * 784)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    options = read_options()
    torch.set_num_threads(options.threads)
    batch, samples, steps = options.batch, options.samples, options.steps
    rows = np.ascontiguousarray(mnist().rows[: steps * batch])
    made = trainers(rows, batch=batch, threads=options.threads)
    held = {name: memory(name, batch=batch, samples=samples) for name in made if name != COMPILED}
    taking = {name: trainer(samples) for name, trainer in made.items()}
    taking[FLOOR] = floor(batch=batch, samples=samples, steps=steps)
    timings = take_turns(taking, rounds=options.rounds, tell=lambda text: print(text, flush=True))
    print(f"\n{samples} samples, batches of {batch}, {options.threads} threads, ms a step\n")
    print(timings.table(base=BARE, unit="ms", scale=1e3 / steps))
    print("\n| contender | memory, in buffers of samples x batch x 784 float32 |\n|---|---|")
    for name, buffers in held.items():
        print(f"| {name} | {buffers:.2f} |")
    print()
    ratio = timings.ratio(OURS, to=BARE)
    print(at_least("vaekit train against the bare float32 loop", ratio, least=2, unit="times"))
    print(at_most("memory over the one buffer", held[OURS], most=1.5, unit="times"))


if __name__ == "__main__":
    main()
