import json
import math

import numpy as np
import pytest

from vaekit import compare, load_run
from vaekit.cli.compare import page_path
from vaekit.comparison.figures import numbers_by_flow_length, posterior_clouds
from vaekit.comparison.scales import Scale, group_by_scale, reasons
from vaekit.errors import ConfigError

SMALL = (
    *("--training.epochs", "1", "--evaluation.samples", "5", "--data.limit", "60", "--quiet"),
    *("--model.encoder.hidden", "8", "--model.decoder.hidden", "8"),
)
KINDS = {
    "density": ("--model.likelihood.kind", "gaussian"),
    "other-density": ("--model.likelihood.kind", "continuous-bernoulli"),
    "standard": ("--model.likelihood.kind", "gaussian", "--data.scale", "standard"),
    "grid": (),
    "wide": ("--model.latent-dim", "4", "--model.posterior.flow", "planar"),
    "binary": ("--model.likelihood.kind", "bernoulli", "--data.binarize", "threshold"),
}


@pytest.fixture(scope="module")
def runs(vaekit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    for name, flags in KINDS.items():
        result = vaekit("train", "digits", *SMALL, *flags, "--out", folder / name)
        assert result.code == 0, result.err
    return folder


def compared(vaekit, runs, *names):
    result = vaekit("compare", *(runs / name for name in names), "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def line(found, label):
    lines = [each for group in found["groups"] for each in group["lines"]]
    return next(each for each in lines + found["shared"] if each["label"] == label)


def test_numbers_are_those_of_the_evaluations(vaekit, runs):
    found = compared(vaekit, runs, "grid", "wide")
    assert found["refusals"] == []
    for name in ("grid", "wide"):
        evaluation = json.loads((runs / name / "evaluation.json").read_text(encoding="utf-8"))
        for label, key in (("ELBO", "elbo"), ("Rate", "rate"), ("Active units", "active_units")):
            assert line(found, label)["values"][name] == evaluation[key]
    values = line(found, "ELBO")["values"]
    assert line(found, "ELBO")["best"] == [max(values, key=values.get)]


def test_two_densities_of_the_same_values_share_a_scale(vaekit, runs):
    found = compared(vaekit, runs, "density", "other-density")
    assert [group["runs"] for group in found["groups"]] == [["density", "other-density"]]


def test_densities_of_differently_scaled_data_are_brought_to_its_units(vaekit, runs):
    found = compared(vaekit, runs, "density", "standard")
    assert len(found["groups"]) == 1
    assert "units of the data" in found["groups"][0]["notes"][0]
    evaluation = json.loads((runs / "density" / "evaluation.json").read_text(encoding="utf-8"))
    # the pixels run from 0 to 16 and the model sees sixteenths of them
    expected = evaluation["elbo"] - 64 * math.log(16)
    assert line(found, "ELBO")["values"]["density"] == pytest.approx(expected, rel=1e-6)
    labels = {each["label"] for each in found["shared"]}
    assert "Reconstruction error" not in labels


def test_what_cannot_be_compared_is_refused_with_the_reason(vaekit, runs):
    found = compared(vaekit, runs, "density", "grid", "binary")
    assert [group["runs"] for group in found["groups"]] == [["density"], ["grid"], ["binary"]]
    first, second, third = found["refusals"]
    assert first.startswith("density against grid: one is the logarithm of a density")
    assert "binarized differently (none and threshold)" in second
    assert "17 values" in third
    assert line(found, "Rate")["values"].keys() == {"density", "grid", "binary"}


def test_python_users_get_what_the_command_prints(vaekit, runs, tmp_path):
    paths = [runs / "density", runs / "grid"]
    found = compare([load_run(paths[0]), str(paths[1])])
    assert json.loads(vaekit("compare", *paths, "--json").out) == found.to_dict()
    assert vaekit("compare", *paths).out == f"{found}\n"
    page = found.write_page(tmp_path / "page.html")
    assert set(found.figures()) == {
        *("curves-1", "curves-2", "curves-rate", "reconstructions", "samples", "planes"),
    }
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 6


def test_a_person_reads_the_same(vaekit, runs):
    result = vaekit("compare", runs / "density", runs / "grid")
    assert result.code == 0
    assert "not all of these runs can be compared in nats" in result.out
    assert "Active units" in result.out


def test_the_page_goes_into_a_folder_or_a_file(vaekit, runs, tmp_path):
    paths = [runs / "grid", runs / "wide", runs / "density"]
    folder = tmp_path / "new"
    assert vaekit("compare", *paths, "--out", folder).code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert drawn == {
        *("curves-1", "curves-2", "curves-rate", "levels-1", "reconstructions", "samples"),
        *("planes", "units", "means", "posteriors"),
    }
    assert page.count("data:image/png;base64,") == len(drawn)
    assert "model.latent_dim" in page
    assert vaekit("compare", *paths[:2], "--out", tmp_path / "one.html").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"new", "one.html"}


@pytest.mark.slow
def test_runs_of_three_lengths_of_a_flow_are_drawn_against_it(vaekit, tmp_path):
    flags = ("--model.latent-dim", "2", "--model.posterior.flow")
    for name, flow in {
        "none": ("planar", "--model.posterior.flow-length", "0"),
        "short": ("planar", "--model.posterior.flow-length", "1"),
        "long": ("planar", "--model.posterior.flow-length", "3"),
        "other": ("radial", "--model.posterior.flow-length", "3"),
    }.items():
        out = tmp_path / name
        result = vaekit("train", "digits", *SMALL, *flags, *flow, "--out", out)
        assert result.code == 0, result.err
    compared = compare(sorted(tmp_path.iterdir()))
    (group,) = compared.groups
    found = numbers_by_flow_length(compared.members, group)
    assert found["flow"] == "planar"
    elbo = {name: member.evaluation["elbo"] for name, member in compared.members.items()}
    assert found["values"]["ELBO"] == {0: elbo["none"], 1: elbo["short"], 3: elbo["long"]}
    assert found["errors"]["Log-likelihood"].keys() == {0, 1, 3}
    assert found["levels"]["ELBO"] == {"other": elbo["other"]}
    compared = compare([tmp_path / name for name in ("none", "long", "other")])
    assert numbers_by_flow_length(compared.members, compared.groups[0]) is None


def test_the_rows_are_told_apart_by_what_is_in_them(vaekit, runs, tmp_path):
    other = tmp_path / "other"
    result = vaekit("train", "digits", *SMALL, "--data.seed", "1", "--out", other)
    assert result.code == 0, result.err
    found = compared(vaekit, runs, "grid", other)
    assert "not the same ones" in found["refusals"][0]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "at least two runs to compare, got 0"),
        (("grid",), "at least two runs to compare, got 1"),
        (("grid", "grid"), "given twice"),
        (("grid", "nowhere"), "there is no such folder"),
    ],
)
def test_what_cannot_be_read_is_refused(vaekit, runs, argv, message):
    result = vaekit("compare", *(runs / name for name in argv))
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_run_that_was_not_measured_is_named(vaekit, runs, tmp_path):
    import shutil

    copy = shutil.copytree(runs / "grid", tmp_path / "copy")
    (copy / "evaluation.json").unlink()
    result = vaekit("compare", runs / "grid", copy)
    assert result.code == 2
    assert f"vaekit evaluate {copy}" in result.err


