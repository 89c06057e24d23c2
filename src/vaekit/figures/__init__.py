"""Figures from arrays: each function takes numpy arrays and returns a matplotlib figure."""

from vaekit.figures.animation import animation_kind, save_animation, save_grid_animation
from vaekit.figures.curves import (
    active_units,
    bound_by_flow_length,
    bound_by_run,
    comparison_curves,
    kl_per_dim,
    learning_curves,
)
from vaekit.figures.images import (
    Sprite,
    analogy_grid,
    format_number,
    image_grid,
    image_grids,
    image_pairs,
    image_sequence,
    reconstructions,
    samples,
    sprite_sheet,
)
from vaekit.figures.latent import (
    PosteriorSamples,
    latent_scatter,
    latent_scatters,
    points_and_codes,
    posterior_means,
    posterior_samples,
)
from vaekit.figures.maps import manifold, manifold_codes
from vaekit.figures.style import save_figure, style_context
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "PosteriorSamples",
    "Sprite",
    "active_units",
    "analogy_grid",
    "animation_kind",
    "bound_by_flow_length",
    "bound_by_run",
    "column_scatter",
    "comparison_curves",
    "format_number",
    "image_grid",
    "image_grids",
    "image_pairs",
    "image_sequence",
    "kl_per_dim",
    "latent_scatter",
    "latent_scatters",
    "learning_curves",
    "manifold",
    "manifold_codes",
    "marginals",
    "pair_scatter",
    "points_and_codes",
    "posterior_means",
    "posterior_samples",
    "reconstructions",
    "samples",
    "save_animation",
    "save_figure",
    "save_grid_animation",
    "sprite_sheet",
    "style_context",
]
