"""Estimators in the manner of scikit-learn: tables in, tables out."""

from vaekit.estimators.autoencoder import VariationalAutoencoder
from vaekit.estimators.completed import Completed
from vaekit.estimators.imputer import VAEImputer
from vaekit.estimators.outliers import VAEOutlierDetector
from vaekit.estimators.report import ImputationReport

__all__ = [
    "Completed",
    "ImputationReport",
    "VAEImputer",
    "VAEOutlierDetector",
    "VariationalAutoencoder",
]
