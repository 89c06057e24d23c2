"""Learning curves, KL, active units and bounds."""

import math

import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import (
    active_units,
    bound_by_flow_length,
    bound_by_run,
    comparison_curves,
    kl_per_dim,
    learning_curves,
    save_figure,
)


def record(epoch, *splits, loss=100.0, rate=5.0):
    terms = {"loss": loss, "bound": -loss, "distortion": loss - rate, "rate": rate}
    return {"epoch": epoch, "seconds": 0.1} | {split: dict(terms) for split in splits}


def panels(figure):
    bound, distortion, rate = figure.axes
    return {"bound": bound, "distortion": distortion, "rate": rate}


def test_each_panel_has_a_line_for_each_split_and_names_its_unit():
    figure = learning_curves([record(e, "train", "validation") for e in (1, 2)], title="mine")
    for axes in figure.axes:
        assert len(axes.lines) == 2
        assert axes.get_ylabel() == "nats per row"
        assert axes.get_xlabel() == "epoch"
    assert figure.get_suptitle() == "mine"


@pytest.mark.parametrize("watched", ["validation", "test"])
def test_the_watched_split_is_named_with_its_last_value(watched):
    figure = learning_curves([record(1, "train", watched, loss=80.0)])
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["train \N{MINUS SIGN}80", f"{watched} \N{MINUS SIGN}80"]


def test_lines_hold_the_numbers_as_given():
    figure = learning_curves([record(e, "train", loss=100.0 / e, rate=e) for e in (1, 2, 4)])
    lines = {name: axes.lines[0] for name, axes in panels(figure).items()}
    assert lines["bound"].get_xydata().tolist() == [[1, -100], [2, -50], [4, -25]]
    assert lines["distortion"].get_ydata().tolist() == [99, 48, 21]
    assert lines["rate"].get_ydata().tolist() == [1, 2, 4]


def test_a_single_epoch_shows_as_a_marker():
    line = learning_curves([record(1, "train")]).axes[0].lines[0]
    assert line.get_marker() == "o"


def test_many_epochs_are_thin_lines_framed_by_the_later_ones():
    records = [
        record(e, "train", loss=89 + 20 / math.sqrt(e) + 700 * math.exp(-e)) for e in range(1, 3001)
    ]
    axes = learning_curves(records).axes[0]
    low, high = axes.get_ylim()
    assert axes.lines[0].get_marker() == ""
    assert -91 < low < -90 < high < -89
    assert axes.get_title(loc="right") == "↓ starts at \N{MINUS SIGN}366.52"


def test_a_steady_curve_is_shown_whole():
    records = [record(e, "train", loss=200.0 - e) for e in range(1, 51)]
    axes = learning_curves(records).axes[0]
    low, high = axes.get_ylim()
    assert low < -199
    assert high > -150
    assert axes.get_title(loc="right") == ""


def test_absent_numbers_leave_gaps_and_say_so():
    records = [record(1, "train"), record(2, "train")]
    del records[0]["train"]["rate"]
    records[1]["train"] |= {"rate": None, "bound": float("nan")}
    axes = panels(learning_curves(records))
    assert np.isnan(axes["rate"].lines[0].get_ydata()).all()
    assert axes["rate"].get_legend().get_texts()[0].get_text() == "train (not recorded)"
    assert axes["bound"].get_legend().get_texts()[0].get_text() == "train \N{MINUS SIGN}100"


def test_a_split_measured_now_and_then_keeps_its_markers():
    records = [record(e, "train", *(["test"] if e % 10 == 0 else [])) for e in range(1, 101)]
    train, test = learning_curves(records).axes[0].lines
    assert (train.get_marker(), test.get_marker()) == ("", "^")


def test_no_record_is_an_error():
    with pytest.raises(InputError, match="at least one epoch"):
        learning_curves([])


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
    figure = active_units({"vae": [0.001, 2.0, 0.02]})
    axes = figure.axes[0]
    assert list(axes.lines[0].get_ydata()) == [2.0, 0.02, 0.001]
    save_figure(figure, path=tmp_path / "units.png")
    texts = [text.get_text() for text in axes.get_yticklabels()]
    assert "0.01" in texts
    assert not any("$" in text for text in texts)


