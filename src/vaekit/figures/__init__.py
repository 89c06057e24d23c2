"""From numbers to figures: arrays in, a matplotlib figure out; no model and no global state."""

from vaekit.figures.analogies import analogy_board
from vaekit.figures.animation import save_animation
from vaekit.figures.board import draw_board, draw_strip, image_board, image_strip
from vaekit.figures.board_animation import save_board_animation
from vaekit.figures.comparison import comparison_curves, run_levels, unit_profiles
from vaekit.figures.curves import learning_curves
from vaekit.figures.frames import animation_kind, write_frames
from vaekit.figures.graph import computation_graph, draw_graph
from vaekit.figures.images import draw_grid, draw_pairs, image_grid, image_pairs
from vaekit.figures.latent import latent_scatter
from vaekit.figures.lengths import bound_by_length
from vaekit.figures.maps import draw_map, manifold, manifold_codes
from vaekit.figures.panels import (
    Cloud,
    code_spread,
    image_panels,
    image_rows,
    plane_panels,
    posterior_panels,
)
from vaekit.figures.rate import kl_per_dim
from vaekit.figures.roll import roll_and_plane
from vaekit.figures.rows import reconstructions, samples
from vaekit.figures.save import save_figure
from vaekit.figures.scatter import draw_scatter
from vaekit.figures.sheet import signed
from vaekit.figures.space import space_scatter
from vaekit.figures.sprite import Sprite, sprite_sheet
from vaekit.figures.style import styled
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
