import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaekit.errors import InputError
from vaekit.figures import latent_scatter


def clouds(classes, rows=20, apart=5.0):
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), rows)
    return generator.normal(size=(len(labels), 2)) + apart * labels[:, None], labels


def names(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_class_has_its_own_look_its_points_and_its_name():
    codes, labels = clouds(3)
    classes = ("cat", "dog", "cow")
    figure = latent_scatter(codes, labels=labels, classes=classes, axis_labels=("z3", "z7"))
    axes = figure.axes[0]
    looks = {(line.get_color(), line.get_marker()) for line in axes.lines[:3]}
    assert len(looks) == 3
    for label, line in enumerate(axes.lines[:3]):
        np.testing.assert_array_equal(line.get_xydata(), codes[labels == label])
    assert names(figure) == list(classes)
    assert [text.get_text() for text in axes.texts] == list(classes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z3", "z7")


def test_class_names_stand_at_the_medians():
    codes, labels = clouds(3, apart=20.0)
    texts = latent_scatter(codes, labels=labels).axes[0].texts
    for label, text in enumerate(texts):
        np.testing.assert_allclose(text.get_position(), np.median(codes[labels == label], axis=0))


def test_names_at_the_same_place_do_not_cover_each_other():
    codes, labels = clouds(4, apart=0.0)
    classes = ("Pullover", "Coat", "Shirt", "T-shirt/top")
    figure = latent_scatter(codes, labels=labels, classes=classes)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_both_axes_have_the_same_scale_and_show_every_point():
    codes = np.array([[0.0, 0.0], [10.0, 0.1], [5.0, -0.1]])
    axes = latent_scatter(codes).axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert right - left == pytest.approx(top - bottom)
    assert left < 0
    assert right > 10
    assert bottom < -0.1 < 0.1 < top


def test_small_classes_beyond_twenty_are_drawn_together():
    codes, labels = clouds(25)
    labels[labels == 24] = 0
    shown = names(latent_scatter(codes, labels=labels))
    assert len(shown) == 21
    assert shown[0] == "4 more classes"
    assert "0" in shown


def test_rows_without_a_label_are_grey_and_named():
    codes, labels = clouds(2)
    labels[:5] = -1
    figure = latent_scatter(codes, labels=labels)
    assert names(figure) == ["no label", "0", "1"]
    assert len(figure.axes[0].lines[0].get_xdata()) == 5


def test_without_labels_there_is_no_legend():
    assert latent_scatter(clouds(1)[0]).legends == []


def test_ten_thousand_points_and_signs_of_formulas_draw():
    codes, labels = clouds(2, rows=5000)
    figure = latent_scatter(codes, labels=labels, classes=("$5_$", "a" * 40), title="$x^$")
    FigureCanvasAgg(figure).draw()
    assert names(figure) == ["$5_$", "a" * 17 + "…"]


@pytest.mark.parametrize("rows", [1, 3])
def test_points_that_are_all_equal_or_missing_still_draw(rows):
    FigureCanvasAgg(latent_scatter(np.zeros((rows, 2)), labels=[0] * rows)).draw()
    FigureCanvasAgg(latent_scatter(np.full((rows, 2), np.nan), labels=[0] * rows)).draw()


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="expected 2 features"):
        latent_scatter(np.zeros((4, 3)))
    with pytest.raises(InputError, match="a label for each of 4 codes"):
        latent_scatter(np.zeros((4, 2)), labels=[0, 1])
