import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import comparison_curves, run_levels, save_figure, unit_profiles


def epochs(level, *, split="test", count=20):
    return [
        {"epoch": n, split: {"bound": level - 1 / n, "loss": 1.0, "distortion": 2.0, "rate": 3.0}}
        for n in range(1, count + 1)
    ]


def test_every_run_has_a_line_in_every_panel():
    figure = comparison_curves({"a": epochs(-3.0), "b": epochs(-4.0, count=5)})
    assert len(figure.axes) == 4
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == ["a", "b"]
    bound = figure.axes[0].lines
    assert bound[0].get_ydata()[-1] == pytest.approx(-3.05)
    assert len(bound[1].get_xdata()) == 5


def test_runs_that_watched_different_splits_meet_on_train():
    one = [{**each, "train": {"rate": 1.0}} for each in epochs(-3.0, split="test")]
    other = [{**each, "train": {"rate": 2.0}} for each in epochs(-3.0, split="validation")]
    figure = comparison_curves({"a": one, "b": other}, keys=("rate",))
    assert figure.axes[0].get_ylabel() == "nats per row, train"
    assert [line.get_ydata()[0] for line in figure.axes[0].lines] == [1.0, 2.0]


def test_a_number_that_a_run_does_not_have_is_a_gap():
    records = [{"epoch": 1, "test": {"rate": None}}, {"epoch": 2, "test": {"rate": 2.0}}]
    values = comparison_curves({"a": records}, keys=("rate",)).axes[0].lines[0].get_ydata()
    assert np.isnan(values[0])
    assert values[1] == 2.0


def test_curves_without_epochs_are_refused():
    with pytest.raises(InputError, match="at least one epoch"):
        comparison_curves({"a": []})


def test_profiles_count_active_units_and_label_powers_of_ten_as_numbers(tmp_path):
    figure = unit_profiles({"vae": [0.001, 2.0, 0.02]})
    axes = figure.axes[0]
    assert list(axes.lines[0].get_ydata()) == [2.0, 0.02, 0.001]
    save_figure(figure, path=tmp_path / "units.png")
    texts = [text.get_text() for text in axes.get_yticklabels()]
    assert "0.01" in texts
    assert not any("$" in text for text in texts)


@pytest.mark.parametrize("draw", [unit_profiles, run_levels])
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(InputError, match="at least one run"):
        draw({})
