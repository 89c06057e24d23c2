"""A trained model as one object: load or train it, then encode, decode, score, complete, report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeGuard, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps

from vaekit import inference
from vaekit.config import Config, ReportConfig, merge, parse_config
from vaekit.describe.formula import loss_lines
from vaekit.errors import ConfigError, DataError
from vaekit.inference.impute import see
from vaekit.recipes import quick as quick_version
from vaekit.recipes import recipe
from vaekit.runs import Run, load_run
from vaekit.runs.run import rows_for

if TYPE_CHECKING:
    from vaekit.cli.output import Output

__all__ = ["Layout", "RowScores", "TrainedModel", "load", "train"]


Layout = Literal["HWC", "CHW"]
"""Order of the axes of a color image, and of the values of a flat row of one."""


RawRows = NDArray[np.float64] | pd.DataFrame
"""Images (N, H, W) or (N, H, W, 3), or a table, in the units of the training data."""


class RowScores(inference.RowLikelihoods):
    """Importance-sampled log-likelihoods of rows."""

    def to_frame(self) -> pd.DataFrame:
        """Return the three columns as a data frame."""
        return pd.DataFrame(vars(self))


@dataclass(frozen=True, kw_only=True)
class TrainedModel(Run):
    r"""A trained model and what it does with rows as they come.

    Rows are given in raw units, those of the training data, and come back in them:

    - a table as a DataFrame, whose columns are found by name, or as an array (N, F) or (F,);
    - grey images as an array (N, H, W), (H, W) or flat (N, H W);
    - color images as (N, H, W, 3), (N, 3, H, W), or one of them without N. A flat row of a color
      image needs ``layout``, since its order cannot be known;
    - images as PIL images, as paths, or as a list of either; another size is an error.

    Images come back as (N, H, W) or (N, H, W, 3); tables with named columns as a DataFrame, with
    the index of the DataFrame that was given.

    Example:
        >>> import tempfile
        >>> from vaekit import TrainedModel, train
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model = train("digits", out=f"{folder}/run", quick=True, epochs=1)
        ...     model.sample(3).shape, model.encode(model.sample(3)).shape
        ((3, 8, 8), (3, 2))
    """

    @overload
    def encode(
        self,
        X: object,
        *,
        layout: Layout | None = None,
        deviations: Literal[False] = False,
        seed: int = 0,
    ) -> NDArray[np.float32]: ...

    @overload
    def encode(
        self,
        X: object,
        *,
        layout: Layout | None = None,
        deviations: Literal[True],
        seed: int = 0,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...

    def encode(
        self, X: object, *, layout: Layout | None = None, deviations: bool = False, seed: int = 0
    ) -> NDArray[np.float32] | tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode rows as the means of their posteriors.

        Args:
            X: rows, as the class describes.
            layout: order of the axes of color images, where it is ambiguous.
            deviations: return the standard deviations of the posteriors as well.
            seed: of a dynamic binarization.

        Returns:
            (N, D) means; with ``deviations`` a pair of arrays.

        Raises:
            ConfigError: the model has no encoder.
            DataError: rows of another kind than those of training, or with missing values.
        """
        self._need_encoder("encode")
        codes = inference.encode(
            self.model,
            preprocessing=self.preprocessing,
            rows=self._complete_rows(X, layout=layout, purpose="encode"),
            seed=seed,
        )
        return (codes.mean, np.sqrt(codes.variance)) if deviations else codes.mean

    def decode(self, codes: ArrayLike, *, draw: bool = False, seed: int = 0) -> RawRows:
        """Decode codes.

        Args:
            codes: (N, D) or (D,).
            draw: draw from p(x|z) instead of taking its mean.
            seed: of the draws.

        Returns:
            N rows in raw units.

        Raises:
            ConfigError: codes of another width than the latent space.
        """
        codes = np.atleast_2d(np.asarray(codes, dtype=np.float32))
        return self._from_rows(
            self._raw(inference.decode(self.model, codes=codes, draw=draw, seed=seed))
        )

    def sample(
        self, n: int = 1, *, temperature: float = 1.0, draw: bool | None = None, seed: int = 0
    ) -> RawRows:
        """Generate rows from the prior.

        Args:
            n: how many.
            temperature: 1 for the prior itself, less for more typical and less varied rows.
            draw: draw from p(x|z), or take its mean; when absent draws of tables, whose means are
                less varied than rows are, and means of images, whose draws are noisy.
            seed: of codes and draws.

        Returns:
            n rows in raw units.

        Raises:
            ConfigError: n is below 1, or the temperature negative or not finite.
        """
        draw = not self._is_image if draw is None else draw
        return self._from_rows(
            self._raw(
                inference.sample(self.model, n=n, temperature=temperature, draw=draw, seed=seed)
            )
        )

    def reconstruct(self, X: object, *, layout: Layout | None = None) -> RawRows:
        """Encode rows and decode the means of their codes.

        Args:
            X: rows, as the class describes.
            layout: order of the axes of color images, where it is ambiguous.

        Returns:
            N rows in raw units.

        Raises:
            ConfigError: the model has no encoder.
            DataError: rows of another kind than those of training, or with missing values.
        """
        self._need_encoder("reconstruct")
        rows = self._complete_rows(X, layout=layout, purpose="reconstruct")
        found = inference.reconstruct(self.model, preprocessing=self.preprocessing, rows=rows)
        return self._from_rows(self._raw(found.outputs), like=X)

    def score(
        self, X: object, *, layout: Layout | None = None, samples: int = 500, seed: int = 0
    ) -> RowScores:
        r"""Estimate the log-likelihood of rows by importance sampling.

        .. math::
            \log p(x) \approx \log \frac1K \sum_k w_k, \quad
            w_k = \frac{p(x|z_k)\,p(z_k)}{q(z_k|x)}, \quad
            \mathrm{se} = \sqrt{\frac{\sum_k w_k^2}{(\sum_k w_k)^2} - \frac1K}

        Args:
            X: rows, as the class describes; NaN where a value is missing.
            layout: order of the axes of color images, where it is ambiguous.
            samples: K for each row.
            seed: of the samples and of a dynamic binarization.

        Returns:
            Estimates with their standard errors, in nats.

        Raises:
            ConfigError: the model has no encoder, or fewer than one sample.
            DataError: rows of another kind than those of training.

        Source:
            Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, for the estimate.
        """
        found = inference.score_raw(
            self.model,
            preprocessing=self.preprocessing,
            rows=self._to_rows(X, layout=layout),
            samples=samples,
            seed=seed,
        )
        return RowScores(**vars(found))

    def complete(
        self, X: object, *, layout: Layout | None = None, samples: int = 1000, seed: int = 0
    ) -> RawRows:
        """Fill missing values with their conditional means; known values stay as they are.

        Args:
            X: rows, as the class describes, with NaN where a value is missing.
            layout: order of the axes of color images, where it is ambiguous.
            samples: importance samples for each row.
            seed: of the samples.

        Returns:
            N rows in raw units.

        Raises:
            ConfigError: the model has no encoder.
            DataError: rows of another kind than those of training.
        """
        self._need_encoder("complete")
        rows = self._to_rows(X, layout=layout)
        found = inference.impute(
            self.model,
            rows=see(self.preprocessing, rows=rows, seed=seed),
            samples=samples,
            seed=seed,
        )
        filled = self._raw(found.filled)
        return self._from_rows(np.where(np.isnan(rows), filled, rows), like=X)

    def evaluate(
        self,
        *,
        data: str | None = None,
        split: str | None = None,
        samples: int | None = None,
        rows: int | None = None,
    ) -> dict[str, Any]:
        """Measure the model on held-out rows, as ``vaekit evaluate`` does.

        Args:
            data: a name or a path of other rows; the data of the run when absent.
            split: train, validation or test; as the config says when absent.
            samples: importance samples for each row; as the config says when absent.
            rows: only the first so many rows of the split.

        Returns:
            What ``evaluation.json`` then holds.

        Raises:
            ConfigError: a number out of range, or a model without an encoder.
            DataError: the rows cannot be read, or are no longer those of training.
        """
        from vaekit.cli.measure import measure

        self._need_encoder("evaluate")
        if rows is not None and rows < 1:
            raise ConfigError(f"expected rows >= 1; got {rows}")
        changes = {} if samples is None else {"evaluation": {"samples": samples}}
        config = parse_config(merge(self.config.model_dump(), changes), origin="evaluate()")
        return measure(
            self, dataset=rows_for(self, source=data), output=_quiet(),
            settings=config.evaluation, split=split, rows=rows,
        )  # fmt: skip

    def report(self, wanted: ReportConfig | None = None) -> Path:
        """Draw the figures of the run anew and write its report.

        Args:
            wanted: optional parts; those of the config when absent.

        Returns:
            Path of the page.

        Raises:
            DataError: the rows cannot be read, or are no longer those of training.
        """
        from vaekit.cli.training import write_run_report

        write_run_report(self, dataset=rows_for(self), wanted=wanted)
        return self.folder.report

    def explore(self, *, port: int = 8421) -> None:
        """Serve the explorer of the model on this machine until it is interrupted.

        Args:
            port: where to listen; 0 for any that is free.

        Raises:
            MissingExtraError: the packages of the extra ``web`` are not installed.
        """
        from vaekit.cli.explore import explore

        explore(self.folder.path, port=port)

    def summary(self) -> str:
        """Return data, parts, numbers of parameters and the latest evaluation, as text."""
        from vaekit.cli.measure import summary

        config, count = self.config, sum(p.numel() for p in self.model.parameters())
        lines = [
            f"run        {self.folder.path}",
            f"data       {config.data.source}, rows of shape {self.preprocessing.shape}",
            f"model      {config.model.kind}, {self.model.latent.dims} latent dimensions, "
            f"{count:,} parameters",
            *(f"loss       {line}" for line in loss_lines(config.model, config.objective)),
        ]
        if self.folder.evaluation.is_file():
            lines += summary(self, self.folder.read_json(self.folder.evaluation))
        return "\n".join(lines)

    @classmethod
    def _of(cls, run: Run) -> Self:
        return cls(**{name: getattr(run, name) for name in Run.__dataclass_fields__})

    def _need_encoder(self, verb: str) -> None:
        if not self.model.latent.encoder:
            raise ConfigError(f"cannot {verb} rows: a model of kind {self.config.model.kind!r} "
                              "has no encoder; decode and sample are possible")  # fmt: skip

    @property
    def _is_image(self) -> bool:
        return len(self.preprocessing.shape) == 3

    def _raw(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Bring rows of the model to raw units, in double precision."""
        pre = self.preprocessing
        raw: NDArray[np.float64] = x / pre.scale.double().numpy() + pre.shift.double().numpy()
        return raw

    def _complete_rows(
        self, X: object, *, layout: Layout | None, purpose: str
    ) -> NDArray[np.float64]:
        rows = self._to_rows(X, layout=layout)
        if not np.isfinite(rows).all():
            raise DataError(
                f"cannot {purpose} rows with missing or infinite values: fill them by complete()"
            )
        return rows

    def _to_rows(self, X: object, *, layout: Layout | None) -> NDArray[np.float64]:
        """Return rows (N, F) of raw values in the order of training."""
        if isinstance(X, pd.DataFrame):
            return self._from_frame(X)
        if _is_picture(X):
            X = [X]
        if isinstance(X, Sequence) and len(X) and all(_is_picture(each) for each in X):
            if not self._is_image:
                raise DataError("the model was trained on a table; got images")
            channels = self.preprocessing.shape[0]
            X, layout = np.stack([_pixels(each, grey=channels == 1) for each in X]), "HWC"
        try:
            values = np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"expected rows of numbers, images or paths; got {error}") from None
        return self._flat_images(values, X, layout=layout) if self._is_image else self._flat(values)

    def _flat(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        features = self.preprocessing.features
        rows = values[None] if values.ndim == 1 else values
        if rows.ndim != 2 or rows.shape[1] != features:
            raise DataError(
                f"the model was trained on rows of {features} values; got an array of shape "
                f"{values.shape}"
            )
        return rows

    def _from_frame(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        columns = list(self.preprocessing.columns)
        if not columns:
            return self._to_rows(frame.to_numpy(), layout=None)
        absent = [name for name in columns if name not in frame.columns]
        if absent:
            raise DataError(
                f"columns that the model was trained on are missing: {', '.join(absent)}; got "
                f"{', '.join(map(str, frame.columns))}"
            )
        try:
            return frame[columns].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise DataError(f"expected columns of numbers: {error}") from None

    def _flat_images(
        self, values: NDArray[np.float64], given: object, *, layout: Layout | None
    ) -> NDArray[np.float64]:  # fmt: skip
        c, h, w = self.preprocessing.shape
        self._check_range(values, given)
        if values.shape[-1:] == (c * h * w,) and values.ndim <= 2:
            if c > 1 and layout is None:
                raise DataError(
                    "the order of the values of a flat color image cannot be known: give "
                    "layout='CHW' or 'HWC', or images of shape (N, height, width, 3)"
                )
            rows = np.atleast_2d(values)
            if c == 1 or layout == "CHW":
                return rows
            return rows.reshape(-1, h, w, c).transpose(0, 3, 1, 2).reshape(len(rows), -1)
        shapes: Mapping[str, tuple[int, ...]] = {"HWC": (h, w, c), "CHW": (c, h, w)}
        if c == 1 and values.shape[-2:] == (h, w) and values.ndim <= 3:
            return values.reshape(-1, h * w)
        fits = [
            name for name, shape in shapes.items()
            if values.shape[-3:] == shape and values.ndim in (3, 4) and layout in (None, name)
        ]  # fmt: skip
        if len(fits) == 2 and c > 1:
            raise DataError(f"images of shape {values.shape} can be read both ways: give layout")
        if not fits:
            raise DataError(
                f"the model was trained on images of {h}x{w} with {c} channel{'s' * (c > 1)}; got "
                f"an array of shape {values.shape}"
            )
        images = values.reshape(-1, *shapes[fits[0]])
        if fits[0] == "HWC":
            images = images.transpose(0, 3, 1, 2)
        return images.reshape(len(images), -1)

    def _check_range(self, values: NDArray[np.float64], given: object) -> None:
        """Refuse shades in [0, 1] where training saw 0 to 255, which would be nearly black."""
        kind = np.asarray(given).dtype.kind
        known = values[np.isfinite(values)]
        white = 1 / float(self.preprocessing.scale.max())
        if kind == "f" and white > 1 and known.size and 0 < known.max() <= 1:
            raise DataError(
                f"the values lie in [0, 1], and the model was trained on 0 to {white:g}: multiply "
                f"them by {white:g}"
            )

    def _from_rows(self, rows: NDArray[np.float64], *, like: object = None) -> RawRows:
        """Return rows as images or as a table."""
        if self._is_image:
            c, h, w = self.preprocessing.shape
            images = rows.reshape(-1, c, h, w).transpose(0, 2, 3, 1)
            return images[..., 0] if c == 1 else images
        if not self.preprocessing.columns:
            return rows
        index = like.index if isinstance(like, pd.DataFrame) else None
        return pd.DataFrame(rows, columns=list(self.preprocessing.columns), index=index)


def load(path: str | Path) -> TrainedModel:
    """Load a trained model from its run folder.

    Args:
        path: the folder that ``vaekit train`` or :func:`train` wrote.

    Returns:
        The model; nothing that a run folder holds is run as code.

    Raises:
        RunError: no run, an unfinished or damaged one, or one of a newer format.
    """
    return TrainedModel._of(load_run(path))


def train(
    config: str | Config | None = None,
    *,
    data: str | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    epochs: int | None = None,
    report: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> TrainedModel:
    """Train a model, measure it and write its run folder, as ``vaekit train`` does.

    Args:
        config: name of a recipe, or a whole config; when absent the recipe digits, or the plain
            defaults where ``data`` is given.
        data: a name or a path of the rows; short for ``data={"source": ...}`` of the config.
        out: the run folder, new or empty; ``runs/NAME-TIME`` when absent.
        quick: a small version for a first look: fewer rows, epochs and importance samples.
        epochs: passes over the training rows; those of the config when absent.
        report: draw the figures and write the report as well.
        settings: what changes in the config, by section:
            ``{"model": {"latent_dim": 8}, "objective": {"samples": 5}, "seed": 3}``.

    Returns:
        The trained model.

    Raises:
        ConfigError: an unknown recipe or setting, or parts that do not go together.
        DataError: the rows cannot be read or used.
        RunError: the folder is not empty.
    """
    from vaekit.cli.measure import learn_labels, measure
    from vaekit.cli.training import new_run_path
    from vaekit.runs import RunFolder
    from vaekit.training import train as train_run

    changes: Mapping[str, Any] = settings or {}
    if config is None:
        config = "digits" if data is None and "data" not in changes else Config()
    chosen = recipe(config) if isinstance(config, str) else config
    chosen = quick_version(chosen) if quick else chosen
    if data is not None:
        changes = merge(changes, {"data": {"source": data}})
    if epochs is not None:
        changes = merge(changes, {"training": {"epochs": epochs}})
    chosen = parse_config(merge(chosen.model_dump(), changes), origin="train()")
    folder = RunFolder(Path(out) if out is not None else new_run_path(chosen.name))
    dataset = train_run(chosen, folder=folder)
    model = load(folder.path)
    learn_labels(model, dataset=dataset, output=_quiet())
    measure(model, dataset=dataset, output=_quiet())
    if report:
        model.report()
    return model


def _quiet() -> "Output":
    from vaekit.cli.output import Output

    return Output(quiet=True)


def _is_picture(value: object) -> "TypeGuard[str | PathLike[str] | Image.Image]":
    return isinstance(value, (str, PathLike, Image.Image))


def _pixels(source: "str | PathLike[str] | Image.Image", *, grey: bool) -> NDArray[np.uint8]:
    """Return the pixels of an image, (H, W, C), turned as it is displayed."""
    try:
        image = source if isinstance(source, Image.Image) else Image.open(source)
        pixels = np.asarray(ImageOps.exif_transpose(image).convert("L" if grey else "RGB"))
    except OSError as error:
        raise DataError(f"{source}: expected an image; it cannot be read ({error})") from None
    return pixels[..., None] if grey else pixels
