"""Generate synthetic rows, evaluate them, and generate rows with given cells."""

from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from vaekit.estimators import VariationalAutoencoder, evaluate_synthesis

iris = load_iris(as_frame=True).frame
iris["target"] = iris["target"].map({0: "setosa", 1: "versicolor", 2: "virginica"})
train, held_out = train_test_split(iris, test_size=0.3, random_state=0)

coder = VariationalAutoencoder(epochs=200, hidden=(32,), random_state=0).fit(train)
synthetic = coder.sample(len(train))
print(evaluate_synthesis(synthetic, train=train, held_out=held_out))

# any cells can be given; the others are sampled conditionally
asked = {"target": "virginica", "petal width (cm)": 1.8}
print(coder.sample(5, given=asked).to_string(index=False))
