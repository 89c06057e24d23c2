"""Named runs: functions that return a full config. No torch in here."""

from vaekit.recipes.published import Published
from vaekit.recipes.quick import quick
from vaekit.recipes.recipes import RECIPES, Recipe, recipe
from vaekit.recipes.studies import STUDIES
from vaekit.recipes.study import Study

__all__ = ["RECIPES", "STUDIES", "Published", "Recipe", "Study", "quick", "recipe"]
