"""Analogies of a model in which label and style are told apart by construction."""

import numpy as np
import torch
from torch.distributions import Independent, Normal

from vaekit.inference import Codes, analogies, classify
from vaekit.models import (
    VAE,
    Conditional,
    LabelledConditional,
    LabelledVAE,
    LabelPrior,
    StandardNormal,
)


def point(mean):
    return Independent(Normal(mean, 1e-3), 1)


class Double(Conditional):
    """Rows are twice their codes."""

    def forward(self, context=None):
        return point(2 * context)


class Style(LabelledConditional):
    """The style is what a code is above its label."""

    def forward(self, context, label):
        return point(context - label.unsqueeze(-1))


class Shifted(LabelledConditional):
    """A code is its style above its label."""

    def forward(self, context, label):
        return point(context + label.unsqueeze(-1))


class Nearest(Conditional):
    """The label is the nearest whole number."""

    def forward(self, context=None):
        return torch.distributions.Categorical(logits=-100 * (context - torch.arange(3.0)).square())


def test_the_style_stays_and_the_label_changes():
    model = VAE(prior=StandardNormal(1), posterior=Double(), likelihood=Double())
    labelled = LabelledVAE(
        label_prior=LabelPrior([1.0] * 3),
        prior=StandardNormal(1),
        posterior=Style(),
        likelihood=Shifted(),
        classifier=Nearest(),
    )
    mean = np.array([[0.2], [1.1], [2.4], [1.7]], np.float32)
    codes = Codes(mean=mean, variance=np.zeros_like(mean))
    assert classify(labelled, codes=codes).argmax(1).tolist() == [0, 1, 2, 2]
    made = analogies(model, labelled=labelled, codes=codes)
    style = np.array([0.2, 0.1, 0.4, -0.3])
    expected = 2 * (style[:, None] + np.arange(3))
    np.testing.assert_allclose(made[..., 0], expected, atol=1e-5)
    told = analogies(model, labelled=labelled, codes=codes, labels=np.array([0, 1, 2, 1]))
    np.testing.assert_allclose(told[3, :, 0], 2 * (0.7 + np.arange(3)), atol=1e-5)
