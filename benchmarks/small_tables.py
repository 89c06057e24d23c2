"""A training step on a small table, beside a bare PyTorch loop and the products alone.

    python -m benchmarks.small_tables [--rounds 5] [--steps 60] [--compile]

The table is scikit-learn's breast cancer, 569 x 30, standardised, half of the cells hidden. Three
settings: MIWAE as VAEImputer trains it (K = 20 importance samples), the VAE of VAEOutlierDetector
(K = 1, the same networks), and a narrow one of 16 units (K = 1, batches of 32). Contenders:

    vaekit          the loop with its step, optimizer and record of losses; the step is compiled,
                    as the estimators do in a training of 5000 steps or more
    recorded        recorded and replayed only, as from 1000 steps on
    eager           without: modules, distributions and autograd in every step
    vaekit x 5      five models trained as one, time for the step of one model
    recorded x 5    the same, not compiled
    bare loop       the same model written by hand in PyTorch: a gather, a step, fused Adam
    products        the matrix products of the step alone, forward and back, by the library
                    that makes them in training
    products x 5    the same for five models at once, time for one

All learn with the same network, batch, noise and optimizer. Times are seconds of the processor,
so that other work on the machine counts little; a round trains each of them for some steps, in
turn. With --compile the bare loop under torch.compile is timed too: the first step takes a while.
"""

import argparse
import itertools
import math
import time
from dataclasses import replace

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.nn import functional

from benchmarks.harness import Clock
from benchmarks.timing import take_turns
from vaekit.config import TrainingConfig
from vaekit.estimators.fitting import TableTask, choose_settings, prepare
from vaekit.models import ColumnSpec
from vaekit.numerics import compute_settings, fixed_noise, keep_freed_memory
from vaekit.training import fit, fit_stacked, make_executor
from vaekit.training.executor import WORTH_RECORDING

GOAL = 250e-6
MODELS = 5
SETTINGS = {
    "MIWAE, K = 20, 128-128, B = 64": choose_settings(rows=569),
    "VAE, K = 1, 128-128, B = 64": choose_settings(rows=569, samples=1),
    "VAE, K = 1, 16, B = 32": choose_settings(
        rows=569, samples=1, hidden=(16,), latent_dim=2, batch_size=32
    ),
}


def table():
    rows = load_breast_cancer().data
    rows = (rows - rows.mean(0)) / rows.std(0)
    return np.where(np.random.default_rng(0).random(rows.shape) < 0.5, np.nan, rows)


class Bare(nn.Module):
    """The model of VAEImputer for real columns, as one would write it down."""

    def __init__(self, settings, features):
        super().__init__()
        self.latent, self.samples = settings.latent_dim, settings.samples
        self.encoder, self.encoder_line = net(2 * features, settings.hidden, 2 * self.latent)
        self.decoder, self.decoder_line = net(self.latent, settings.hidden, 2 * features)
        self.raw_df = nn.Parameter(torch.full((features,), math.log(math.expm1(5.0))))

    def forward(self, rows):
        mask = ~rows.isnan()
        x = torch.where(mask, rows, 0.0)
        seen = torch.cat([x.clamp(-10, 10), mask.float()], -1)
        mean, raw = (self.encoder(seen) + self.encoder_line(seen)).chunk(2, -1)
        scale = (0.5 * soft(raw, -15.0, 15.0, 1.0)).exp()
        noise = torch.randn(self.samples, *mean.shape)
        z = mean + scale * noise
        loc, raw = (self.decoder(z) + self.decoder_line(z)).chunk(2, -1)
        spread = soft(raw, -5.0, 2.0, 4.0)
        df = 3.0 + functional.softplus(self.raw_df)
        constant = torch.lgamma((df + 1) / 2) - torch.lgamma(df / 2)
        constant = constant - 0.5 * torch.log(math.pi * (df - 2))
        tail = torch.log1p(((x - loc) * (-spread).exp()).square() / (df - 2))
        each = constant - spread - 0.5 * (df + 1) * tail
        log_px = torch.where(mask, each, 0.0).sum(-1)
        log_ratio = (0.5 * (noise.square() - z.square()) + scale.log()).sum(-1)
        return -(torch.logsumexp(log_px + log_ratio, 0) - math.log(self.samples)).mean()


def net(inputs, hidden, outputs):
    """A perceptron, and the line beside it."""
    layers, width = [], inputs
    for size in hidden:
        layers += [nn.Linear(width, size), nn.GELU()]
        width = size
    perceptron = nn.Sequential(*layers, nn.Linear(width, outputs))
    return perceptron, nn.Linear(inputs, outputs, bias=False)


def soft(raw, low, high, beta):
    """Keep a number between two bounds."""
    above = functional.softplus(high - raw, beta=beta)
    return low + functional.softplus(high - low - above, beta=beta)


