import math

import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import learning_curves


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