def test_a_run_keeps_its_report(runs, tmp_path):
    with pytest.raises(ConfigError, match="holds a run"):
        page_path(runs / "grid")
    with pytest.raises(ConfigError, match=r"ends in \.html"):
        page_path(tmp_path / "page.pdf")


def scale(**changed):
    base = {"rows": "9 rows", "fingerprint": "x", "binarize": "none", "kind": "density"}
    return Scale(**{**base, "values": "", "to_raw": 0.0, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"fingerprint": "y"},
        {"binarize": "dynamic"},
        {"kind": "probability", "values": "2 values"},
        {"kind": "cross-entropy"},
    ],
)
def test_each_difference_alone_is_a_reason(changed):
    assert len(reasons(scale(), scale(**changed))) == 1
    assert group_by_scale({"a": scale(), "b": scale(**changed), "c": scale()}) == [
        ["a", "c"],
        ["b"],
    ]


def test_another_unit_is_no_reason():
    assert reasons(scale(), scale(to_raw=3.0)) == []


def test_the_exact_posterior_is_that_of_bayes(vaekit, runs):
    found = posterior_clouds(compare({"a": runs / "grid", "wide": runs / "wide"}).members)
    assert list(found) == ["a", "wide"]
    cloud = found["a"]
    assert cloud.before.shape == (2000, 2)
    # the samples lie where the posterior has mass: its peak is inside the grid
    assert np.isfinite(cloud.exact).all()
    left, right, bottom, top = cloud.extent
    inside = (cloud.after >= [left, bottom]) & (cloud.after <= [right, top])
    assert inside.mean() > 0.98


def test_importance_weights_find_the_posterior_that_a_grid_finds(runs):
    """In two dimensions both are known: their means and spreads agree."""
    import numpy as np
    import torch

    from vaekit.comparison import figures as posteriors

    member = compare({"a": runs / "grid", "wide": runs / "wide"}).members["a"]
    row = member.dataset.rows[member.dataset.split.of("test")[:1]]
    x = member.run.preprocessing(torch.from_numpy(np.ascontiguousarray(row)))
    extent = (-4.0, 4.0, -4.0, 4.0)
    with torch.no_grad():
        exact = posteriors._exact(member, x, extent=extent)
        weighted = posteriors._weighted(member, x, extent=extent, dims=torch.tensor([0, 1]))

    def moments(grid):
        share = np.exp(grid - grid.max()) / np.exp(grid - grid.max()).sum()
        edges = np.linspace(-4, 4, len(grid))
        middle = [share.sum(axis) @ edges for axis in (0, 1)]
        return [*middle, *(share.sum(axis) @ edges**2 for axis in (0, 1))]

    assert moments(weighted) == pytest.approx(moments(exact), abs=0.15)
