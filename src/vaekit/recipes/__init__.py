"""Named runs: functions that return a full config. No torch in here."""

from vaekit.recipes.recipes import RECIPES, Published, Recipe, recipe

__all__ = ["RECIPES", "Published", "Recipe", "recipe"]
