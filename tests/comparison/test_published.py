import pytest

from vaekit.comparison.published import (
    compare_to_published,
    published_lines,
    recipe_differences,
    shared_recipe_differences,
)
from vaekit.config import merge, parse_config
from vaekit.recipes import STUDIES, recipe

CONSTANT = 784 * 0.9189385332046727  # F/2 log(2 pi)


def evaluation(**numbers):
    return {"split": "test", "samples": 500, "elbo": None, "distortion": None, **numbers}


def changed(name, over):
    return parse_config(merge(recipe(name).model_dump(), over))


def test_a_perfect_repetition_gives_the_published_numbers():
    ours = evaluation(elbo=-(15.256 + CONSTANT), distortion=10.834 + CONSTANT, rate=4.422)
    found = compare_to_published(recipe("fashion-mlp"), ours)
    assert len(found) == 3
    for each in found:
        assert each["ours"] == pytest.approx(each["value"], abs=1e-9)


def test_a_likelihood_is_compared_as_a_loss():
    ours = evaluation(log_likelihood=-87.5, samples=5000)
    assert [each["ours"] for each in compare_to_published(recipe("mnist-vae"), ours)] == [87.5]


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
    assert compare_to_published(changed("mnist-vae", over), evaluation(log_likelihood=-1.0)) == []


def test_training_rows_are_not_compared():
    ours = evaluation(log_likelihood=-1.0) | {"split": "train"}
    assert compare_to_published(recipe("mnist-vae"), ours) == []


def test_what_differs_from_the_recipe_is_said():
    ours = evaluation(log_likelihood=-90.0, samples=5000)
    config = changed("mnist-vae", {"training": {"epochs": 3, "threads": 2}, "seed": 4})
    (text,) = recipe_differences(config, ours)
    assert "training.epochs = 3 instead of 600" in text
    assert "threads" not in text
    assert "seed" not in text
    assert recipe_differences(recipe("mnist-vae"), ours) == []
    (text,) = recipe_differences(recipe("mnist-vae"), ours | {"samples": 10})
    assert "evaluation.samples = 10 instead of 5000" in text


def test_a_standard_error_and_a_direction_come_along():
    ours = evaluation(log_likelihood=-87.5, log_likelihood_se=0.2, active_units=17)
    loss, units = compare_to_published(recipe("mnist-vae"), ours)
    assert (loss["ours_se"], loss["better"]) == (0.2, "lower")
    assert (units["ours_se"], units["better"]) == (None, None)


@pytest.mark.parametrize("member", STUDIES["mnist-iwae"].members())
def test_a_member_of_a_study_stands_beside_its_own_row(member):
    study = STUDIES["mnist-iwae"]
    config = study.members()[member]
    loss, units = study.published[member]
    found = compare_to_published(
        config, evaluation(log_likelihood=-90.0, active_units=9, samples=1000)
    )
    assert [each["value"] for each in found] == [loss.value, units.value]
    assert [each["ours"] for each in found] == [90.0, 9]


def test_a_member_without_published_numbers_is_compared_to_none():
    config = STUDIES["mnist-flow"].members()["planar-4"]
    ours = evaluation(log_likelihood=-140.0, active_units=2, samples=7)
    assert compare_to_published(config, ours) == []
    assert recipe_differences(config, ours) == []


def test_what_differs_from_the_study_is_said():
    config = STUDIES["mnist-iwae"].members()["vae-5"]
    ours = evaluation(log_likelihood=-90.0, samples=1000)
    assert recipe_differences(config, ours) == []
    (text,) = recipe_differences(config, ours | {"samples": 10})
    assert text == (
        "This run differs from vae-5 of the study mnist-iwae: evaluation.samples = 10 instead of "
        "1000."
    )


def test_figures_of_the_report_are_no_difference():
    config = changed("mnist-vae", {"report": {"projector": True}})
    assert recipe_differences(config, evaluation(log_likelihood=-90.0, samples=5000)) == []


def test_runs_that_differ_alike_are_told_together():
    members = STUDIES["mnist-iwae"].members()
    whole, short = evaluation(log_likelihood=-90.0, samples=1000), evaluation(log_likelihood=-91.0)
    runs = {"a": (members["vae-1"], short), "b": (members["vae-5"], whole)}
    runs["c"] = (members["iwae-5"], short)
    assert shared_recipe_differences(runs) == [
        "a, c: differs from the recipe: evaluation.samples = 500 instead of 1000."
    ]


def test_a_person_reads_both_numbers_and_who_published():
    ours = evaluation(log_likelihood=-88.25, log_likelihood_se=0.25, active_units=12)
    found = compare_to_published(STUDIES["mnist-iwae"].members()["iwae-50"], ours)
    lines = published_lines([{"run": "iwae-50", **each} for each in found])
    text = " ".join("\n".join(lines).split())
    assert "iwae-50 negative log-likelihood 88.25 ± 0.25 84.78 nats per row" in text
    assert "iwae-50 active units 12 25 of 50" in text
    assert text.count("published by Burda") == 1
    assert published_lines([]) == []
