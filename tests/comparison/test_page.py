import pytest

from vaekit.comparison import differing_settings, write_comparison
from vaekit.config import Config, ObjectiveConfig
from vaekit.errors import InputError
from vaekit.figures import save_figure, unit_profiles

LINE = {
    "label": "ELBO",
    "unit": "nats per row",
    "texts": {"a": "one", "b": "two <2>"},
    "best": ["a"],
}


@pytest.fixture
def page(tmp_path):
    figure = save_figure(unit_profiles({"a": [1.0]}), path=tmp_path / "units.png")
    path = write_comparison(
        tmp_path / "report.html",
        title="a & b",
        text="First line\nof one.\n\nSecond.",
        runs={"a": {"seed": 0, "name": "x"}, "b": {"seed": 1, "name": "y"}},
        groups=[{"runs": ["a", "b"], "what": "Density.", "lines": [LINE], "notes": ["careful"]}],
        refusals=["a against c: other rows."],
        shared=[{**LINE, "label": "Rate", "best": []}],
        figures=[("Units", figure, "Some caption.")],
        notes=["b: collapsed"],
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
        "data:image/png;base64,",
        "Some caption.",
        "<code>seed</code>",
    ],
)
def test_everything_is_on_the_page_and_escaped(page, text):
    assert text in page


def test_the_page_needs_no_network_and_no_script(page):
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


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
    path = write_comparison(tmp_path / "p.html", title="t", runs=configs, rows=rows)
    text = path.read_text(encoding="utf-8")
    assert text.count('class="formula"') == 2
    assert "<h3>a</h3>" in text
    assert "<h3>b, c</h3>" in text
    assert "loss(x) = -log p(x|z) + 4 * KL(q(z|x) || p(z))" in text
    assert "<mn>784</mn>" in text


def test_a_figure_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        write_comparison(
            tmp_path / "p.html", title="", runs={}, figures=[("a", tmp_path / "no.png", "")]
        )
