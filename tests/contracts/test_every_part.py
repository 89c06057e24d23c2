"""Every registered part, end to end: config, one epoch, report, graph, compare, explorer, load.

A new part is in here as soon as it has an entry in the registry.
"""

import json
import math

import numpy as np
import pytest
import torch
from small_runs import train_small, vaekit

from vaekit import registry
from vaekit.inference import decode
from vaekit.runs import load_run
from vaekit.web import make_app, open_run

pytestmark = pytest.mark.filterwarnings("ignore:a bernoulli likelihood on values between")

NAMES = {
    "posterior": registry.POSTERIORS, "flow": registry.FLOWS, "prior": registry.PRIORS,
    "likelihood": registry.LIKELIHOODS, "network": registry.NETWORKS,
}  # fmt: skip
VALUES = {"binary": {"binarize": "threshold"}, "unit": {}, "real": {"scale": "standard"}}
"""What makes rows of these values of the digits."""

OBJECTIVES = {
    "beta": {"beta": 4.0},
    "autoencoder": {"beta": 0.0},
    "sampled": {"analytic": False, "samples": 2},
    "importance-weighted": {"reduce": "logmeanexp", "samples": 3},
    "importance-weighted of one sample": {"reduce": "logmeanexp"},
    "without entropy": {"entropy": 0.0},
    "half the entropy": {"entropy": 0.5, "analytic": False},
    "free bits": {"free_bits": 0.1},
    "linear": {"schedule": "linear", "warmup": 2},
    "cyclical": {"schedule": "cyclical", "warmup": 2},
    "mean penalty": {"beta": 0.0, "mean_penalty": 1.0},
}


def cases():
    """Sections of the config that differ from those of ``SMALL``, for every part and setting."""
    for prior in registry.PRIORS.built_in():
        yield f"prior-{prior.name}", {"model.prior": {"kind": prior.name, "components": 3}}
    for posterior in registry.POSTERIORS.built_in():
        yield f"posterior-{posterior.name}", {"model.posterior": {"kind": posterior.name}}
        if posterior.point:
            continue
        for flow in registry.FLOWS.built_in():
            section = {"kind": posterior.name, "flow": flow.name, "flow_length": 1}
            yield f"posterior-{posterior.name}-{flow.name}", {"model.posterior": section}
    for likelihood in registry.LIKELIHOODS.built_in():
        for support in likelihood.nats:
            section = {"kind": likelihood.name, "levels": 17}
            named = {"model.likelihood": section, "data": VALUES[support]}
            yield f"likelihood-{likelihood.name}-{support}", named
    for variance in ("unit", "per-feature"):
        section = {"kind": "gaussian", "variance": variance}
        yield f"likelihood-gaussian-{variance}", {"model.likelihood": section}
    for network in registry.NETWORKS.built_in():
        section = {"kind": network.name, "hidden": [8, 8]}
        yield f"network-{network.name}", {"model.encoder": section, "model.decoder": section}
    for name, section in OBJECTIVES.items():
        yield f"objective-{name}", {"objective": section}
    for term in registry.OBJECTIVES.built_in():
        yield f"term-{term.name}", {"objective": {"penalties": {term.name: 0.5}}}
    norm = {"hidden": [8], "batch_norm": True}
    parts = {"model.prior": {"kind": "vamp", "components": 3}}
    yield "vamp of batch norm", parts | {"model.encoder": norm, "model.decoder": norm}


CASES = dict(cases())


def train(folder, name):
    return train_small(folder, name, CASES[name])


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A run to compare with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaekit.cli.training.draw_figures", lambda *args, **more: [])
        folder = tmp_path_factory.mktemp("contract") / "other"
        train(folder, "posterior-gaussian")
    return folder


def check(folder, name, other, tmp_path):
    """All that is done with a run."""
    result = train(folder, name)
    run, evaluation = load_run(folder), result["evaluation"]
    check_numbers(evaluation, run)
    check_page((folder / "report.html").read_text(encoding="utf-8"))
    vaekit("graph", folder, "--out", tmp_path / "graph.json")
    graph = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    assert sum(node["parameters"] for node in graph["nodes"]) == sum(
        parameter.numel() for parameter in run.model.parameters()
    )
    compared = vaekit("compare", folder, other)
    assert "On any scale".lower() in compared.lower()
    vaekit("evaluate", folder)
    again = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert again == {"format": 1, **evaluation}
    check_explorer(folder, run)


def check_numbers(evaluation, run):
    names = ["distortion", "reconstruction_error"]
    if not registry.POSTERIORS.get(run.config.model.posterior.kind).point:
        names += ["elbo", "log_likelihood", "rate"]
    assert all(math.isfinite(evaluation[name]) for name in names), evaluation


def check_page(page):
    assert "What training minimised" in page
    assert page.count("<math") > 5
    assert "\\" not in page.partition("<main>")[2]  # LaTeX that nobody rendered


def check_explorer(folder, run):
    (explorer,) = make_app([open_run(folder)]).state.explorers
    seen = explorer.overview(index=0)
    assert seen.prior
    assert seen.likelihood
    codes = np.zeros((2, run.config.model.latent_dim))
    again = load_run(folder)
    with torch.no_grad():
        one, two = (decode(each.model, codes=codes) for each in (run, again))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", CASES)
def test_a_part_goes_from_config_to_explorer(name, other, tmp_path, monkeypatch):
    """All but the figures, which take the time."""
    monkeypatch.setattr("vaekit.cli.training.draw_figures", lambda *args, **more: [])
    check(tmp_path / "run", name, other, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_part_has_figures(name, other, tmp_path):
    check(tmp_path / "run", name, other, tmp_path)
    assert (tmp_path / "run" / "figures").is_dir()


REQUIRED = {
    table.what: (type(entry), entry)
    for table in (*NAMES.values(), registry.OBJECTIVES, registry.SOURCES)
    for entry in table.built_in()[:1]
}


@pytest.mark.parametrize("what", REQUIRED)
def test_an_entry_with_a_missing_field_is_an_error_when_it_is_made(what):
    kind, entry = REQUIRED[what]
    fields = {name: getattr(entry, name) for name in kind.__dataclass_fields__}
    assert kind(**fields) == entry
    for name in set(fields) - {"options"}:
        with pytest.raises(TypeError, match=name):
            kind(**{key: value for key, value in fields.items() if key != name})