def bare(settings, *, steps, compiled=False):
    """Seconds for one step of the bare loop."""
    torch.manual_seed(0)
    rows = torch.from_numpy(table()).float()
    model = Bare(settings, rows.shape[1])
    step = torch.compile(model) if compiled else model
    adam = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)

    def work():
        order = torch.randperm(len(rows))
        began, size = time.process_time(), settings.batch_size
        for at in range(steps):
            if at % (len(rows) // size) == 0:
                order = torch.randperm(len(rows))
            first = at % (len(rows) // size) * size
            loss = step(rows[order[first : first + size]])
            loss.backward()
            adam.step()
            adam.zero_grad(set_to_none=True)
        return (time.process_time() - began) / steps

    return work


def eager(step, settings):
    """An executor that records nothing, however long the training."""
    return make_executor(step, replace(settings, steps=1))


def vaekit(settings, *, steps, tables, way="compiled"):
    """Seconds for the step of one model in the loop of vaekit, from its second epoch on."""
    prepared, states = [], []
    for seed, rows in enumerate(tables):
        task = TableTask(rows=rows, specs=[ColumnSpec("real")] * rows.shape[1], seed=seed)
        with fixed_noise(seed):
            prepared.append(prepare(task, settings=settings))
            states.append(torch.get_rng_state())
    steps_of, batches_of = zip(*prepared, strict=True)
    batches = batches_of[0]
    epochs = 1 + max(2, round((WORTH_RECORDING if way == "recorded" else steps) / len(batches)))
    config = TrainingConfig(
        epochs=epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        schedule="cosine",
        precision="32",
        device="cpu",
        compile="always" if way == "compiled" else "never",
    )

    def work():
        clock = Clock(now=time.process_time)
        executor = eager if way == "eager" else make_executor
        if len(tables) > 1:
            fit_stacked(
                steps_of, train=batches_of, random_states=states, config=config, callbacks=[clock]
            )
        else:
            fit(steps_of[0], train=batches, config=config, callbacks=[clock], executor=executor)
        done = (epochs - 1) * len(batches) * len(tables)
        return (clock.ends[-1] - clock.ends[0]) / done

    return work


def products(settings, *, steps, models=1):
    """Seconds for the matrix products of a step of one model."""
    features, dim, size = 30, settings.latent_dim, settings.batch_size
    made = []
    for inputs, outputs, count, first in (
        (2 * features, 2 * dim, size, True),
        (dim, 2 * features, size * settings.samples, False),
    ):
        widths = [inputs, *settings.hidden, outputs]
        pairs = [*itertools.pairwise(widths), (inputs, outputs)]
        for a, b in pairs:
            x, w, g = (torch.randn(models, *shape) for shape in ((count, a), (b, a), (count, b)))
            made.append((*((x, w, g) if models > 1 else (x[0], w[0], g[0])), first and a == inputs))

    def work():
        with compute_settings(device="cpu", large_products=settings.samples > 1):
            began = time.process_time()
            for _ in range(steps):
                for x, w, g, rows in made:
                    x @ w.mT
                    g.mT @ x
                    if not rows:  # the rows themselves need no gradient
                        g @ w
            return (time.process_time() - began) / (steps * models)

    return work


def measure(name, settings, *, rounds, steps, compiled):
    one = [table()]
    contenders = {
        "vaekit": vaekit(settings, steps=steps, tables=one),
        "recorded": vaekit(settings, steps=steps, tables=one, way="recorded"),
        "eager": vaekit(settings, steps=steps, tables=one, way="eager"),
        f"vaekit x {MODELS}": vaekit(settings, steps=steps, tables=one * MODELS),
        f"recorded x {MODELS}": vaekit(settings, steps=steps, tables=one * MODELS, way="recorded"),
        "bare loop": bare(settings, steps=steps),
        "products": products(settings, steps=steps),
        f"products x {MODELS}": products(settings, steps=steps, models=MODELS),
    }
    if compiled:
        contenders["bare loop, compiled"] = bare(settings, steps=steps, compiled=True)
    found = take_turns(contenders, rounds=rounds)
    print(f"\n{name}\n\n{found.table(base='bare loop', unit='us', scale=1e6)}\n", flush=True)
    for contender in ("vaekit", f"vaekit x {MODELS}"):
        took, floor = found.median(contender), found.median(contender.replace("vaekit", "products"))
        said = "met" if took < GOAL else "missed"
        print(
            f"goal: a step under 250 us; {contender}: {1e6 * took:.0f} us, "
            f"of which products {1e6 * floor:.0f} us: {said}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description="Training steps on a small table.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="in a round")
    parser.add_argument("--compile", action="store_true", help="time torch.compile too")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    for name, settings in SETTINGS.items():
        measure(name, settings, rounds=asked.rounds, steps=asked.steps, compiled=asked.compile)


if __name__ == "__main__":
    main()
