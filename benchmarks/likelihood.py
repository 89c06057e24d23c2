"""Milliseconds for the log-likelihood of a row with 5000 importance samples, in float32.

    python -m benchmarks.likelihood [--threads 2] [--rounds 7] [--rows 100] [--samples 5000]

Contenders have the same weights and rows, 784-200-200-50 with tanh as in the IWAE paper:
``evaluate`` as ``vaekit evaluate`` calls it for ten thousand such rows, compiled, and as for few,
not (the seconds of compiling, eight to twenty, once, are not counted); the vectorised loop that a
careful engineer writes in PyTorch; and Pythae's ``get_nll`` in a process of its own, if
PYTHAE_PYTHON names a Python that has Pythae. The floor is the matrix products of the decoder
alone, in blocks of the size that vaekit takes. The slow ones do fewer rows; times are per row.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from benchmarks.timing import Timings, take_turns
from vaekit import MLP, VAE, Amortized, Batches, Bernoulli, DiagonalGaussian, StandardNormal
from vaekit.evaluation import evaluate
from vaekit.numerics import compute_settings

LATENT, FEATURES, HIDDEN = 50, 784, [200, 200]
BATCH = 100  # rows, as in vaekit evaluate
BLOCK = 1000  # codes that vaekit decodes at once when rows are of this size
PEER = Path(__file__).parent / "peers" / "pythae_likelihood.py"

Work = Callable[[torch.Tensor], tuple[float, float]]  # rows to seconds and mean log-likelihood


class Contender(NamedTuple):
    """What does the work, and for how many rows a round."""

    work: Work
    rows: torch.Tensor

    def per_row(self) -> float:
        """Seconds for one row."""
        return self.work(self.rows)[0] / len(self.rows)


def build():
    """The network, as it starts; what it has learned does not change the time."""
    torch.manual_seed(0)
    encoder = MLP(FEATURES, HIDDEN, 2 * LATENT, activation="tanh")
    decoder = MLP(LATENT, HIDDEN, FEATURES, activation="tanh")
    return VAE(
        prior=StandardNormal(LATENT),
        posterior=Amortized(encoder, DiagonalGaussian(LATENT)),
        likelihood=Amortized(decoder, Bernoulli(FEATURES)),
    ).eval()


def layers_of(part: nn.Module) -> nn.Module:
    """Return the layers of a conditional's network."""
    network = part.get_submodule("network")
    return network.get_submodule("layers")


def with_vaekit(model: VAE, samples: int, rows: torch.Tensor) -> tuple[float, float]:
    """What the command calls."""
    array = rows.numpy()
    start = time.perf_counter()
    batches = Batches(array, torch.arange(len(array)).numpy(), batch_size=BATCH)
    found = evaluate(model, batches, samples=samples)
    assert found.log_likelihood is not None
    return time.perf_counter() - start, found.log_likelihood


def compiled(model: VAE, samples: int, rows: torch.Tensor) -> tuple[float, float]:
    """The same for many rows: those of a second batch, as the first one waits for the compiler."""
    ends: list[float] = []
    array = torch.cat([rows, rows]).numpy()
    batches = Batches(array, torch.arange(len(array)).numpy(), batch_size=len(rows))

    def tell(done: int) -> None:
        ends.append(time.perf_counter())

    found = evaluate(model, batches, samples=samples, compiled=True, progress=tell)
    assert found.log_likelihood is not None
    return ends[1] - ends[0], found.log_likelihood


@torch.no_grad()
def plainly(model: VAE, samples: int, rows: torch.Tensor) -> tuple[float, float]:
    """All samples of a row at once."""
    encoder, decoder = layers_of(model.posterior), layers_of(model.likelihood)
    start = time.perf_counter()
    total = 0.0
    for x in rows:
        mean, log_variance = encoder(x).chunk(2)
        noise = torch.randn(samples, LATENT)
        z = mean + (0.5 * log_variance).exp() * noise
        error = functional.binary_cross_entropy_with_logits(
            decoder(z), x.expand(samples, -1), reduction="none"
        ).sum(1)
        log_w = 0.5 * (noise.square() - z.square() + log_variance).sum(1) - error
        total += (torch.logsumexp(log_w, 0) - torch.tensor(samples).log()).item()
    return time.perf_counter() - start, total / len(rows)


