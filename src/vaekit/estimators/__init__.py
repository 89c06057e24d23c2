"""Estimators in the manner of scikit-learn: tables in, tables out."""

from vaekit.estimators.autoencoder import VariationalAutoencoder
from vaekit.estimators.classifier import SemiSupervisedVAEClassifier, balanced_labels
from vaekit.estimators.gaussian_imputer import GaussianImputer
from vaekit.estimators.imputer import ImputationReport, VAEImputer, fit_imputers
from vaekit.estimators.outliers import VAEOutlierDetector
from vaekit.estimators.pooled_analysis import PooledAnalysis, parse_analysis
from vaekit.estimators.pooling import Pooled, pool
from vaekit.estimators.synthesis_quality import (
    Fidelity,
    Privacy,
    SynthesisReport,
    evaluate_synthesis,
)
from vaekit.estimators.table_imputer import Completed

__all__ = [
    "Completed",
    "Fidelity",
    "GaussianImputer",
    "ImputationReport",
    "Pooled",
    "PooledAnalysis",
    "Privacy",
    "SemiSupervisedVAEClassifier",
    "SynthesisReport",
    "VAEImputer",
    "VAEOutlierDetector",
    "VariationalAutoencoder",
    "balanced_labels",
    "evaluate_synthesis",
    "fit_imputers",
    "parse_analysis",
    "pool",
]
