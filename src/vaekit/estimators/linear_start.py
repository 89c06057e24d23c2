"""Start the model of a table at the factor analysis of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaekit.estimators.gaussian import fit_gaussian
from vaekit.models import Columns, TableInputs

if TYPE_CHECKING:
    from vaekit.estimators.fitting import LinearPlusMLP

__all__ = ["fit_factors", "start_linear"]

_MAX_ROWS = 2000
_LEAST_NOISE = 0.02
_FACTOR_STEPS = 50
_RIDGE = 1e-2
_LOGISTIC = 1.8
_SCALED = ("real", "positive", "count", "bounded")
_LEAST_WITHIN = 0.1

Array = NDArray[np.float64]


def start_linear(
    rows: Array,
    *,
    inputs: TableInputs,
    encoder: LinearPlusMLP,
    decoder: LinearPlusMLP,
    head: Columns,
    seed: int,
) -> None:
    r"""Set the weights of the networks of a table to those of a factor analysis, in place.

    A Gaussian is fitted by expectation maximisation to the standardised numbers and indicators
    of the columns, and its covariance is split into loadings and noise:

    .. math:: \Sigma \approx \Lambda \Lambda^T + \operatorname{diag}(\psi)

    The linear part of the decoder gets the loadings, and the scales the noise; the logits of
    levels are those of linear discriminant analysis. The linear part of the encoder gets the
    regression of :math:`E[z|x_o]` on the inputs, and its log-variances their mean. The last
    layers of both perceptrons start at 0, so that the model begins as a linear one.

    Args:
        rows: (N, F) as the model sees them, NaN where missing.
        inputs: what the encoder sees of rows.
        encoder: from there to means and log-variances of D independent codes.
        decoder: from codes to the numbers that the head reads.
        head: the distribution of the columns.
        seed: chooses 2000 rows from larger tables.

    Source:
        Rubin and Thayer 1982, Psychometrika 47, for the factor analysis.
    """
    if len(rows) > _MAX_ROWS:
        rows = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:_MAX_ROWS])]
    seen = _inputs(inputs, rows)
    owners = inputs.owners().numpy()
    numbers = np.where(np.isnan(rows)[:, owners], np.nan, seen[:, : len(owners)])
    shift = np.nanmean(numbers, 0)
    scale = np.nanstd(numbers, 0)
    scale[~(scale > 0)] = 1.0
    standard = (numbers - shift) / scale
    dim = decoder.linear.in_features
    gaussian = fit_gaussian(standard, max_iter=50, tol=1e-4)
    loadings, noise = fit_factors(gaussian.covariance, factors=dim)
    with torch.no_grad():
        centre = shift + scale * gaussian.mean
        weights, bias = _decoder(head, owners, loadings, noise, shift=centre, scale=scale)
        _set(decoder, weights, bias)
        known = ~np.isnan(standard)
        means, log_variances = _posterior(
            np.where(known, standard - gaussian.mean, 0.0), known, loadings, noise
        )
        weights, bias = _regress(seen, np.hstack([means, log_variances]))
        weights[dim:], bias[dim:] = 0.0, log_variances.mean(0)
        _set(encoder, weights, bias)


def fit_factors(covariance: Array, *, factors: int) -> tuple[Array, Array]:
    """Split a covariance into loadings and noise by expectation maximisation.

    Args:
        covariance: (E, E)
        factors: D.

    Returns:
        (E, D) loadings, the rest 0 where there are fewer features; (E,) variances of the noise.

    Source:
        Rubin and Thayer 1982, Psychometrika 47.
    """
    values, vectors = np.linalg.eigh(covariance)
    variances = np.diagonal(covariance)
    least = _LEAST_NOISE * variances
    used = min(factors, max(1, len(covariance) - 1))
    rest = values[: len(values) - used]
    level = float(rest.mean()) if len(rest) else _LEAST_NOISE
    top = vectors[:, ::-1][:, :used]
    loadings = top * np.sqrt(np.clip(values[::-1][:used] - level, 1e-6, None))
    noise = np.maximum(variances - np.square(loadings).sum(1), least)
    for _ in range(_FACTOR_STEPS):
        precision = np.eye(used) + loadings.T @ (loadings / noise[:, None])
        slopes = np.linalg.solve(precision, (loadings / noise[:, None]).T)
        cross = covariance @ slopes.T
        inner = np.linalg.inv(precision) + slopes @ cross
        loadings = np.linalg.solve(inner, cross.T).T
        noise = np.maximum(variances - (loadings * cross).sum(1), least)
    return np.pad(loadings, ((0, 0), (0, factors - used))), noise


def _inputs(inputs: TableInputs, rows: Array) -> Array:
    """(N, I) what the encoder sees."""
    known = ~np.isnan(rows)
    with torch.no_grad():
        both = np.hstack([np.where(known, rows, 0.0), known]).astype(np.float32)
        found: Array = inputs(torch.from_numpy(both)).double().numpy()
    return found


def _posterior(
    centred: Array, known: NDArray[np.bool_], loadings: Array, noise: Array
) -> tuple[Array, Array]:
    """(N, D) means and log-variances of the factors given the known features."""
    weighted = loadings / noise[:, None]
    outer = weighted[:, :, None] * loadings[:, None, :]
    precision = np.eye(loadings.shape[1]) + np.tensordot(known.astype(float), outer, 1)
    covariance = np.linalg.inv(precision)
    means = (covariance @ (centred @ weighted)[:, :, None])[:, :, 0]
    # of independent codes, whose variances are those given the other codes
    return means, -np.log(np.diagonal(precision, axis1=1, axis2=2))


def _regress(seen: Array, wanted: Array) -> tuple[Array, Array]:
    """(O, I) and (O,) of the ridge regression of targets (N, O) on inputs (N, I)."""
    middle, target = seen.mean(0), wanted.mean(0)
    centred = seen - middle
    gram = centred.T @ centred + _RIDGE * len(seen) * np.eye(seen.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (wanted - target)).T
    return weights, target - weights @ middle


def _decoder(
    head: Columns,
    owners: NDArray[np.int64],
    loadings: Array,
    noise: Array,
    *,
    shift: Array,
    scale: Array,
) -> tuple[Array, Array]:
    """(I, D) weights and (I,) biases of the numbers that a head reads."""
    slopes, spread = loadings * scale[:, None], np.log(scale) + np.log(noise) / 2
    weights, bias = [], []
    for number in range(len(head.sizes)):
        places = head.get_buffer(f"place{number}").tolist()
        features = [np.flatnonzero(owners == place) for place in places]
        at = np.concatenate(features)
        kind = head.columns[places[0]].kind
        if kind in _SCALED:
            weights += [slopes[at], np.zeros((len(at), loadings.shape[1]))]
            # a count has its dispersion where the others have their log-scale
            bias += [shift[at], np.zeros(len(at)) if kind == "count" else spread[at]]
        elif kind == "binary":  # seen as -1 and 1
            for f in at:
                share = (shift[f] + 1) / 2
                logits, constants = _logits(
                    np.stack([-slopes[f], slopes[f]]) / 2, shares=np.array([1 - share, share])
                )
                weights.append(logits[1:] - logits[:1])
                bias.append(constants[1:] - constants[:1])
        elif kind == "categorical":
            for each in features:
                logits, constants = _logits(slopes[each], shares=shift[each])
                weights.append(logits)
                bias.append(constants)
        else:  # the mean level, in standard deviations of a logistic variable
            for each in features:
                level = np.arange(len(each))
                spare = shift[each] @ np.square(level - shift[each] @ level)
                weights.append(_LOGISTIC * (level @ slopes[each])[None] / np.sqrt(spare + 1e-6))
                bias.append(np.zeros(1))
    return np.vstack(weights), np.concatenate(bias)


def _logits(slopes: Array, *, shares: Array) -> tuple[Array, Array]:
    """(L, D) and (L,) of the levels of a column, from covariances with the factors (L, D)."""
    shares = np.clip(shares, 1e-3, None)
    means = slopes / shares[:, None]
    within = np.eye(slopes.shape[1]) - (means * shares[:, None]).T @ means
    values, vectors = np.linalg.eigh(within)
    weights = means @ (vectors / np.clip(values, _LEAST_WITHIN, None)) @ vectors.T
    return weights, np.log(shares) - (weights * means).sum(1) / 2


def _set(network: LinearPlusMLP, weights: Array, bias: Array) -> None:
    """Make a network the linear map, and what the perceptron adds to it 0."""
    network.linear.weight.copy_(torch.from_numpy(weights))
    last = cast("nn.Linear", network.mlp.layers[-1])
    last.weight.zero_()
    cast("Tensor", last.bias).copy_(torch.from_numpy(bias))
