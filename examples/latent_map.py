"""Train with two latent dimensions, and plot the codes of the test rows by class."""

from vaekit import Batches, Bound, Config, Step, build_model, fit, load_data
from vaekit.config import TrainingConfig
from vaekit.figures import latent_scatter, save_figure
from vaekit.inference import encode

config = Config()
data, see = load_data(config.data)
model = build_model(config.model, shape=data.shape, support=see.support)
train = Batches(data.rows, data.split.train, batch_size=100, seed=0)
fit(Step(model, Bound(), preprocessing=see), train=train, config=TrainingConfig(epochs=5))
codes = encode(model, preprocessing=see, rows=data.rows, index=data.split.test)
assert data.labels is not None  # the digits have labels
labels = data.labels[data.split.test]
figure = latent_scatter(codes.mean, labels=labels, classes=data.classes)
print(save_figure(figure, path="latent_map.png"))
