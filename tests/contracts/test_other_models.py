"""Models of another make, registered from outside, go from config to report, compare and explorer.

Nothing outside models/, training/ and the registry knows them.
"""

import json
from math import prod

import numpy as np
import pytest
from other_models import Ladder, VectorQuantised
from small_runs import SMALL, train_small, vaekit

from vaekit import Penalty, load_run
from vaekit.errors import ConfigError
from vaekit.inference import Codes, arithmetic, interpolate, morph, plane, traverse
from vaekit.registry import MODELS, OBJECTIVES, ModelKind, ObjectiveTerm, register
from vaekit.web import make_app, open_run


def _build(kind):
    return lambda config, *, shape, support, rows: kind(features=prod(shape))


def _term(name):
    return ObjectiveTerm(
        name=name,
        help=f"the {name} loss of a codebook",
        build=lambda weight: Penalty(name, weight=weight),
        words=f"{name} loss",
        latex=rf"\text{{{name}}}(x)",
        effect="keeps codes and codebook together",
        batch=False,
        reads=(),
    )


KINDS = {"ladder": Ladder, "vector-quantised": VectorQuantised}
SECTIONS = {
    "ladder": {"model": {"kind": "ladder"}, "data": {"binarize": "threshold"}},
    "vector-quantised": {
        "model": {"kind": "vector-quantised"},
        "data": {"binarize": "threshold"},
        "objective": {"beta": 0.0, "penalties": {"codebook": 1.0, "commitment": 0.25}},
    },
}


@pytest.fixture(scope="module", autouse=True)
def registered():
    step = "vaekit.training.step:Step"
    for name, kind in KINDS.items():
        if name not in MODELS:
            register(
                ModelKind(
                    name=name, help=name, build=_build(kind), step=step, settings={},
                    words=f"a {name} model", formula=None,
                )
            )  # fmt: skip
    for name in ("codebook", "commitment"):
        if name not in OBJECTIVES:
            register(_term(name))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, registered):
    folder = tmp_path_factory.mktemp("other")
    return {
        name: (folder / name, train_small(folder / name, name, SECTIONS[name])) for name in KINDS
    }


@pytest.mark.parametrize("name", KINDS)
def test_it_trains_evaluates_reports_and_loads(runs, name):
    path, result = runs[name]
    assert result["evaluation"]["elbo"] < 0
    page = (path / "report.html").read_text(encoding="utf-8")
    assert f"a {name} model" in page
    assert "a diagonal Gaussian" not in page  # the parts of a VAE, which this is not
    run = load_run(path)
    assert type(run.model) is KINDS[name]
    vaekit("evaluate", path, "--samples", SMALL["evaluation"]["samples"])
    again = json.loads((path / "evaluation.json").read_text(encoding="utf-8"))
    assert again == {"format": 1, **result["evaluation"]}


def test_the_rate_of_each_level_is_in_the_metrics(runs):
    path, _ = runs["ladder"]
    (record,) = map(json.loads, (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    levels = record["train"]["rate/z2"] + record["train"]["rate/z1"]
    assert levels == pytest.approx(record["train"]["rate"], rel=1e-5)


def test_they_are_compared(runs):
    paths = [path for path, _ in runs.values()]
    assert {"ladder", "vector-quantised"} <= set(vaekit("compare", *paths).split())


@pytest.mark.parametrize("name", KINDS)
def test_they_resume_with_the_same_weights(runs, name, tmp_path):
    path, _ = runs[name]
    vaekit("train", "--resume", path, "--training.epochs", 2, "--quiet", "--json")
    train_small(tmp_path / "whole", name, SECTIONS[name] | {"training": {"epochs": 2}})
    one, other = (load_run(each).model.state_dict() for each in (path, tmp_path / "whole"))
    assert all(one[key].equal(other[key]) for key in one)


@pytest.mark.parametrize("name", KINDS)
def test_the_explorer_answers(runs, name):
    path, _ = runs[name]
    (explorer,) = make_app([open_run(path)]).state.explorers
    assert explorer.overview(index=0).latent_dim == load_run(path).model.latent.dims


def test_discrete_codes_are_not_walked_through(runs):
    path, _ = runs["vector-quantised"]
    figures = {each.name for each in (path / "figures").iterdir()}
    assert "reconstructions.png" in figures
    assert "latent.png" not in figures
    model = load_run(path).model
    codes = Codes(mean=np.zeros((4, 3)), variance=np.zeros((4, 3)))
    for walk in (
        lambda: interpolate(model, start=np.zeros(3), end=np.ones(3)),
        lambda: traverse(model, codes=codes),
        lambda: plane(model, points=np.zeros((2, 2))),
        lambda: morph(model, codes=codes.mean, labels=np.arange(4) % 2),
        lambda: arithmetic(model, codes=codes.mean, labels=np.arange(4) % 2, scales=[1.0], add=1),
    ):
        with pytest.raises(ConfigError, match=r"discrete \(codes\)"):
            walk()
