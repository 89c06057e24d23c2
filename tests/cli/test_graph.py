"""graph: the picture, its two forms as text, and the formula of the objective."""

import json

import pytest
import torch

from vaekit.builders import build_model, build_objective
from vaekit.comparison.comparison import loss_lines, loss_terms
from vaekit.config import ModelConfig, ObjectiveConfig, PosteriorConfig
from vaekit.describe import LOG_PX, LOG_PZ, LOG_QZ, MEAN

PNG = b"\x89PNG\r\n\x1a\n"
MINUS = "\N{MINUS SIGN}"


def write(vaekit, run, out):
    result = vaekit("graph", run, "--out", out, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_each_form_tells_the_same(trained, vaekit, tmp_path):
    values = [write(vaekit, trained, tmp_path / f"g.{kind}") for kind in ("png", "svg", "dot")]
    values.append(write(vaekit, trained, tmp_path / "g.json"))
    assert len({(each["nodes"], each["edges"], each["parameters"]) for each in values}) == 1
    assert (tmp_path / "g.png").read_bytes().startswith(PNG)
    graph = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    assert len(graph["nodes"]) == values[0]["nodes"]
    dot = (tmp_path / "g.dot").read_text(encoding="utf-8")
    assert dot.count(" -> ") == len(graph["edges"]) == values[0]["edges"]
    assert all(f'"{node["name"]}" [label=' in dot for node in graph["nodes"])


def test_the_numbers_are_those_of_the_run(trained, vaekit, tmp_path):
    from vaekit.runs import load_run

    run = load_run(trained)
    learned = sum(each.numel() for each in run.model.parameters())
    result = vaekit("graph", trained, "--out", tmp_path / "g.svg")
    assert f"{learned:,} parameters: {tmp_path / 'g.svg'}" in result.out


def test_the_output_file_is_checked_first(trained, vaekit, tmp_path):
    wrong = vaekit("graph", trained, "--out", tmp_path / "a.pdf")
    assert (wrong.code, ".png, .svg, .dot, .json" in wrong.err) == (2, True)
    there = tmp_path / "there.json"
    there.write_bytes(b"mine")
    refused = vaekit("graph", trained, "--out", there)
    assert (refused.code, there.read_bytes()) == (2, b"mine")
    assert vaekit("graph", trained, "--out", there, "--force").code == 0
    none = vaekit("graph", tmp_path / "none", "--out", tmp_path / "b.png")
    assert (none.code, "there is no such folder" in none.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["there.json"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "-log p(x|z) + KL(q(z|x) ‖ p(z))"),
        ({"beta": 4.0}, "-log p(x|z) + 4 KL(q(z|x) ‖ p(z))"),
        ({"samples": 5}, "-(1/5) Σₖ log p(x|zₖ) + KL(q(z|x) ‖ p(z))"),
        ({"analytic": False}, "-log p(x|z) - log p(z) + log q(z|x)"),
        ({"analytic": False, "beta": 0.5}, "-log p(x|z) - 0.5 (log p(z) - log q(z|x))"),
        ({"entropy": 0.0}, "-log p(x|z) - log p(z)"),
        (
            {"entropy": 0.5, "samples": 2},
            "-(1/2) Σₖ [log p(x|zₖ) + log p(zₖ) - 0.5 log q(zₖ|x)]",
        ),
        ({"beta": 0.0}, "-log p(x|z)"),
        ({"beta": 0.0, "mean_penalty": 1.0}, "-log p(x|z) + |μ|²/2"),
        ({"free_bits": 0.5}, "-log p(x|z) + Σ_d max(0.5, KL_d)"),
        (
            {"reduce": "logmeanexp", "samples": 50},
            "-log (1/50) Σₖ exp[log p(x|zₖ) + log p(zₖ) - log q(zₖ|x)]",
        ),
        (
            {"reduce": "logmeanexp", "samples": 5, "beta": 0.5},
            "-log (1/5) Σₖ exp[log p(x|zₖ) + 0.5 (log p(zₖ) - log q(zₖ|x))]",
        ),
        ({"reduce": "logmeanexp", "samples": 5, "beta": 0.0}, "-log (1/5) Σₖ exp[log p(x|zₖ)]"),
    ],
)
def test_the_formula_has_the_values_of_the_run(settings, expected):
    formula, *_ = loss_lines(ObjectiveConfig(**settings), model=ModelConfig())
    assert formula == "loss = " + expected.replace("-", MINUS)


@pytest.mark.parametrize(
    "settings",
    [
        {"analytic": False},
        {"analytic": False, "beta": 0.5},
        {"entropy": 0.0},
        {"entropy": 0.5, "samples": 2},
        {"entropy": 0.5, "beta": 3.0, "analytic": False},
        {"beta": 0.0},
        {"reduce": "logmeanexp", "samples": 5, "beta": 0.5},
        {"reduce": "logmeanexp", "samples": 3},
    ],
)
def test_the_formula_gives_the_loss(settings):
    """Read as Python, it makes the number that the objective makes of the same samples."""
    config = ObjectiveConfig(**settings)
    # With a flow the rate is sampled, as the formula says.
    flow = ModelConfig(posterior=PosteriorConfig(flow="planar"))
    model = build_model(flow, shape=(1, 4, 4), support="unit")
    with torch.no_grad():
        trace = model(torch.rand(1, 16), samples=config.samples)
    text = loss_lines(config, model=flow)[0].removeprefix("loss = ").replace(MINUS, "-")
    for name, code in (("log p(x|z", "px"), ("log p(z", "pz"), ("log q(z", "qz")):
        for end in ("ₖ)", ")") if name != "log q(z" else ("ₖ|x)", "|x)"):
            text = text.replace(name + end, code)
    text = text.replace(" (pz", " * (pz").replace("0.5 qz", "0.5 * qz")
    text = text.replace("-log (1/", "-torch.log((1/").replace(" Σₖ ", " * Σ")
    text = text.replace("exp[", "(torch.exp(").replace("[", "(").replace("]", ")")
    text += ")" * (text.count("(") - text.count(")"))
    values = {"px": trace.log_px, "pz": trace.log_pz, "qz": trace.log_qz, "torch": torch}
    value = eval(text.replace("Σ", "torch.sum"), values)
    assert float(value) == pytest.approx(float(build_objective(config)(trace).loss), rel=1e-4)


def test_a_schedule_and_a_closed_form_are_told():
    schedule = ObjectiveConfig(schedule="linear", warmup=20)
    assert loss_lines(schedule, model=ModelConfig())[1:] == (
        "KL in closed form",
        "the weight of the rate grows from 0 over 20 epochs",
    )
    cycles = ObjectiveConfig(schedule="cyclical", warmup=1, analytic=False)
    (remark,) = loss_lines(cycles, model=ModelConfig())[1:]
    assert remark == "the weight of the rate goes in cycles of 1 epoch"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (LOG_PX, LOG_PZ, LOG_QZ)),
        ({"beta": 0.0}, (LOG_PX,)),
        ({"entropy": 0.0}, (LOG_PX, LOG_PZ)),
        ({"beta": 0.0, "mean_penalty": 2.0}, (LOG_PX, MEAN)),
    ],
)
def test_the_loss_is_made_of_what_it_weighs(settings, expected):
    assert loss_terms(ObjectiveConfig(**settings)) == expected
