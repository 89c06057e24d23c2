"""The formula on the page is the objective that was trained: its text is computed and compared."""

import math
import re
from html.parser import HTMLParser

import pytest
import torch
from arithmetic import compute
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Independent, Normal

from vaekit.builders import build_model, build_objective
from vaekit.config import Config, LikelihoodConfig, ModelConfig, ObjectiveConfig, PosteriorConfig
from vaekit.describe import LOG_PX, LOG_PZ, LOG_QZ, MEAN, objective_formula
from vaekit.describe.formula import loss_lines, loss_terms, objectives
from vaekit.distributions import BernoulliVector, GaussianVector, Point
from vaekit.models import Trace, TraceGroup
from vaekit.objectives.bound import rate_weight, set_rate_weight
from vaekit.recipes import RECIPES, STUDIES

B, D, F = 4, 2, 3

NAMED = {name: found.config() for name, found in RECIPES.items()} | {
    f"{study.name}/{name}": config
    for study in STUDIES.values()
    for name, config in study.members().items()
}

weights = st.sampled_from([0.0, 0.25, 1.0, 2.5])
any_objective = st.builds(
    ObjectiveConfig,
    reduce=st.sampled_from(["mean", "logmeanexp"]),
    samples=st.sampled_from([1, 2, 5]),
    beta=weights,
    entropy=weights,
    analytic=st.booleans(),
    mean_penalty=weights,
    schedule=st.sampled_from(["constant", "linear", "cyclical"]),
    warmup=st.sampled_from([4, 10]),
)


def formula_of(config, **rows):
    return objective_formula(config.model, config.objective, **rows)


class Numbers(HTMLParser):
    """The numbers that MathML holds."""

    def __init__(self, markup):
        super().__init__()
        self.found, self.tag = [], ""
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tag = tag

    def handle_data(self, data):
        if self.tag == "mn":
            self.found.append(float(data))


@pytest.fixture(scope="module")
def codes():
    """Posteriors over codes of four rows, their mean far enough from 0."""
    torch.manual_seed(1)
    return torch.randn(B, D, dtype=torch.float64), torch.rand(B, D, dtype=torch.float64) + 0.5


def trace_of(codes, *, samples, point=False):
    """What one pass of a model leaves behind, with a likelihood of numbers drawn at random."""
    mean, scale = codes
    q = Point(mean) if point else Independent(Normal(mean, scale), 1)
    zero, one = torch.zeros(D, dtype=torch.float64), torch.ones(D, dtype=torch.float64)
    prior = Independent(Normal(zero, one), 1)
    z = q.rsample((samples,))
    log_px = -1.0 - z.square().sum(-1).sin().abs()
    return Trace(
        x=torch.zeros(B, F),
        log_px=log_px,
        groups=(
            TraceGroup(name="z", z=z, log_pz=prior.log_prob(z), log_qz=q.log_prob(z), q=q, p=prior),
        ),
    )


def names_of(trace, *, beta_t):
    """What stands in a formula of the loss, by its name there."""
    q = trace.q
    mu2, var = q.mean.square(), q.variance
    kl = 0.5 * (mu2 + var - var.log() - 1).T
    found = {
        "p(x|z_k)": trace.log_px.exp(),
        "log p(x|z_k)": trace.log_px,
        "p(z_k)": trace.log_pz.exp(),
        "log p(z_k)": trace.log_pz,
        "q(z_k|x)": trace.log_qz.exp(),
        "log q(z_k|x)": trace.log_qz,
        "||mu(x)||^2": mu2.sum(-1),
        "beta_t": beta_t,
        "KL(q(z|x) || p(z))": kl.sum(0),
        "KL_d": kl.mean(1, keepdim=True).expand_as(kl),
        "E_q[log p(z)]": -0.5 * (mu2 + var + math.log(2 * math.pi)).sum(-1),
        "H[q]": 0.5 * (1 + (2 * math.pi * var).log()).sum(-1),
    }
    alone = {name.replace("z_k", "z"): each[0] for name, each in found.items() if "z_k" in name}
    return found | alone


def loss_by_formula(config, trace, *, beta_t):
    """The terms of the first line, computed and added up."""
    _, *terms = formula_of(config).lines[0]
    names = names_of(trace, beta_t=beta_t)
    return sum(compute(term.text, names) for term in terms)


