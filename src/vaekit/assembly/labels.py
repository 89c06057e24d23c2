"""The labelled model on the codes of a run."""

from vaekit.config import LabelsConfig
from vaekit.models import LabelledVAE
from vaekit.models.row_parts import build_labelled, code_parts

__all__ = ["build_label_model"]


def build_label_model(config: LabelsConfig, *, codes: int, classes: int) -> LabelledVAE:
    """Put the labelled model of codes together.

    Args:
        config: its sizes.
        codes: numbers in a code, the latent dimensions of the run.
        classes: C, all equally probable.

    Returns:
        The model, with fresh parameters.

    Example:
        >>> import torch
        >>> build_label_model(LabelsConfig(), codes=4, classes=3).log_qy(torch.zeros(2, 4)).shape
        torch.Size([2, 3])
    """
    return build_labelled(
        code_parts(codes),
        latent_dim=config.latent_dim,
        hidden=config.hidden,
        label_prior=[1.0] * classes,
    )
