"""What the report of a run shows beside what every report shows."""

from typing import Annotated, Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["ReportConfig"]


class ReportConfig(Section):
    """Figures that take a choice or some time.

    Learning curves, reconstructions, samples and the latent space are in every report.
    """

    walk: tuple[str, str] | None = None
    """Two classes: a strip and an animation walk from the one to the other, and a map of a latent
    plane shows the way (images)."""

    walk_path: Literal["linear", "spherical", "density"] = "linear"
    """How that walk goes: straight, around the origin, or from row to near row."""

    extent: Annotated[float, Field(gt=0.0)] | None = None
    """The map of a latent plane goes from minus this to this; over the part that holds 98% of the
    codes when absent (images)."""

    add: str | None = None
    """A class that is added to the mean code of every class, in eight steps (images)."""

    morph: bool = False
    """Animate a board on which every class turns into every other (images)."""

    tsne: tuple[Literal[2, 3], ...] = ()
    """Dimensions of t-SNE projections of the codes; some ten seconds each."""

    projector: bool = False
    """Write a folder that TensorBoard's embedding projector opens, with thumbnails of images."""
