"""What the numbers say, in plain words."""

__all__ = ["write_notes"]

_COLLAPSED_NATS = 0.1


def write_notes(
    *,
    dense: bool,
    rate: float,
    active: int,
    latent_dim: int,
    effective: float,
    samples: int,
) -> tuple[str, ...]:
    """Sentences for whatever a person should know before using the numbers.

    Args:
        dense: whether the posterior has a density.
        rate: in nats per row.
        active: active latent dimensions.
        latent_dim: D.
        effective: median effective sample size.
        samples: K.

    Returns:
        The sentences; none when all is well.

    Example:
        >>> write_notes(
        ...     dense=True, rate=0.0, active=0, latent_dim=2, effective=90.0, samples=100
        ... )[0][:9]
        'Collapsed'
    """
    if not dense:
        return (
            "The posterior is a point and has no density: there is no log-likelihood, and the "
            "rate is only the cross-entropy -log p(z) at the code.",
        )
    notes = []
    if rate < _COLLAPSED_NATS:
        notes.append(
            f"Collapsed: the code carries {rate:.2g} nats and {active} of {latent_dim} dimensions "
            "vary with the data, so the decoder ignores it. Warm the rate up (objective.schedule "
            "= linear), lower objective.beta, set objective.free_bits, or take a weaker decoder."
        )
    elif active == 0:
        notes.append(
            f"No mean of a code varies by more than 0.01, yet the rate is {rate:.3g} nats: the "
            "posteriors are far narrower than the prior, and samples of the prior miss the codes."
        )
    elif 2 * active < latent_dim:
        notes.append(
            f"{latent_dim - active} of {latent_dim} latent dimensions are unused; the model "
            "would lose little with fewer."
        )
    if samples >= 10 and effective < max(2.0, 0.001 * samples):
        notes.append(
            f"Half of the rows rest on fewer than {effective:.1f} effective samples of {samples}: "
            "the log-likelihood is a lower bound that more samples would raise."
        )
    return tuple(notes)
