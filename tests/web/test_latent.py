"""The explorer offers what the latent space of a model allows, and refuses the rest."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_models import DIMS, VALUES, Discrete, Generator

from vaekit.runs import load_run
from vaekit.web.run_view import view_run


@pytest.fixture(scope="module")
def views(folders):
    torch.manual_seed(0)
    run = load_run(folders["digits"])
    return [
        view_run(dataclasses.replace(run, model=kind().eval())) for kind in (Discrete, Generator)
    ]


@pytest.fixture(scope="module")
def both(views, serving):
    """Discrete codes are run 0, the generator is run 1."""
    with serving(views) as found:
        yield found


def is_refused(answer, status, words):
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]


def test_the_overview_says_what_is_possible(both):
    discrete, generator = both.get("0").json(), both.get("1").json()
    assert (discrete["continuous"], discrete["encoder"]) == (False, True)
    assert discrete["latent_groups"] == [{"name": "codebook", "dims": 3, "values": 4}]
    assert (discrete["planes"], discrete["dims"], discrete["class_places"]) == ([], [], [])
    assert "discrete" in discrete["limitations"][0]
    assert (generator["continuous"], generator["encoder"]) == (True, False)
    assert (generator["rows"], generator["class_places"]) == (0, [])
    assert [plane["id"] for plane in generator["planes"]] == ["dims:0,1"]
    assert all(dim["low"] < -4 and dim["high"] > 4 for dim in generator["dims"])
    assert generator["limitations"] == ["This model has no encoder, so rows have no codes."]


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("background", {"plane": "dims:0,1", "extent": [0, 1, 0, 1]}),
        ("traverse", {"code": [0] * DIMS, "dims": [0]}),
        ("path", {"start": {"row": 0}, "end": {"row": 1}}),
        ("arithmetic", {"a": {"row": 0}, "b": {"row": 1}, "c": {"row": 2}}),
        ("sample", {"temperature": 0.5}),
    ],
)
def test_discrete_codes_are_not_moved(where, body, both):
    is_refused(both.post(f"0/{where}", **body), 422, "the codes of this model are discrete")


@pytest.mark.parametrize("plane", ["dims:0,1", "pca", "tsne"])
def test_discrete_codes_have_no_map(plane, both):
    is_refused(both.get(f"0/map?plane={plane}"), 404, "")


@pytest.mark.parametrize("code", [[0, 0, 4], [0.5, 0, 0], [-1, 0, 0]])
def test_values_that_a_discrete_code_does_not_take(code, both):
    is_refused(both.post("0/decode", codes=[code]), 422, "integers from 0 to 3")


def test_discrete_codes_are_encoded_sampled_and_decoded(both, views):
    found = both.post("0/encode", row=3, draws=5).json()
    x = views[0].model_rows(np.array([3]))
    q = views[0].run.model.encode(x)
    assert found["mean"] == q.mode[0].tolist() == both.get("0/rows/3").json()["mean"]
    assert np.isin(found["draws"], range(VALUES)).all()
    # 64 codes in all: the exact log-likelihood
    every = torch.cartesian_prod(*[torch.arange(VALUES)] * DIMS)
    with torch.no_grad():
        joint = views[0].run.model.decode(every).log_prob(x) - DIMS * np.log(VALUES)
    assert found["log_likelihood"] == pytest.approx(float(joint.logsumexp(0)), abs=1.0)
    codes = both.array(both.post("0/sample", count=50))
    assert np.isin(codes, range(VALUES)).all()
    assert both.array(both.post("0/decode", codes=codes.tolist())).shape == (50, 8, 8, 1)
    assert both.get("0/reference").json()["rows"] == 180


def test_a_generator_does_not_encode(both):
    for body in ({"row": 0}, {"pixels": [0] * 64}):
        is_refused(both.post("1/encode", **body), 422, "this model has no encoder")
    is_refused(both.get("1/rows/0"), 404, "this model has no encoder")
    places = {"start": {"row": 0}, "end": {"code": [1, 1]}}
    is_refused(both.post("1/path", **places), 422, "this model has no encoder")


def test_a_generator_is_walked_through(both):
    assert both.array(both.get("1/map?plane=dims:0,1")).shape == (0, 2)
    for name, shape in (("codes", (0, 2)), ("spread", (0, 2)), ("labels", (0,))):
        assert both.array(both.get(f"1/{name}")).shape == shape
    assert both.array(both.get("1/rows")).shape == (0, 8, 8, 1)
    extent = {"plane": "dims:0,1", "extent": [-3, 3, -3, 3], "side": 2}
    assert both.array(both.post("1/background", **extent)).shape == (16, 16, 1)
    assert both.array(both.post("1/traverse", code=[0, 0], dims=[1], steps=3)).shape[:2] == (1, 3)
    assert both.array(both.post("1/sample", count=2, temperature=0.0)).tolist() == [[0, 0]] * 2
    ends = {"start": {"code": [0, 0]}, "end": {"code": [2, 2]}, "frames": 3}
    for path in ("linear", "density"):
        codes = both.array(both.post("1/path", **ends, path=path))
        assert (codes[0].tolist(), codes[-1].tolist()) == ([0, 0], [2, 2])
    assert both.get("1/reference").json() == {
        "ready": True, "done": 1.0, "samples": 100, "rows": 0, "values": []
    }  # fmt: skip
