"""Impute missing values of a table with intervals, and compare with simple imputers."""

import numpy as np
from sklearn.datasets import load_iris

from vaekit.estimators import VAEImputer

truth = load_iris(as_frame=True).frame.drop(columns="target")
missing = np.random.default_rng(0).random(truth.shape) < 0.3
table = truth.mask(missing)

# a tenth of the observed cells is held out to compare with simple imputers
imputer = VAEImputer(epochs=200, hidden=(32,), check=0.1, random_state=0)
imputer.fit(table)
completed = imputer.complete(table, coverage=0.9)
covered = ((completed.low <= truth) & (truth <= completed.high)).to_numpy()[missing].mean()

print(imputer.report_)
row = missing.any(1).argmax()
print(completed.filled.iloc[[row]].round(1).to_string(index=False))
print(f"{covered:.0%} of the true values lie in the 90 % intervals")
