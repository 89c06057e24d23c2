"""Plot an interpolation, latent arithmetic and a projection on axes of one figure."""

import matplotlib.pyplot as plt

from vaekit import Batches, Bound, Config, Step, build_model, fit, load_data
from vaekit.config import ModelConfig, TrainingConfig
from vaekit.inference import arithmetic, class_means, encode, interpolate, project

data, see = load_data(Config().data)
model = build_model(ModelConfig(latent_dim=8), shape=data.shape, support=see.support)
train = Batches(data.rows, data.split.train, batch_size=100, seed=0)
fit(Step(model, Bound(), preprocessing=see), train=train, config=TrainingConfig(epochs=40))

assert data.labels is not None  # the digits have labels
test = data.split.test
labels, classes = data.labels[test], data.classes
codes = encode(model, preprocessing=see, rows=data.rows, index=test).mean
means = class_means(codes, labels=labels)
walk = interpolate(model, start=means[0], end=means[1], frames=11)
board = arithmetic(model, codes=codes, labels=labels, scales=[0, 0.5, 1, 1.5, 2], add=2)

figure, axes = plt.subplot_mosaic(
    "ww;bp", figsize=(8, 6.6), height_ratios=(1, 5), width_ratios=(1, 2), layout="constrained"
)
walk.plot(axes["w"], shape=data.shape, start="0", end="1")
board.plot(axes["b"], shape=data.shape, classes=classes)
project(codes).plot(axes["p"], labels=labels, classes=classes)
axes["b"].set_title("More and more of a 2")
figure.savefig("results.png")
print("results.png")
