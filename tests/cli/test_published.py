import pytest

from vaekit.cli.published import comparisons, differences
from vaekit.config import merge, parse_config
from vaekit.recipes import recipe

CONSTANT = 784 * 0.9189385332046727  # F/2 log(2 pi)


def evaluation(**numbers):
    return {"split": "test", "samples": 500, "elbo": None, "distortion": None, **numbers}


def changed(name, over):
    return parse_config(merge(recipe(name).model_dump(), over))


def test_a_perfect_repetition_gives_the_published_numbers():
    ours = evaluation(elbo=-(15.256 + CONSTANT), distortion=10.834 + CONSTANT, rate=4.422)
    found = comparisons(recipe("fashion-mlp"), ours)
    assert len(found) == 3
    for each in found:
        assert each["ours"] == pytest.approx(each["value"], abs=1e-9)


def test_a_likelihood_is_compared_as_a_loss():
    ours = evaluation(log_likelihood=-87.5, samples=5000)
    assert [each["ours"] for each in comparisons(recipe("mnist-vae"), ours)] == [87.5]


@pytest.mark.parametrize(
    "over",
    [
        {"data": {"source": "digits"}},
        {"data": {"binarize": "none"}},
        {"model": {"likelihood": {"kind": "gaussian"}}},
        {"name": "mine"},
    ],
)
def test_other_rows_or_another_likelihood_are_not_compared(over):
    assert comparisons(changed("mnist-vae", over), evaluation(log_likelihood=-1.0)) == []


def test_training_rows_are_not_compared():
    ours = evaluation(log_likelihood=-1.0) | {"split": "train"}
    assert comparisons(recipe("mnist-vae"), ours) == []


def test_what_differs_from_the_recipe_is_said():
    ours = evaluation(log_likelihood=-90.0, samples=5000)
    config = changed("mnist-vae", {"training": {"epochs": 3, "threads": 2}, "seed": 4})
    (text,) = differences(config, ours)
    assert "training.epochs = 3 instead of 600" in text
    assert "threads" not in text
    assert "seed" not in text
    assert differences(recipe("mnist-vae"), ours) == []
    (text,) = differences(recipe("mnist-vae"), ours | {"samples": 10})
    assert "evaluation.samples = 10 instead of 5000" in text
