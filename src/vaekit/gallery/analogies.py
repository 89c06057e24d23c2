"""What a labelled model of the codes has learned: styles under every label."""

from collections.abc import Iterator

import numpy as np

from vaekit import figures, tasks
from vaekit.gallery.scene import Panel, Scene, still
from vaekit.runs import label_models, load_label_model

__all__ = ["analogies"]

_ROWS = 10


def analogies(scene: Scene) -> Iterator[Panel]:
    """Images in the style of others, where the run has learned from labels.

    Args:
        scene: the run and its rows.

    Yields:
        The panel.
    """
    counts = label_models(scene.run)
    labels = scene.labels
    if not counts or labels is None or not scene.dataset.is_image:
        return
    count = max(counts)
    labelled = load_label_model(scene.run, count=count)
    names = [scene.dataset.classes[label] for label in range(len(labelled.every_label))]
    chosen = _one_of_each(labels)
    codes = tasks.Codes(mean=scene.codes.mean[chosen], variance=scene.codes.variance[chosen])
    made = tasks.analogies(scene.run.model, labelled=labelled, codes=codes)
    seen = tasks.reconstruct(
        scene.run.model,
        preprocessing=scene.run.preprocessing,
        rows=scene.dataset.rows,
        index=scene.index[chosen],
    ).inputs
    drawing = figures.analogy_board(
        scene.shown(seen),
        made=scene.shown(made.reshape(-1, made.shape[-1])).reshape(made.shape),
        shape=scene.shape,
        names=names,
    )
    yield Panel(
        file="analogies.png",
        title="One style, every label",
        write=still(drawing),
        caption=(
            f"At the left an image of the {scene.split} rows; in its line its style, inferred "
            f"by the model that knows {count:,} labels, under every label."
        ),
        reading=(
            "A line should keep slant, width and weight of the image at its left while the label "
            "changes. Where a line shows the same digits as the next one, the model has put "
            "little of the style into the code."
        ),
    )


def _one_of_each(labels: np.ndarray) -> np.ndarray:
    """Positions of the first row of each class, at most ten."""
    known = np.unique(labels[labels >= 0])[:_ROWS]
    return np.array([np.flatnonzero(labels == label)[0] for label in known])
