"""Estimators in the manner of scikit-learn: tables in, tables out."""

from vaekit.estimators.autoencoder import VariationalAutoencoder
from vaekit.estimators.classifier import SemiSupervisedVAEClassifier
from vaekit.estimators.completed import Completed
from vaekit.estimators.imputer import VAEImputer
from vaekit.estimators.label_reading import balanced_labels
from vaekit.estimators.outliers import VAEOutlierDetector
from vaekit.estimators.privacy import Privacy
from vaekit.estimators.report import ImputationReport
from vaekit.estimators.synthesis_report import Fidelity, SynthesisReport, judge_synthesis
from vaekit.estimators.together import fit_imputers

__all__ = [
    "Completed",
    "Fidelity",
    "ImputationReport",
    "Privacy",
    "SemiSupervisedVAEClassifier",
    "SynthesisReport",
    "VAEImputer",
    "VAEOutlierDetector",
    "VariationalAutoencoder",
    "balanced_labels",
    "fit_imputers",
    "judge_synthesis",
]