@settings(deadline=None, max_examples=150)
@given(any_objective, st.booleans())
def test_the_formula_gives_the_loss_that_was_trained(codes, objective, point):
    kind = "point" if point else "gaussian"
    config = Config(
        objective=objective, model=ModelConfig(latent_dim=D, posterior=PosteriorConfig(kind=kind))
    )
    share = rate_weight(3.0, schedule=objective.schedule, warmup=objective.warmup)
    built = build_objective(objective).double()
    set_rate_weight(built, weight=share)
    trace = trace_of(codes, samples=objective.samples, point=point)
    found = loss_by_formula(config, trace, beta_t=objective.beta * share)
    torch.testing.assert_close(found, built(trace).loss)


def test_the_formula_with_free_bits_gives_the_loss_that_was_trained(codes):
    config = Config(objective=ObjectiveConfig(free_bits=0.5, beta=2.0, samples=2))
    trace = trace_of(codes, samples=2)
    expected = build_objective(config.objective).double()(trace).loss
    torch.testing.assert_close(loss_by_formula(config, trace, beta_t=None), expected)


@pytest.mark.parametrize("schedule", ["linear", "cyclical"])
@pytest.mark.parametrize("epoch", [0.0, 2.5, 7.0, 12.0, 30.0])
def test_the_weight_grows_as_the_formula_says(schedule, epoch):
    config = Config(objective=ObjectiveConfig(beta=4.0, schedule=schedule, warmup=10))
    (line,) = [each for each in formula_of(config).text.splitlines() if each.startswith("beta_t")]
    found = compute(
        line.partition(" = ")[2].replace("(t", "(t ").replace("t/", "t /"), {"t ": epoch}
    )
    assert found == pytest.approx(4.0 * rate_weight(epoch, schedule=schedule, warmup=10))


@pytest.mark.parametrize(
    ("likelihood", "support"),
    [
        (LikelihoodConfig(kind="bernoulli"), "binary"),
        (LikelihoodConfig(kind="gaussian", variance="unit"), "real"),
        (LikelihoodConfig(kind="gaussian", variance="shared"), "real"),
        (LikelihoodConfig(kind="gaussian", variance="per-feature"), "real"),
        (LikelihoodConfig(kind="continuous-bernoulli"), "unit"),
    ],
)
def test_the_line_of_the_likelihood_gives_its_logarithm(likelihood, support):
    config = Config(model=ModelConfig(latent_dim=D, likelihood=likelihood))
    model = build_model(config.model, shape=(F,), support=support)
    for name, parameter in model.likelihood.named_parameters():
        if "raw_log_variance" in name:
            torch.nn.init.normal_(parameter)
    p = model.likelihood(torch.randn(B, D))
    x = torch.rand(B, F).round() if support == "binary" else torch.rand(B, F)
    names = {"x_f": x.T, **parameters_of(p)}
    text = formula_of(config, features=F, support=support).text
    (line,) = [each for each in text.splitlines() if each.startswith("log p(x|z) =")]
    found = compute(line.partition(" = ")[2], names)
    torch.testing.assert_close(found, p.log_prob(x))


def parameters_of(p):
    """What stands in the line of a likelihood; the feature comes first."""
    if isinstance(p, GaussianVector):
        scale = p.variance.sqrt().T
        return {"xhat_f": p.mean.T, "sigma_f": scale, "sigma": scale}
    if isinstance(p, BernoulliVector):
        return {"pi_f": p.mean.T}
    pi = p.base_dist.logits.sigmoid().T  # of a continuous Bernoulli, and not its mean
    return {"pi_f": pi, "C(pi_f)": 2 * torch.atanh(1 - 2 * pi) / (1 - 2 * pi)}


@pytest.mark.parametrize("name", NAMED)
def test_every_number_in_the_formula_is_one_of_the_config(name):
    config = NAMED[name]
    formula = formula_of(config, features=784, support="unit")
    found = {
        number for line in formula.lines for piece in line for number in Numbers(piece.markup).found
    }
    found |= {number for piece, _ in formula.where for number in Numbers(piece.markup).found}
    objective = config.objective
    own = [*objective.model_dump().values(), *objective.terms().values()]
    own += [config.model.latent_dim, config.model.prior.components, 784]
    numbers = {float(each) for each in own if not isinstance(each, str | dict)}
    # 0, 1 and 2 stand in the definitions: N(0, I), a mean, half a square, the logarithm of 2 pi.
    assert found <= numbers | {0.0, 1.0, 2.0}
    assert {float(config.model.latent_dim), 784.0} <= found


