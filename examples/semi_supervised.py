"""Classify digits with 50 labels of 1,297, and render the style of a digit as every other digit."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from vaekit.estimators import SemiSupervisedVAEClassifier, balanced_labels
from vaekit.figures import analogy_grid, save_figure

pixels, digits = load_digits(return_X_y=True)
train, test, truth, test_truth = train_test_split(
    pixels / 16, digits, test_size=500, random_state=0
)
few = balanced_labels(truth, count=50, seed=0)  # -1 for unlabelled rows
known = few >= 0

plain = SVC(C=10).fit(train[known], few[known]).score(test, test_truth)
learner = SemiSupervisedVAEClassifier(epochs=40, random_state=0).fit(train, few)

# M2 models rows given their label: the style of a row can be combined with another label
made = SemiSupervisedVAEClassifier(
    model="M2", latent_dim=4, hidden=(128,), epochs=60, learning_rate=5e-3, random_state=0
).fit(train, truth)
board = np.stack([made.relabel(test[:8], label=digit) for digit in range(10)], 1)
drawing = analogy_grid(test[:8], analogies=board, shape=(1, 8, 8), names=list("0123456789"))
save_figure(drawing, path="analogies.png")

accuracy = learner.score(test, test_truth)
print(f"accuracy with 50 labels: {plain:.0%} without the unlabelled rows, {accuracy:.0%} with them")