@torch.no_grad()
def products(model: VAE, samples: int, rows: torch.Tensor) -> tuple[float, float]:
    """The decoder's products and nothing else."""
    weights = [p.t() for p in model.likelihood.parameters() if p.ndim == 2]
    whole, rest = divmod(len(rows) * samples, BLOCK)
    blocks = [torch.randn(size, LATENT) for size in whole * [BLOCK] + [rest]]
    with compute_settings(device="cpu"):
        start = time.perf_counter()
        for out in blocks:
            for weight in weights:
                out = out @ weight
        return time.perf_counter() - start, float("nan")


@contextmanager
def pythae(model: VAE, *, samples: int, rows: torch.Tensor) -> Iterator[Work]:
    """A process that waits to be asked."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "encoder": layers_of(model.posterior).state_dict(),
            "decoder": layers_of(model.likelihood).state_dict(),
            "rows": rows,
        }
        torch.save(given, Path(folder) / "given.pt")
        command = [os.environ["PYTHAE_PYTHON"], str(PEER), str(Path(folder) / "given.pt")]
        command += ["--samples", str(samples), "--threads", str(torch.get_num_threads())]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:

            def work(rows: torch.Tensor) -> tuple[float, float]:
                assert child.stdin is not None
                assert child.stdout is not None
                child.stdin.write(f"{len(rows)}\n")
                child.stdin.flush()
                seconds, mean = map(float, child.stdout.readline().split())
                return seconds, mean

            yield work
            child.communicate()


def goals(timings: Timings, *, peer: bool) -> Iterator[str]:
    """A line for each: goal, measured, met or missed."""
    if peer:
        faster = timings.ratio("vaekit", to="Pythae")
        verdict = "met" if faster >= 10 else "missed"
        yield f"goal: at least 10 times as fast as Pythae; measured {faster:.1f}: {verdict}"
    else:
        yield "goal: at least 10 times as fast as Pythae; not measured: set PYTHAE_PYTHON"
    slower = timings.ratio("products alone", to="vaekit")
    verdict = "met" if slower <= 2 else "missed"
    yield f"goal: within 2 times of its products alone; measured {slower:.2f}: {verdict}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="log-likelihood: time for each row")
    parser.add_argument("--rows", type=int, default=100, help="of vaekit and of the products")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = build()
    rows = (torch.rand(args.rows, FEATURES) < 0.2).float()
    few, fewer = rows[: -(-args.rows // 4)], rows[: -(-args.rows // 12)]
    with ExitStack() as stack:
        contenders = {
            "vaekit": Contender(partial(compiled, model, args.samples), rows),
            "vaekit, not compiled": Contender(partial(with_vaekit, model, args.samples), rows),
            "plain PyTorch": Contender(partial(plainly, model, args.samples), few),
            "products alone": Contender(partial(products, model, args.samples), rows),
        }
        if "PYTHAE_PYTHON" in os.environ:
            work = stack.enter_context(pythae(model, samples=args.samples, rows=rows))
            contenders["Pythae"] = Contender(work, fewer)
        means = {name: each.work(fewer)[1] for name, each in contenders.items()}
        timings = take_turns(
            {name: each.per_row for name, each in contenders.items()},
            rounds=args.rounds,
            tell=print,
        )
    print(f"\n{args.samples} samples, threads: {args.threads}, PyTorch {torch.__version__}\n")
    print(timings.table(base="vaekit", unit="ms a row", scale=1e3), "\n")
    for name, mean in means.items():
        if mean == mean:
            print(f"mean log-likelihood of {len(fewer)} rows by {name}: {mean:.3f} nats")
    print(*goals(timings, peer="Pythae" in contenders), sep="\n")


if __name__ == "__main__":
    main()
