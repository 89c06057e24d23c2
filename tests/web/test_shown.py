"""Where pixels are drawn, the row that is shown is the one whose code stands on the map."""

import numpy as np
import torch

from vaekit.web import open_run


def test_more_rows_than_a_batch_show_the_draw_that_was_encoded(folders):
    shown = open_run(folders["noisy"], split="all")
    assert len(shown.index) > 1024  # the noise of a batch is its own
    with torch.no_grad():
        found = shown.run.model.encode(shown.model_rows(np.arange(len(shown.index)))).mean
    np.testing.assert_allclose(found.numpy(), shown.codes.mean, atol=1e-5)
