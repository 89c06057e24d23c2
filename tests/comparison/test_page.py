import pytest

from vaekit.comparison import Comparison, differing_settings
from vaekit.config import Config, ObjectiveConfig

LINE = {
    "label": "ELBO",
    "unit": "nats per row",
    "texts": {"a": "one", "b": "two <2>"},
    "best": ["a"],
}
PUBLISHED = {
    "what": "NLL",
    "ours": 87.72,
    "value": 86.76,
    "unit": "nats per row",
    "source": "table 1",
}


def comparison(configs, **changed):
    runs = {name: f"runs/{name}" for name in configs}
    base = {"groups": [], "refusals": [], "shared": [], "published": [], "notes": []}
    return Comparison(runs=runs, configs=configs, **{**base, **changed})


@pytest.fixture
def page(tmp_path):
    found = comparison(
        {"a": {"seed": 0, "name": "x"}, "b": {"seed": 1, "name": "y"}},
        groups=[{"runs": ["a", "b"], "what": "Density.", "lines": [LINE], "notes": ["careful"]}],
        refusals=["a against c: other rows."],
        shared=[{**LINE, "label": "Rate", "best": []}],
        published=[
            {**PUBLISHED, "run": "vae <1>", "better": "lower"},
            {**PUBLISHED, "run": "b", "ours": None},
        ],
        notes=["b: collapsed"],
    )
    path = found.write_page(
        tmp_path / "report.html", title="a & b", text="First line\nof one.\n\nSecond."
    )
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "<h1>a &amp; b</h1>",
        "<p>First line of one.</p>",
        "<strong>one</strong>",
        "two &lt;2&gt;",
        "a against c: other rows.",
        "careful",
        "b: collapsed",
        "<strong>vae &lt;1&gt;, NLL:</strong> behind by 0.96 nats per row.",
        "<code>seed</code>",
    ],
)
def test_everything_is_on_the_page_and_escaped(page, text):
    assert text in page


def test_the_page_needs_no_network_and_no_script(page):
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_published_numbers_have_their_run_and_no_error_where_none_is_known(page):
    assert ">Run</th>" in page
    assert page.count("ahead by") + page.count("behind by") == 1
    assert "A standard error" not in page


def test_names_are_no_difference():
    assert differing_settings({"a": {"name": "x"}, "b": {"name": "y"}}) == []


def test_figures_that_a_run_wants_beside_the_usual_ones_are_no_difference():
    runs = {"a": {"report": {"morph": True}}, "b": {"report": {"morph": False}}}
    assert differing_settings(runs) == []


def test_runs_with_other_objectives_get_a_formula_each(tmp_path):
    configs = {
        name: Config(objective=ObjectiveConfig(beta=beta)).model_dump(mode="json")
        for name, beta in (("a", 1.0), ("b", 4.0), ("c", 4.0))
    }
    rows = {name: {"features": 784, "support": "binary"} for name in configs}
    path = comparison(configs, rows=rows).write_page(tmp_path / "p.html")
    text = path.read_text(encoding="utf-8")
    assert text.count('class="formula"') == 2
    assert "<h3>a</h3>" in text
    assert "<h3>b, c</h3>" in text
    assert "loss(x) = -log p(x|z) + 4 * KL(q(z|x) || p(z))" in text
    assert "<mn>784</mn>" in text
