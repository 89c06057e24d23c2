"""Terms of rows with a label, and of rows whose label is marginalized."""

from torch import Tensor

from vaekit.objectives.base import Terms

__all__ = ["sum_out_label", "with_label"]


def with_label(terms: Terms, *, log_py: Tensor) -> Terms:
    r"""Terms of log p(x, y) from those of log p(x|y).

    .. math:: \ell(x, y) = \ell(x|y) - \log p(y)

    Args:
        terms: each (...), of rows given their labels.
        log_py: (...) log-probability of these labels, in nats.

    Returns:
        The terms; the cost of the label is part of the rate.

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, equation 6.
    """
    return terms._replace(
        loss=terms.loss - log_py, rate=terms.rate - log_py, bound=terms.bound + log_py
    )


def sum_out_label(terms: Terms, *, log_py: Tensor, log_qy: Tensor) -> Terms:
    r"""Terms of log p(x) from those of log p(x|y), for every label y.

    .. math::
        \ell(x) = \sum_y q(y|x) \big[\ell(x|y) - \log p(y) + \log q(y|x)\big]

    It is a bound where each part is one, and equal to -log p(x) where q(y|x) = p(y|x) and the
    bounds given y are tight.

    Args:
        terms: each (C, B), of every row given every label.
        log_py: (C,) log p(y), in nats.
        log_qy: (B, C) log q(y|x), in nats.

    Returns:
        The terms, each (B,); the rate holds KL(q(y|x) || p(y)).

    Example:
        >>> import torch
        >>> zeros = torch.zeros(2, 5)
        >>> even = torch.full((5, 2), 0.5).log()
        >>> sum_out_label(Terms(*[zeros] * 4), log_py=even[0], log_qy=even).bound
        tensor([0., 0., 0., 0., 0.])

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, equation 7.
    """
    log_q = log_qy.T
    q = log_q.exp()
    cost = (q * (log_q - log_py.unsqueeze(-1))).sum(0)
    loss, distortion, rate, bound = ((q * each).sum(0) for each in terms[:4])
    return Terms(loss=loss + cost, distortion=distortion, rate=rate + cost, bound=bound - cost)