@pytest.mark.parametrize("name", NAMED)
def test_every_objective_is_explained_in_two_sentences(name):
    formula = formula_of(NAMED[name])
    assert len(re.findall(r"\.(?: |$)", formula.reading)) == 2
    assert all(words for _, words in formula.where)
    assert "{" not in formula.reading + "".join(words for _, words in formula.where)


@settings(deadline=None)
@given(any_objective)
def test_weights_of_one_and_nought_are_listed_and_not_written(objective):
    formula = formula_of(Config(objective=objective))
    loss = formula.text.splitlines()[0]
    assert not re.search(r"(?<![\w./])[01] \* (?!1/2)", loss)
    assert ("mu(x)" in loss) == bool(objective.mean_penalty)
    assert (objective.beta == 0) == ("KL" not in loss and "p(z" not in loss and "E_q" not in loss)
    listed = {piece.text for piece, _ in formula.where}
    assert f"beta = {objective.beta:g}" in listed


def test_runs_with_one_objective_share_it_and_symbols_that_are_the_same():
    runs = {
        name: Config(seed=seed, objective=ObjectiveConfig(beta=beta)).model_dump()
        for name, seed, beta in (("a", 0, 1.0), ("b", 1, 1.0), ("c", 0, 4.0))
    }
    found = objectives(runs, rows={})
    assert [each["names"] for each in found["each"]] == ["a, b", "c"]
    own = [[piece.text for piece, _ in each["own"]] for each in found["each"]]
    assert own == [["beta = 1"], ["beta = 4"]]
    assert "D = 2" in [piece.text for piece, _ in found["shared"]]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "-log p(x|z) + KL(q(z|x) || p(z))"),
        ({"samples": 5}, "-1/5 sum_{k=1..5} log p(x|z_k) + KL(q(z|x) || p(z))"),
        ({"analytic": False}, "-[log p(x|z) + log p(z) - log q(z|x)]"),
        ({"reduce": "logmeanexp"}, "-[log p(x|z) + log p(z) - log q(z|x)]"),
        ({"analytic": False, "beta": 0.5}, "-[log p(x|z) + 0.5 * (log p(z) - log q(z|x))]"),
        ({"entropy": 0.0}, "-log p(x|z) - E_q[log p(z)]"),
        ({"beta": 0.0, "penalties": {"mean_penalty": 2.0}}, "-log p(x|z) + 2 * 1/2 ||mu(x)||^2"),
        ({"penalties": {"mmd": 10.0}}, "-log p(x|z) + KL(q(z|x) || p(z)) + 10 * MMD(q(z), p(z))"),
        (
            {"reduce": "logmeanexp", "samples": 50},
            "-log 1/50 sum_{k=1..50} (p(x|z_k) p(z_k))/q(z_k|x)",
        ),
    ],
)
def test_formulas_in_a_line_of_text(settings, expected):
    formula = formula_of(Config(objective=ObjectiveConfig(**settings)))
    assert formula.text.splitlines()[0] == f"loss(x) = {expected}"


def test_a_picture_tells_a_schedule_and_a_closed_form():
    schedule = ObjectiveConfig(schedule="linear", warmup=20)
    assert loss_lines(ModelConfig(), schedule)[1:] == (
        "KL in closed form",
        "the weight of the rate grows from 0 over 20 epochs",
    )
    cycles = ObjectiveConfig(schedule="cyclical", warmup=1, analytic=False)
    (remark,) = loss_lines(ModelConfig(), cycles)[1:]
    assert remark == "the weight of the rate goes in cycles of 1 epoch"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (LOG_PX, LOG_PZ, LOG_QZ)),
        ({"beta": 0.0}, (LOG_PX,)),
        ({"entropy": 0.0}, (LOG_PX, LOG_PZ)),
        ({"beta": 0.0, "mean_penalty": 2.0}, (LOG_PX, MEAN)),
        ({"penalties": {"mmd": 1.0}}, (LOG_PX, LOG_PZ, LOG_QZ, "z", "p(z)")),
    ],
)
def test_the_loss_is_computed_from_what_it_weighs(settings, expected):
    assert loss_terms(ObjectiveConfig(**settings)) == expected
