"""What a run minimises, in words that fit into a picture."""

from collections.abc import Iterator

from vaekit.config import ModelConfig, ObjectiveConfig
from vaekit.tasks import LOG_PX, LOG_PZ, LOG_QZ, MEAN

__all__ = ["loss_lines", "loss_terms"]

_MINUS = "\N{MINUS SIGN}"
_KL = "KL(q(z|x) ‖ p(z))"


def loss_lines(objective: ObjectiveConfig, *, model: ModelConfig) -> tuple[str, ...]:
    """Write the loss of a row with the values of a run.

    Args:
        objective: of the run.
        model: of the run; tells whether the KL has a closed form.

    Returns:
        The formula, and what has to be said about it.

    Example:
        >>> loss_lines(ObjectiveConfig(beta=4.0, free_bits=0.5), model=ModelConfig())[0]
        'loss = −log p(x|z) + 4 Σ_d max(0.5, KL_d)'
    """
    closed = _closed(objective, model)
    tight = objective.reduce == "logmeanexp"
    penalty = _times(objective.mean_penalty) + "|μ|²/2" if objective.mean_penalty else ""
    body = _tight(objective) if tight else _mean(objective, closed=closed)
    formula = " + ".join(part for part in (f"loss = {body}", penalty) if part)
    return (formula, *_remarks(objective, closed=closed and objective.beta > 0))


def loss_terms(objective: ObjectiveConfig) -> tuple[str, ...]:
    """Name what the loss is made of.

    Args:
        objective: of the run.

    Returns:
        Some of the names that ``tasks.graph`` takes.

    Example:
        >>> loss_terms(ObjectiveConfig(beta=0.0))
        ('log p(x|z)',)
    """
    rate = (LOG_PZ, LOG_QZ) if objective.entropy else (LOG_PZ,)
    mean = (MEAN,) if objective.mean_penalty else ()
    return (LOG_PX, *(rate if objective.beta else ()), *mean)


def _closed(objective: ObjectiveConfig, model: ModelConfig) -> bool:
    """Whether the rate is computed without samples."""
    q = model.posterior
    flat = q.kind == "gaussian" and (q.flow == "none" or q.flow_length == 0)
    bound = objective.reduce == "mean" and objective.analytic and objective.entropy == 1.0
    return bound and flat and model.prior.kind == "normal"


def _mean(objective: ObjectiveConfig, *, closed: bool) -> str:
    """A weighted bound, averaged over the samples."""
    k, beta = objective.samples, _times(objective.beta)
    fit = f"{_MINUS}log p(x|z)" if k == 1 else f"{_MINUS}(1/{k}) Σₖ log p(x|zₖ)"
    if not objective.beta:
        return fit
    if objective.free_bits:
        return f"{fit} + {beta}Σ_d max({objective.free_bits:g}, KL_d)"
    if closed:
        return f"{fit} + {beta}{_KL}"
    if k == 1:
        return f"{fit} {_rate(objective, 'z', sign=_MINUS)}"
    return f"{_MINUS}(1/{k}) Σₖ [log p(x|zₖ) {_rate(objective, 'zₖ', sign='+')}]"


def _tight(objective: ObjectiveConfig) -> str:
    """An importance-weighted bound."""
    rate = _rate(objective, "zₖ", sign="+") if objective.beta else ""
    inside = " ".join(part for part in ("log p(x|zₖ)", rate) if part)
    return f"{_MINUS}log (1/{objective.samples}) Σₖ exp[{inside}]"


def _rate(objective: ObjectiveConfig, z: str, *, sign: str) -> str:
    """What beta multiplies, with its sign before it."""
    beta, entropy = _times(objective.beta), _times(objective.entropy)
    prior, posterior = f"log p({z})", f"{entropy}log q({z}|x)"
    if not objective.entropy:
        return f"{sign} {beta}{prior}"
    if beta:
        return f"{sign} {beta}({prior} {_MINUS} {posterior})"
    return f"{sign} {prior} {'+' if sign == _MINUS else _MINUS} {posterior}"


def _times(weight: float) -> str:
    """A weight before what it multiplies; 1 is not written."""
    return "" if weight == 1.0 else f"{weight:g} "


def _remarks(objective: ObjectiveConfig, *, closed: bool) -> Iterator[str]:
    if closed or (objective.free_bits and objective.beta):
        yield "KL in closed form"
    if objective.schedule != "constant" and objective.beta:
        how = "grows from 0 over" if objective.schedule == "linear" else "goes in cycles of"
        epochs = "1 epoch" if objective.warmup == 1 else f"{objective.warmup} epochs"
        yield f"the weight of the rate {how} {epochs}"
