"""One model, two objectives: the evidence lower bound and the importance-weighted bound."""

from vaekit import Batches, Config, Step, build_model, build_objective, evaluate, fit, load_data
from vaekit.config import DataConfig, ObjectiveConfig, TrainingConfig
from vaekit.numerics import seed_everything

data, see = load_data(DataConfig(source="digits", binarize="dynamic"))
train = Batches(data.rows, data.split.train, batch_size=100, seed=0)
test = Batches(data.rows, data.split.test, batch_size=200)
for objective in (ObjectiveConfig(samples=5), ObjectiveConfig(reduce="logmeanexp", samples=5)):
    seed_everything(0)
    model = build_model(Config().model, shape=data.shape, support=see.support)
    step = Step(model, build_objective(objective), preprocessing=see, samples=objective.samples)
    fit(step, train=train, config=TrainingConfig(epochs=5))
    numbers = evaluate(model, test, preprocessing=see, samples=100)
    print(f"{objective.reduce:>11}: {numbers.log_likelihood:.1f} {numbers.unit}")
