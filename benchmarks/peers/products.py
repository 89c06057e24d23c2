"""The floor: the matrix products of a training step and nothing else."""

import time

import torch


def products(*, layers, rows, steps, kind):
    """Of each dense layer the product forward, and both products of its gradient.

    The gradient with respect to the rows of the first layer is nobody's, so it is left out.
    Operands are made once, in the type of the product; results are thrown away.

    Args:
        layers: inputs and outputs of each, the first that of the data.
        rows: that go through each layer, one number a layer.
        steps: how often in an epoch.
        kind: torch.bfloat16, or torch.float32.
    """
    pairs = []
    for place, ((inputs, outputs), count) in enumerate(zip(layers, rows, strict=True)):
        x, weight = torch.randn(count, inputs).to(kind), torch.randn(outputs, inputs).to(kind)
        gradient = torch.randn(count, outputs).to(kind)
        pairs += [(x, weight.t()), (gradient.t(), x)]
        if place:
            pairs.append((gradient, weight))

    def epoch():
        began = time.perf_counter()
        for _ in range(steps):
            for one, other in pairs:
                torch.mm(one, other)
        return time.perf_counter() - began

    return epoch
