"""From numbers to figures: arrays in, a matplotlib figure out; no model and no global state."""

from vaekit.figures.boards import (
    analogy_board,
    draw_board,
    draw_strip,
    image_board,
    image_strip,
    save_board_animation,
)
from vaekit.figures.comparison import (
    Cloud,
    code_spread,
    comparison_curves,
    image_panels,
    image_rows,
    plane_panels,
    posterior_panels,
    run_levels,
    unit_profiles,
)
from vaekit.figures.curves import bound_by_length, kl_per_dim, learning_curves
from vaekit.figures.frames import animation_kind, save_animation, write_frames
from vaekit.figures.graph import computation_graph, draw_graph
from vaekit.figures.images import (
    draw_grid,
    draw_pairs,
    image_grid,
    image_pairs,
    reconstructions,
    samples,
    signed,
)
from vaekit.figures.latent import draw_scatter, latent_scatter, roll_and_plane, space_scatter
from vaekit.figures.maps import draw_map, manifold, manifold_codes
from vaekit.figures.sprite import Sprite, sprite_sheet
from vaekit.figures.style import save_figure, styled
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "Cloud",
    "Sprite",
    "analogy_board",
    "animation_kind",
    "bound_by_length",
    "code_spread",
    "column_scatter",
    "comparison_curves",
    "computation_graph",
    "draw_board",
    "draw_graph",
    "draw_grid",
    "draw_map",
    "draw_pairs",
    "draw_scatter",
    "draw_strip",
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
    "roll_and_plane",
    "run_levels",
    "samples",
    "save_animation",
    "save_board_animation",
    "save_figure",
    "signed",
    "space_scatter",
    "sprite_sheet",
    "styled",
    "unit_profiles",
    "write_frames",
]