@pytest.mark.parametrize("draw", [active_units, bound_by_run])
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(InputError, match="at least one run"):
        draw({})


def heights(axes, container):
    return [bar.get_height() for bar in axes.containers[container]]


def test_bars_are_sorted_marked_and_named_after_their_dimension():
    axes = kl_per_dim([0.001, 3.0, 0.5], active=[False, True, True]).axes[0]
    assert heights(axes, 0) == [3.0, 0.5]
    assert heights(axes, 1) == [0.001]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["z2", "z3", "z1"]
    assert axes.containers[1][0].get_hatch()
    assert not axes.containers[0][0].get_hatch()
    assert "nats" in axes.get_ylabel()


def test_the_threshold_is_explained():
    def legend(**options):
        axes = kl_per_dim([2.0, 0.1], **options).axes[0]
        return [text.get_text() for text in axes.get_legend().get_texts()]

    variance = legend(active=[True, False], threshold=0.01)
    assert variance == ["active: variance of the posterior mean > 0.01", "not active"]
    assert legend(threshold=0.5) == ["active: KL > 0.5 nats", "not active"]
    assert legend(active=[True, True]) == variance[:1]


def test_activity_is_what_the_caller_says_not_the_divergence():
    axes = kl_per_dim([5.0, 1.0], active=[False, True]).axes[0]
    assert heights(axes, 0) == [1.0]
    assert axes.get_title(loc="left").startswith("1 of 2")


def test_many_dimensions_need_no_names():
    axes = kl_per_dim(np.linspace(0, 3, 100)).axes[0]
    assert len(axes.get_xticks()) == 0
    assert axes.get_xlabel().startswith("100 latent dimensions")


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="a number for each dimension"):
        kl_per_dim(np.zeros((2, 2)))
    with pytest.raises(InputError, match="expected 2 truth values"):
        kl_per_dim([1.0, 2.0], active=[True])


VALUES = {"Log-likelihood": {16: -3.0, 0: -5.0, 4: -4.0}, "ELBO": {0: -6.0, 4: -5.5, 16: -3.5}}


def lines(figure):
    return {bar.get_label(): bar.lines[0] for bar in figure.axes[0].containers}


def test_points_are_joined_in_the_order_of_their_lengths():
    found = lines(bound_by_flow_length(VALUES, flow="planar"))
    assert list(found) == ["Log-likelihood", "ELBO"]
    assert list(found["Log-likelihood"].get_xdata()) == [0, 4, 16]
    assert list(found["Log-likelihood"].get_ydata()) == [-5.0, -4.0, -3.0]
    assert list(found["ELBO"].get_ydata()) == [-6.0, -5.5, -3.5]


def test_bars_stand_where_an_error_is_known():
    errors = {"Log-likelihood": {0: 0.25, 16: 0.5}}
    figure = bound_by_flow_length(VALUES, errors=errors)
    first, second = figure.axes[0].containers
    (_, _, (bars,)) = first
    sizes = {seg[0, 0]: np.ptp(seg[:, 1]) for seg in bars.get_segments() if len(seg)}
    assert sizes == {0: pytest.approx(0.5), 16: pytest.approx(1.0)}
    assert not second.has_yerr


def test_a_run_without_a_length_is_a_level_of_the_colour_of_its_number():
    figure = bound_by_flow_length(VALUES, levels={"ELBO": {"spline": -3.2}}, flow="planar")
    (level,) = [each for each in figure.axes[0].lines if set(each.get_ydata()) == {-3.2}]
    assert level.get_color() == lines(figure)["ELBO"].get_color()
    assert [text.get_text() for text in figure.axes[0].texts] == ["spline"]
    assert figure.axes[0].get_xlabel() == "length of the planar flow"
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["0", "4", "16"]


@pytest.mark.parametrize("values", [{}, {"ELBO": {}}])
def test_nothing_to_draw_is_refused_lengths(values):
    with pytest.raises(InputError, match="at least one length"):
        bound_by_flow_length(values)
