"""Learning from few labels on the codes of a run: what is written, measured, drawn, refused."""

import json

import numpy as np
import pytest

from vaekit import inference
from vaekit.builders import load_rows
from vaekit.errors import RunError
from vaekit.recipes import quick, recipe
from vaekit.runs import label_models, load_label_model, load_run

FLAGS = ("--labels.counts", "50", "--labels.counts", "200", "--labels.hidden", "32")


@pytest.fixture(scope="module")
def learned(vaekit, tmp_path_factory):
    """Digits in four dimensions for a few epochs, and 50 and 200 labels of them."""
    folder = tmp_path_factory.mktemp("labels") / "run"
    few = ("--training.epochs", "10", "--evaluation.samples", "5", "--labels.epochs", "10")
    short = ("--labels.batch-size", "32", "--model.latent-dim", "4")
    fast = ("--training.batch-size", "32", "--training.learning-rate", "3e-3")
    done = vaekit(
        "train", "--data", "digits", *FLAGS, *few, *short, *fast, "--out", folder, "--json"
    )
    assert done.code == 0, done.err
    return folder


@pytest.mark.slow
def test_a_model_is_written_for_each_number_of_labels_and_loads_again(learned):
    run = load_run(learned)
    assert label_models(run) == [50, 200]
    model = load_label_model(run, count=50)
    assert len(model.every_label) == 10
    assert not model.training
    with pytest.raises(RunError, match="100 labels"):
        load_label_model(run, count=100)


def test_errors_are_measured_and_more_labels_help(learned, vaekit):
    values = json.loads((learned / "evaluation.json").read_text(encoding="utf-8"))
    few, more = values["error_50_labels"], values["error_200_labels"]
    assert 0 < more < few < 70  # of guesses 90 would be wrong
    again = vaekit("evaluate", learned, "--samples", "5")
    assert again.code == 0, again.err
    assert json.loads((learned / "evaluation.json").read_text(encoding="utf-8")) == values


def test_what_is_measured_is_what_the_model_says(learned):
    run = load_run(learned)
    dataset = load_rows(run.config.data)
    index = dataset.split.test
    codes = inference.encode(
        run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index
    )
    told = inference.classify(load_label_model(run, count=200), codes=codes)
    np.testing.assert_allclose(told.sum(1), 1, rtol=1e-5)
    values = json.loads((learned / "evaluation.json").read_text(encoding="utf-8"))
    wrong = 100 * np.mean(told.argmax(1) != dataset.labels[index])
    assert values["error_200_labels"] == pytest.approx(wrong)


def test_the_report_shows_styles_under_every_label(learned):
    assert (learned / "figures" / "analogies.png").is_file()
    page = (learned / "report.html").read_text(encoding="utf-8")
    assert "One style, every label" in page
    assert "knows 200 labels" in page


def test_a_damaged_model_is_told(learned, tmp_path):
    run = load_run(learned)
    path = learned / "labels-50.safetensors"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:100])
        with pytest.raises(RunError, match="damaged"):
            load_label_model(run, count=50)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("flags", "count", "said"),
    [
        (("digits",), "5", "expected from 10 to"),
        (("digits",), "5000", "expected from 10 to"),
        (("--data", "points.npy"), "10", "the data has none"),
    ],
)
def test_labels_that_are_not_there_are_refused_before_training(
    vaekit, tmp_path, monkeypatch, flags, count, said
):
    monkeypatch.chdir(tmp_path)
    np.save("points.npy", np.random.default_rng(0).normal(size=(50, 3)))
    refused = vaekit("train", *flags, "--labels.counts", count, "--out", tmp_path / "run")
    assert refused.code == 2
    assert said in refused.err
    assert not (tmp_path / "run").exists()


def test_the_recipe_stands_beside_what_was_published():
    counts = recipe("mnist-semi-supervised").labels.counts
    assert counts == (100, 600, 1000, 3000)
    assert recipe("digits").labels.counts == ()


def test_a_quick_run_takes_no_more_labels_than_it_has_rows_for():
    assert quick(recipe("mnist-semi-supervised")).labels.counts == (100,)
