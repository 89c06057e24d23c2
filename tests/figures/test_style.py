"""The style, checks of inputs, and saving."""

import os
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError, VaekitError
from vaekit.figures import image_grid, kl_per_dim, latent_scatter, save_figure, style_context
from vaekit.figures.latent import class_style
from vaekit.figures.style import MARKERS, PALETTE, is_image

DRAW_WITHOUT_PYPLOT = """
import sys
import numpy as np
import matplotlib as mpl
from vaekit import figures
before = dict(mpl.rcParams)
figures.save_figure(figures.kl_per_dim([1.0, 2.0]), path=sys.argv[1])
figures.latent_scatter(np.eye(2), labels=[0, 1])
assert dict(mpl.rcParams) == before, "settings changed"
assert "matplotlib.pyplot" not in sys.modules, "pyplot imported"
assert "torch" not in sys.modules, "torch imported"
"""


def test_drawing_touches_neither_pyplot_nor_torch_nor_settings(tmp_path):
    command = [sys.executable, "-W", "error", "-c", DRAW_WITHOUT_PYPLOT, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_settings_of_the_user_change_no_figure():
    plain = kl_per_dim([1.0, 0.5]).get_size_inches()
    with mpl.rc_context({"font.size": 30, "figure.dpi": 50, "axes.titlelocation": "right"}):
        figure = kl_per_dim([1.0, 0.5])
    assert (figure.get_size_inches() == plain).all()
    assert figure.axes[0].get_title(loc="left")
    assert figure.axes[0].yaxis.label.get_fontsize() == 10


def test_settings_come_back_after_an_error():
    before = dict(mpl.rcParams)
    with pytest.raises(RuntimeError), style_context():
        raise RuntimeError
    assert dict(mpl.rcParams) == before


def test_a_hundred_classes_look_different():
    looks = [class_style(index) for index in range(100)]
    assert len(set(looks)) == 100
    assert {color for color, _ in looks[:10]} == set(PALETTE)
    assert {marker for _, marker in looks[:10]} == set(MARKERS)


@pytest.mark.parametrize("shape", [(2, 8, 8), (8, 8), (), (0,), (1, 0, 8)])
def test_a_shape_that_is_neither_image_nor_table_is_refused(shape):
    with pytest.raises(InputError, match="expected the shape"):
        is_image(shape)


def scatter():
    codes = np.random.default_rng(0).normal(size=(50, 2))
    return latent_scatter(codes, labels=np.arange(50) % 3)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_data_give_the_same_bytes(tmp_path, ending):
    one, other = (save_figure(scatter(), path=tmp_path / f"{name}.{ending}") for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_a_png_has_the_size_of_its_figure_and_names_no_version(tmp_path):
    figure = image_grid(np.zeros((4, 64)), shape=(1, 8, 8))
    with Image.open(save_figure(figure, path=tmp_path / "deep" / "grid.png")) as image:
        size = figure.get_size_inches() * figure.dpi
        assert np.abs(np.array(image.size) - size).max() <= 1
        assert "Software" not in image.info


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = save_figure(kl_per_dim([1.0]), path=tmp_path / "kl.png")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(VaekitError, match="No space left"):
        save_figure(scatter(), path=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_reported(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(VaekitError, match="could not be written"):
        save_figure(kl_per_dim([1.0]), path=tmp_path / "file" / "kl.png")


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        save_figure(kl_per_dim([1.0]), path=tmp_path / "kl.gif")
    assert list(tmp_path.iterdir()) == []
