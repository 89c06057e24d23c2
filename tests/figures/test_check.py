import pytest

from vaekit.errors import InputError
from vaekit.figures.style import is_image


@pytest.mark.parametrize("shape", [(2, 8, 8), (8, 8), (), (0,), (1, 0, 8)])
def test_a_shape_that_is_neither_image_nor_table_is_refused(shape):
    with pytest.raises(InputError, match="expected the shape"):
        is_image(shape)
