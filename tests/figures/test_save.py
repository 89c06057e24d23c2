import os

import numpy as np
import pytest
from PIL import Image

from vaekit.errors import InputError, VaekitError
from vaekit.figures import image_grid, kl_per_dim, latent_scatter, save_figure


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
