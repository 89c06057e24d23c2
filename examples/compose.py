"""Compose a model from parts, and train it on a NumPy array."""

import numpy as np

from vaekit import (
    MLP,
    VAE,
    Amortized,
    Batches,
    Bound,
    FullGaussian,
    Gaussian,
    MixtureOfGaussians,
    Step,
    fit,
)
from vaekit.config import TrainingConfig

rng = np.random.default_rng(0)
rows = (rng.normal(size=(500, 2)) @ rng.normal(size=(2, 8))).astype(np.float32)
q, p = FullGaussian(2), Gaussian(8, variance="per-feature")
model = VAE(
    prior=MixtureOfGaussians(2, components=4),
    posterior=Amortized(MLP(8, [32], q.inputs, activation="gelu"), q),
    likelihood=Amortized(MLP(2, [32], p.inputs, activation="gelu"), p),
)
batches = Batches(rows, np.arange(500), batch_size=50, seed=0)
records = fit(Step(model, Bound(), samples=4), train=batches, config=TrainingConfig(epochs=5))
print([f"{record['train']['bound']:.1f} nats" for record in records])
