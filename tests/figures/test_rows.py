import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import reconstructions, samples

ROWS = np.random.default_rng(0).uniform(size=(12, 12))


def test_images_tables_and_points_are_drawn_in_their_own_ways():
    image = samples(ROWS, shape=(3, 2, 2))
    assert len(image.axes[0].images) == 1
    table = samples(ROWS, shape=(12,), data=ROWS)
    assert len(table.axes) == 12
    points = samples(ROWS[:, :2], shape=(2,), data=ROWS[:, :2], names=("x", "y"))
    assert len(points.axes) == 2
    assert points.axes[0].get_xlabel() == "x"


def test_reconstructions_go_by_shape():
    assert len(reconstructions(ROWS, outputs=ROWS, shape=(1, 3, 4)).axes) == 1
    names = [f"c{index}" for index in range(12)]
    figure = reconstructions(ROWS, outputs=ROWS, shape=(12,), names=names)
    assert [axes.get_title(loc="left") for axes in figure.axes] == names


def test_samples_of_a_table_need_data():
    with pytest.raises(InputError, match="pass data="):
        samples(ROWS, shape=(12,))
