"""From numbers to figures: arrays in, a matplotlib figure out; no model and no global state."""

from vaekit.figures.animation import save_animation
from vaekit.figures.board import image_board, image_strip
from vaekit.figures.comparison import comparison_curves, run_levels, unit_profiles
from vaekit.figures.curves import learning_curves
from vaekit.figures.images import image_grid, image_pairs, manifold, manifold_codes
from vaekit.figures.latent import latent_scatter
from vaekit.figures.panels import (
    Cloud,
    code_spread,
    image_panels,
    image_rows,
    plane_panels,
    posterior_panels,
)
from vaekit.figures.rate import kl_per_dim
from vaekit.figures.rows import reconstructions, samples
from vaekit.figures.save import save_figure
from vaekit.figures.space import space_scatter
from vaekit.figures.style import styled
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "Cloud",
    "code_spread",
    "column_scatter",
    "comparison_curves",
    "image_board",
    "image_grid",
    "image_pairs",
    "image_panels",
    "image_rows",
    "image_strip",
    "kl_per_dim",
    "latent_scatter",
    "learning_curves",
    "manifold",
    "manifold_codes",
    "marginals",
    "pair_scatter",
    "plane_panels",
    "posterior_panels",
    "reconstructions",
    "run_levels",
    "samples",
    "save_animation",
    "save_figure",
    "space_scatter",
    "styled",
    "unit_profiles",
]
