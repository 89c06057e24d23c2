import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.datasets import load_breast_cancer, make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score

from vaekit.errors import InputError
from vaekit.figures import column_scatter, marginals, pair_scatter


@pytest.fixture(scope="module")
def cancer():
    return load_breast_cancer()


def r_squared(axes):
    return axes.texts[0].get_text()


def test_a_panel_for_each_of_twelve_columns_with_its_name_and_r_squared(cancer):
    pca = PCA(3).fit(cancer.data)
    outputs = pca.inverse_transform(pca.transform(cancer.data))
    names = list(cancer.feature_names)
    figure = column_scatter(cancer.data, outputs=outputs, names=names, title="Cells")
    assert len(figure.axes) == 12
    assert figure.get_suptitle() == "Cells: first 12 of 30 columns"
    for column, axes in enumerate(figure.axes):
        expected = r2_score(cancer.data[:, column], outputs[:, column])
        assert r_squared(axes) == f"R² {expected:.2f}"
        assert names[column].startswith(axes.get_title(loc="left").rstrip("…"))
    assert "units of the column" in figure.get_supxlabel()


def test_many_rows_are_thinned_for_the_eye_but_not_for_r_squared():
    x = np.arange(10_000.0)[:, None]
    axes = column_scatter(x, outputs=x).axes[0]
    assert len(axes.lines[-1].get_xdata()) == 2000
    assert r_squared(axes) == "R² 1.00"


def test_missing_and_constant_columns_draw():
    x = np.array([[1.0, 3.0, np.nan], [2.0, 3.0, np.nan], [np.nan, 3.0, np.nan]])
    figure = column_scatter(x, outputs=x)
    FigureCanvasAgg(figure).draw()
    assert [r_squared(axes) for axes in figure.axes] == ["R² 1.00", "constant", "constant"]
    FigureCanvasAgg(marginals(x, samples=x)).draw()


def test_marginals_of_the_data_sum_to_one_on_common_bins(cancer):
    generator = np.random.default_rng(0)
    samples = generator.normal(cancer.data.mean(0), cancer.data.std(0), size=(300, 30))
    figure = marginals(cancer.data, samples=samples)
    for axes in figure.axes:
        data, drawn = (patch.get_data() for patch in axes.patches)
        assert data.values.sum() == pytest.approx(1)
        assert 0.97 < drawn.values.sum() <= 1
        np.testing.assert_array_equal(data.edges, drawn.edges)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["data", "samples"]


def test_three_columns_make_three_pairs_of_panels_on_common_axes():
    points, _ = make_swiss_roll(200, random_state=0)
    figure = pair_scatter(points, samples=2 * points, names=("x", "y", "z"))
    assert len(figure.axes) == 6
    pairs = [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes[::2]]
    assert pairs == [("x", "y"), ("x", "z"), ("y", "z")]
    for data, drawn in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        assert (data.get_title(loc="left"), drawn.get_title(loc="left")) == ("Data", "Samples")
        assert data.get_xlim() == drawn.get_xlim()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: column_scatter(np.eye(3), outputs=np.zeros((3, 2))), "expected 3 features"),
        (lambda: column_scatter(np.eye(3), outputs=np.zeros((2, 3))), "an output for each of 3"),
        (lambda: marginals(np.eye(3), samples=np.eye(3), names=("a",)), "names of 3 columns"),
        (lambda: pair_scatter(np.eye(4), samples=np.eye(4)), "2 or 3 columns, got 4"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
