"""Named runs: functions that return a full config. No torch in here."""

from vaekit.recipes.configs import Published
from vaekit.recipes.recipes import RECIPES, Recipe, quick, recipe
from vaekit.recipes.studies import STUDIES, Study

__all__ = ["RECIPES", "STUDIES", "Published", "Recipe", "Study", "quick", "recipe"]
