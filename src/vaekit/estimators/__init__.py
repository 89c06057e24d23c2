"""Estimators in the manner of scikit-learn: tables in, tables out."""

from vaekit.estimators.autoencoder import VariationalAutoencoder
from vaekit.estimators.classifier import SemiSupervisedVAEClassifier
from vaekit.estimators.imputer import VAEImputer
from vaekit.estimators.label_reading import balanced_labels
from vaekit.estimators.outliers import VAEOutlierDetector
from vaekit.estimators.report import ImputationReport

__all__ = [
    "ImputationReport",
    "SemiSupervisedVAEClassifier",
    "VAEImputer",
    "VAEOutlierDetector",
    "VariationalAutoencoder",
    "balanced_labels",
]
