import subprocess
import sys

import matplotlib as mpl
import pytest

from vaekit.figures import kl_per_dim, styled
from vaekit.figures.style import MARKERS, PALETTE, mark

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
    with pytest.raises(RuntimeError), styled():
        raise RuntimeError
    assert dict(mpl.rcParams) == before


def test_a_hundred_classes_look_different():
    looks = [mark(index) for index in range(100)]
    assert len(set(looks)) == 100
    assert {color for color, _ in looks[:10]} == set(PALETTE)
    assert {marker for _, marker in looks[:10]} == set(MARKERS)
