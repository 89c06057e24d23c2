"""Fill the gaps of a table, say how unsure they are, and what the imputer is worth there."""

import numpy as np
from sklearn.datasets import load_iris

from vaekit.estimators import VAEImputer

truth = load_iris(as_frame=True).frame.drop(columns="target")
gaps = np.random.default_rng(0).random(truth.shape) < 0.3
table = truth.mask(gaps)

# a tenth of the known cells is held back, to compare it with simple imputers on them
imputer = VAEImputer(epochs=200, hidden=(32,), check=0.1, random_state=0)
imputer.fit(table)
made = imputer.complete(table, coverage=0.9)
inside = ((made.low <= truth) & (truth <= made.high)).to_numpy()[gaps].mean()

print(imputer.report_)
row = gaps.any(1).argmax()
print(made.filled.iloc[[row]].round(1).to_string(index=False))
print(f"{inside:.0%} of the true values lie in the 90 % intervals")
