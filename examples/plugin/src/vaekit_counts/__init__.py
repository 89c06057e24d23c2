"""A Laplace prior and a Poisson likelihood, registered with vaekit."""

from pydantic import BaseModel, Field

from vaekit import registry


class LaplaceOptions(BaseModel, extra="forbid"):
    """What stands in ``model.prior.options``."""

    scale: float = Field(default=1.0, gt=0.0)


LAPLACE = registry.Prior(
    name="laplace",
    build="vaekit_counts.parts:LaplacePrior",
    settings={},
    options=LaplaceOptions,
    help="independent Laplace distributions, for sparse codes",
    words="independent Laplace distributions",
    latex=r"\prod_d \frac{1}{2 b} \, \exp(-|z_d| / b)",
    closed_form=False,
    from_rows=False,
    picture=lambda prior: ("Laplace,", f"scale {prior.scale:g}"),
)

POISSON = registry.Likelihood(
    name="poisson",
    build="vaekit_counts.parts:Poisson",
    settings={},
    help="counts 0, 1, 2, ... of any size",
    words="Poisson, with the expected count λ of each feature",
    latex=r"\sum_f [x_f \, \log \lambda_f - \lambda_f - \log x_f!]",
    nats={"binary": "probability", "real": "probability"},
    default_for=(),
    values="whole numbers from 0",
    numbers="numbers whose softplus is λ",
    title="Poisson",
    picture=lambda head: (),
    browser_mean=None,
)


def register():
    """Called by vaekit."""
    registry.register(LAPLACE, POISSON)
