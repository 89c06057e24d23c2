import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import kl_per_dim


def heights(axes, container):
    return [bar.get_height() for bar in axes.containers[container]]


def test_bars_are_sorted_marked_and_named_after_their_dimension():
    axes = kl_per_dim([0.001, 3.0, 0.5], active=[False, True, True]).axes[0]
    assert heights(axes, 0) == [3.0, 0.5]
    assert heights(axes, 1) == [0.001]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["z2", "z3", "z1"]
    assert axes.containers[1][0].get_hatch()
    assert not axes.containers[0][0].get_hatch()
    assert "nats" in axes.get_ylabel()


def test_the_threshold_is_explained():
    def legend(**options):
        axes = kl_per_dim([2.0, 0.1], **options).axes[0]
        return [text.get_text() for text in axes.get_legend().get_texts()]

    variance = legend(active=[True, False], threshold=0.01)
    assert variance == ["active: variance of the posterior mean > 0.01", "not active"]
    assert legend(threshold=0.5) == ["active: KL > 0.5 nats", "not active"]
    assert legend(active=[True, True]) == variance[:1]


def test_activity_is_what_the_caller_says_not_the_divergence():
    axes = kl_per_dim([5.0, 1.0], active=[False, True]).axes[0]
    assert heights(axes, 0) == [1.0]
    assert axes.get_title(loc="left").startswith("1 of 2")


def test_many_dimensions_need_no_names():
    axes = kl_per_dim(np.linspace(0, 3, 100)).axes[0]
    assert len(axes.get_xticks()) == 0
    assert axes.get_xlabel().startswith("100 latent dimensions")


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="a number for each dimension"):
        kl_per_dim(np.zeros((2, 2)))
    with pytest.raises(InputError, match="expected 2 truth values"):
        kl_per_dim([1.0, 2.0], active=[True])
