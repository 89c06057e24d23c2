import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import bound_by_length

VALUES = {"Log-likelihood": {16: -3.0, 0: -5.0, 4: -4.0}, "ELBO": {0: -6.0, 4: -5.5, 16: -3.5}}


def lines(figure):
    return {bar.get_label(): bar.lines[0] for bar in figure.axes[0].containers}


def test_points_are_joined_in_the_order_of_their_lengths():
    found = lines(bound_by_length(VALUES, flow="planar"))
    assert list(found) == ["Log-likelihood", "ELBO"]
    assert list(found["Log-likelihood"].get_xdata()) == [0, 4, 16]
    assert list(found["Log-likelihood"].get_ydata()) == [-5.0, -4.0, -3.0]
    assert list(found["ELBO"].get_ydata()) == [-6.0, -5.5, -3.5]


def test_bars_stand_where_an_error_is_known():
    errors = {"Log-likelihood": {0: 0.25, 16: 0.5}}
    figure = bound_by_length(VALUES, errors=errors)
    first, second = figure.axes[0].containers
    (_, _, (bars,)) = first
    sizes = {seg[0, 0]: np.ptp(seg[:, 1]) for seg in bars.get_segments() if len(seg)}
    assert sizes == {0: pytest.approx(0.5), 16: pytest.approx(1.0)}
    assert not second.has_yerr


def test_a_run_without_a_length_is_a_level_of_the_colour_of_its_number():
    figure = bound_by_length(VALUES, levels={"ELBO": {"spline": -3.2}}, flow="planar")
    (level,) = [each for each in figure.axes[0].lines if set(each.get_ydata()) == {-3.2}]
    assert level.get_color() == lines(figure)["ELBO"].get_color()
    assert [text.get_text() for text in figure.axes[0].texts] == ["spline"]
    assert figure.axes[0].get_xlabel() == "length of the planar flow"
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["0", "4", "16"]


@pytest.mark.parametrize("values", [{}, {"ELBO": {}}])
def test_nothing_to_draw_is_refused(values):
    with pytest.raises(InputError, match="at least one length"):
        bound_by_length(values)
