"""What others do with labels and losses: reductions, smoothing, logarithms, and labels that are no class.

A label that is no class has to raise, by the definition. The conventions ``on_invalid`` say what others return.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Convention, Definition
from reference_impls.conventions.changes import (
    Change,
    Shape,
    averaged_over,
    followed,
    given,
    predicted,
    relabelled,
)
from reference_impls.textbook import distribution

#: ``ignore_index`` of PyTorch's losses, where none is given.
IGNORED = -100


def total_of_labels(labels: Any, shape: Shape) -> Any:
    """The sum of all entries of the labels as distributions."""
    return distribution(labels, shape).sum()


# ---- other labels


def smoothed(alpha: float) -> Change:
    """``t (1 - alpha) + alpha / C``: alpha of every label is spread over all C classes."""

    def step(labels: Array, shape: Shape) -> Any:
        return distribution(labels, shape).astype(np.float64) * (1 - alpha) + alpha / shape[-1]

    return relabelled(step)


def smoothed_over_others(alpha: float) -> Change:
    """``t (1 - alpha) + (1 - t) alpha / (C - 1)``: alpha is spread over the other classes alone."""

    def step(labels: Array, shape: Shape) -> Any:
        t = distribution(labels, shape).astype(np.float64)
        return t * (1 - alpha) + (1 - t) * alpha / max(1, shape[-1] - 1)

    return relabelled(step)


@relabelled
def every_label(labels: Array, shape: Shape) -> Any:
    """``y[:, t]`` for ``y[arange(n), t]``: every sample is held against the labels of all."""
    t = distribution(labels, shape).astype(np.float64)
    return np.broadcast_to(t.reshape(-1, shape[-1]).sum(axis=0), shape)


@relabelled
def rows_as_indices(labels: Array, shape: Shape) -> Any:
    """The zeros and the one of each one-hot row, read as class indices: C - 1 times class 0, once class 1."""
    if labels.dtype.kind not in "iu" or labels.shape != shape or shape[-1] < 2:
        return labels
    return np.broadcast_to(np.eye(shape[-1])[0] * (shape[-1] - 1) + np.eye(shape[-1])[1], shape)


@relabelled
def counted_from_one(labels: Array, shape: Shape) -> Any:
    """The class before; the last one before the first."""
    return (labels.astype(np.int64) - 1) % shape[-1] if _indexes(labels, shape) else labels


# ---- labels that are no class


@relabelled
def counted_from_end(labels: Array, shape: Shape) -> Any:
    """-1 is the last class, -C the first."""
    if not _indexes(labels, shape):
        return labels
    labels = labels.astype(np.int64)
    return np.where((labels < 0) & (labels >= -shape[-1]), labels + shape[-1], labels)


@relabelled
def clamped(labels: Array, shape: Shape) -> Any:
    """The nearest class."""
    return np.clip(labels.astype(np.int64), 0, shape[-1] - 1) if _indexes(labels, shape) else labels


@relabelled
def row_of_zeros(labels: Array, shape: Shape) -> Any:
    """The one-hot row of no class has no 1 in it: a loss of 0."""
    return _one_hot(labels, shape) if _indexes(labels, shape) else labels


def nothing_read(definition: Definition) -> Definition:
    """NaN is the loss of a sample whose label is no class; its gradient is 0."""

    def changed(*args: Any, reduction: str = "mean", **params: Any) -> Any:
        *others, labels = args
        shape = predicted(others)
        if not _indexes(labels, shape):
            return definition(*args, reduction=reduction, **params)
        t = _one_hot(labels, shape)
        missing = np.where(t.any(axis=-1), 0.0, np.nan)
        losses = definition(*others, t, reduction=reduction, **params)
        return losses + (missing if reduction == "none" else missing.sum())

    return changed


def ignored(index: int) -> Change:
    """Samples with this label take no part, and the mean is that of the others; NaN where there are none."""

    def change(definition: Definition) -> Definition:
        def changed(*args: Any, reduction: str = "mean", **params: Any) -> Any:
            *others, labels = args
            shape = predicted(others)
            if not (_indexes(labels, shape) and (labels == index).any()):
                return definition(*args, reduction=reduction, **params)
            left = labels != index
            t = _one_hot(np.where(left, labels, 0), shape) * left.reshape(*shape[:-1], 1)
            if not (_one_hot(labels, shape).any(axis=-1) | ~left.reshape(shape[:-1])).all():
                raise ValueError(f"a label is no class, and not {index}")
            if reduction != "mean":
                return definition(*others, t, reduction=reduction, **params)
            total = definition(*others, t, reduction="sum", **params)
            return total / left.sum() if left.any() else total + np.nan

        return changed

    return change


def _indexes(labels: Array, shape: Shape) -> bool:
    return labels.dtype.kind in "iu" and labels.shape in (shape[:-1], (*shape[:-1], 1))


def _one_hot(labels: Array, shape: Shape) -> Array:
    """In float64, so that nobody reads it as indices."""
    t: Array = labels.reshape(*shape[:-1], 1) == np.arange(shape[-1])
    return t.astype(np.float64)


TORCH = "PyTorch 2.13, torch.nn.functional.cross_entropy"
INDEXING = "JAX 0.10, jax.numpy.take_along_axis"

LABEL_CONVENTIONS = (
    Convention("reduction mean", given(reduction="mean"), f"{TORCH}: the default"),
    Convention("reduction sum", given(reduction="sum"), f"{TORCH}: reduction"),
    Convention(
        "reduction none", given(reduction="none"), "TensorFlow 2.21, tf.nn.softmax_cross_entropy_with_logits"
    ),
    Convention(
        "mean over all entries",
        averaged_over(lambda _, s: int(np.prod(s))),
        "PyTorch 2.13, torch.nn.KLDivLoss: mean",
    ),
    Convention(
        "mean over the sum of the labels",
        averaged_over(total_of_labels),
        "Keras 3.15, keras.losses.Loss: mean_with_sample_weight",
    ),
    *(
        Convention(
            f"label smoothing {alpha}", smoothed(alpha), f"{TORCH}: label_smoothing; Keras has the same"
        )
        for alpha in (0.1, 0.05, 0.2)
    ),
    Convention(
        "label smoothing 0.1 over the other classes",
        smoothed_over_others(0.1),
        "fairseq 0.12, label_smoothed_cross_entropy",
    ),
    Convention("base 2", followed(lambda y: y / np.log(2)), "SciPy 1.14, scipy.stats.entropy: base"),
    Convention("base 10", followed(lambda y: y / np.log(10)), "SciPy 1.14, scipy.stats.entropy: base"),
    Convention("label -100 ignored", ignored(IGNORED), f"{TORCH}: ignore_index", on_invalid=True),
    Convention(
        "label -1 ignored",
        ignored(-1),
        "Keras 3.15, keras.losses.SparseCategoricalCrossentropy: ignore_class",
        on_invalid=True,
    ),
    Convention("labels counted from the end", counted_from_end, INDEXING, on_invalid=True),
    Convention("no class is NaN", nothing_read, f"{INDEXING}: mode='fill'", on_invalid=True),
    Convention("no class is a row of zeros", row_of_zeros, "TensorFlow 2.21, tf.one_hot", on_invalid=True),
    Convention(
        "labels clamped into range",
        clamped,
        "JAX 0.10, jax.numpy.take: mode='clip', asked for",
        accepted=False,
        on_invalid=True,
    ),
    Convention("y[:, t] for y[arange(n), t]", every_label, "NumPy 2, advanced indexing", accepted=False),
    Convention("one-hot rows read as indices", rows_as_indices, "NumPy 2, advanced indexing", accepted=False),
    Convention("labels counted from 1", counted_from_one, "label files of other languages", accepted=False),
)
