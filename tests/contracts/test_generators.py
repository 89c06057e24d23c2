"""A generator without an encoder, trained against a discriminator, from config to explorer.

Its kind brings a training step with two optimizers and an executor; nothing else knows of it.
"""

import json
import re
from math import prod

import numpy as np
import pytest
from other_models import Generator
from small_runs import train_small, vaekit

from vaekit import load_run
from vaekit.cli import main
from vaekit.errors import TrainingError
from vaekit.registry import MODELS, ModelKind, register
from vaekit.web import make_app, open_run

SECTIONS = {"model": {"kind": "generator"}, "data": {"binarize": "threshold"}}
WORDS = "a generator that is trained against a discriminator"


@pytest.fixture(scope="module", autouse=True)
def registered():
    if "generator" not in MODELS:
        register(
            ModelKind(
                name="generator",
                help="x = g(z)",
                build=lambda config, *, shape, support, rows: Generator(features=prod(shape)),
                step="other_models:AdversarialStep",
                settings={},
                words=WORDS,
                formula=(
                    r"\ell_G(z) = -\log D(g(z))",
                    r"\ell_D(x, z) = -\log D(x) - \log (1 - D(g(z)))",
                ),
                symbols=(("g", "the generator"), ("D", "the discriminator")),
            )
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory, registered):
    path = tmp_path_factory.mktemp("generators") / "generator"
    return path, train_small(path, "generator", SECTIONS)


def test_it_trains_samples_and_reports_without_a_likelihood(run, tmp_path):
    path, result = run
    assert result["evaluation"]["latent_dim"] == 4
    assert "log_likelihood" not in result["evaluation"]
    (note,) = result["evaluation"]["notes"]
    assert "no encoder" in note
    page = (path / "report.html").read_text(encoding="utf-8")
    assert WORDS in page
    assert "no encoder" in page
    assert "a diagonal Gaussian" not in page
    assert "the discriminator" in page
    text = re.sub(r"<(style|script).*?</\1>|<details.*?</details>", "", page, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", text).replace("learning rate", "")
    words = set(re.findall(r"[A-Za-z]+", text))
    assert not {"distortion", "Distortion", "KL", "rate", "Rate", "posterior", "nats"} & words
    figures = {each.name for each in (path / "figures").iterdir()}
    assert figures == {"learning-curves.png", "samples.png", "interpolations.png"}
    (record,) = map(json.loads, (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    assert set(record["train"]) == {"generator", "discriminator"}
    vaekit("sample", path, "--number", 3, "--out", tmp_path / "rows.npy")
    assert np.load(tmp_path / "rows.npy").shape == (3, 8, 8)
    vaekit("report", path)


def test_it_resumes_with_the_same_weights_of_both_networks(run, tmp_path):
    path, _ = run
    vaekit("train", "--resume", path, "--training.epochs", 2, "--quiet", "--json")
    train_small(tmp_path / "whole", "generator", SECTIONS | {"training": {"epochs": 2}})
    one, other = (load_run(each).model.state_dict() for each in (path, tmp_path / "whole"))
    assert all(one[key].equal(other[key]) for key in one)
    done = vaekit("train", "--resume", path, "--training.epochs", 2, "--json")
    assert json.loads(done)["run"] == str(path)  # nothing is left to do


def test_it_is_compared_and_explored(run, tmp_path):
    path, _ = run
    train_small(tmp_path / "vae", "vae", {"data": SECTIONS["data"]})
    said = vaekit("compare", path, tmp_path / "vae", "--out", tmp_path / "comparison")
    assert "generator" in said
    (explorer,) = make_app([open_run(path)]).state.explorers
    overview = explorer.overview(index=0)
    assert overview.latent_dim == 4
    assert not overview.encoder


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (("evaluate",), "log-likelihood"),
        (("encode", "--out", "codes.npy"), "no encoder"),
        (("reconstruct", "--out", "rows.npy"), "no encoder"),
        (("graph", "--out", "graph.svg"), "from noise alone"),
    ],
)
def test_what_needs_an_encoder_is_refused_in_one_line(
    run, capsys, tmp_path, monkeypatch, command, needs
):
    monkeypatch.chdir(tmp_path)
    assert main([command[0], str(run[0]), *command[1:]]) == 2
    said = capsys.readouterr().err
    assert needs in said
    assert "Traceback" not in said


def test_a_network_that_is_not_finite_stops_training_by_name(registered):
    import torch
    from other_models import AdversarialStep

    from vaekit import Batches, fit
    from vaekit.config import TrainingConfig

    step = AdversarialStep(
        Generator(features=4), None, preprocessing=torch.nn.Identity(), samples=1
    )
    with torch.no_grad():
        next(step.discriminator.parameters()).fill_(float("nan"))
    rows = np.zeros((20, 4), np.float32)
    with pytest.raises(TrainingError, match="discriminator: non-finite parameters"):
        fit(
            step,
            train=Batches(rows, np.arange(20), batch_size=10, seed=0),
            config=TrainingConfig(epochs=1, device="cpu"),
        )
