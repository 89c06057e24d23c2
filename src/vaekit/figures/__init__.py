"""From numbers to figures: arrays in, a matplotlib figure out; no model and no global state."""

from vaekit.figures.curves import learning_curves
from vaekit.figures.images import image_grid, image_pairs, manifold, manifold_codes
from vaekit.figures.latent import latent_scatter
from vaekit.figures.rate import kl_per_dim
from vaekit.figures.rows import reconstructions, samples
from vaekit.figures.save import save_figure
from vaekit.figures.style import styled
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "column_scatter",
    "image_grid",
    "image_pairs",
    "kl_per_dim",
    "latent_scatter",
    "learning_curves",
    "manifold",
    "manifold_codes",
    "marginals",
    "pair_scatter",
    "reconstructions",
    "samples",
    "save_figure",
    "styled",
]
