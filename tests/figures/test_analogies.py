import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import analogy_board


def test_the_image_stands_at_the_left_and_what_was_made_in_its_row():
    images = np.array([[0.1] * 4, [0.2] * 4])
    made = np.array([[[0.3] * 4, [0.4] * 4, [0.5] * 4], [[0.6] * 4, [0.7] * 4, [0.8] * 4]])
    axes = analogy_board(images, made=made, shape=(1, 2, 2), names=["a", "b", "c"]).axes[0]
    array = np.asarray(axes.images[0].get_array())
    lines = [array[0, ::3], array[3, ::3]]
    np.testing.assert_allclose(lines[0], [0.1, 1.0, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(lines[1], [0.2, 1.0, 0.6, 0.7, 0.8])


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 4), (1, 3, 4)])
def test_what_does_not_go_together_is_refused(shape):
    with pytest.raises(InputError, match=r"\(2, 3, F\)"):
        analogy_board(np.zeros((2, 4)), made=np.zeros(shape), shape=(1, 2, 2), names="abc")
