"""One epoch of Pythae, run by the Python that has it: ``... ROWS.npy BATCH THREADS``.

Its own VAE and BaseTrainer with the defaults, the network of the other contenders, no checkpoints
and no validation. Two epochs are trained, and the seconds of the second are printed.

Source: Chadebec, Vincent and Allassonniere 2022, arXiv:2206.08309.
"""

import sys
import tempfile
import time

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import nn


class Encoder(BaseEncoder):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(400, 20), nn.Linear(400, 20)

    def forward(self, x):
        hidden = self.hidden(x.reshape(-1, 784))
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()
        )

    def forward(self, z):
        return ModelOutput(reconstruction=self.layers(z).reshape(-1, 1, 28, 28))


class Clock(TrainingCallback):
    """Seconds of each epoch."""

    def __init__(self):
        self.seconds = []

    def on_epoch_begin(self, training_config, **kwargs):
        self.began = time.perf_counter()

    def on_epoch_end(self, training_config, **kwargs):
        self.seconds.append(time.perf_counter() - self.began)


def main():
    x = np.load(sys.argv[1]).astype(np.float32).reshape(-1, 1, 28, 28) / 255
    torch.set_num_threads(int(sys.argv[3]))
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce")
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        training = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=2,
            per_device_train_batch_size=int(sys.argv[2]),
            learning_rate=1e-3,
            optimizer_cls="Adam",
            keep_best_on_train=True,
            no_cuda=True,
        )
        BaseTrainer(
            model=VAE(config, encoder=Encoder(), decoder=Decoder()),
            train_dataset=BaseDataset(torch.from_numpy(x), torch.zeros(len(x))),
            training_config=training,
            callbacks=[clock],
        ).train()
    print("seconds", clock.seconds[-1])


if __name__ == "__main__":
    main()
