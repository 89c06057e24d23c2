"""Train a shortened recipe, load its run folder, and evaluate the model."""

from tempfile import mkdtemp

from vaekit import Batches, evaluate, load_run, recipe, train
from vaekit.config import merge, parse_config
from vaekit.runs import RunFolder

config = parse_config(merge(recipe("digits").model_dump(), {"training": {"epochs": 5}}))
folder = RunFolder(mkdtemp(prefix="vaekit-"))
dataset = train(config, folder=folder)
run = load_run(folder.path)
rows = Batches(dataset.rows, dataset.split.test, batch_size=256)
numbers = evaluate(run.model, rows, preprocessing=run.preprocessing, samples=100)
print(f"{numbers.log_likelihood:.1f} {numbers.unit}, {numbers.active_units} active units")
