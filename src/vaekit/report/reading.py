"""What an objective asks for, in two sentences."""

from vaekit.report.setting import Setting

__all__ = ["how_to_read"]

_LOST = "what is lost on the way through the code"


def how_to_read(run: Setting) -> str:
    """Say what the objective of a run asks for.

    Args:
        run: the setting.

    Returns:
        Two sentences.

    Example:
        >>> from vaekit.config import Config
        >>> from vaekit.report.setting import read_setting
        >>> print(how_to_read(read_setting(Config().model_dump(), features=64, support="unit")))
        Training makes ℓ(x) small on average over the rows, in nats. Minus log p(x|z) is the
        distortion, what is lost on the way through the code; the rest is the rate, what the
        code says about its row.
    """
    first = "Training makes \N{SCRIPT SMALL L}(x) small on average over the rows, in nats."
    if not run.beta:
        second = _without_rate(run)
    elif run.tight:
        second = _importance(run)
    else:
        second = _two_terms(run)
    return f"{first} {second}"


def _without_rate(run: Setting) -> str:
    if run.mean_penalty:
        return (
            f"The first term is the distortion, {_LOST}; the second draws the mean of the code "
            "to 0, and nothing rewards noise in the code."
        )
    return (
        f"It is the distortion alone, {_LOST}: nothing asks the codes to lie where the prior "
        "draws them."
    )


def _importance(run: Setting) -> str:
    estimate = (
        f"The mean of {run.samples} importance weights estimates how probable the model finds x"
    )
    plain = run.beta == 1 and run.entropy == 1 and not run.mean_penalty and not run.scheduled
    if plain:
        return (
            f"{estimate}, so that minus \N{SCRIPT SMALL L}(x) is on average a floor under "
            "log p(x), and the more samples, the higher."
        )
    return (
        f"{estimate}, and where a weight of its terms is not 1 it need not be a floor under "
        "log p(x)."
    )


def _two_terms(run: Setting) -> str:
    if run.point:
        rest = "the rest asks for codes that the prior finds probable"
    else:
        rate = "the rate" if run.beta == 1 else f"{run.beta:g} times the rate"
        rest = f"the rest is {rate}, what the code says about its row{_exceptions(run)}"
    drawn = ", and the last term draws the mean of the code to 0" if run.mean_penalty else ""
    return f"Minus log p(x|z) is the distortion, {_LOST}; {rest}{drawn}."


def _exceptions(run: Setting) -> str:
    """Where the rest is not just the rate."""
    found = [
        f"where it is more than {run.free_bits:g} nats in a dimension" if run.free_bits else "",
        f"with {run.entropy:g} of the entropy of q" if run.entropy not in (0, 1) else "",
        "without the entropy of q" if not run.entropy else "",
        "with a weight that changes over training" if run.scheduled else "",
    ]
    return "".join(f", {each}" for each in found if each)
