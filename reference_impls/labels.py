"""What every loss shares: reading labels, and reducing one loss a sample to the loss.

Labels are data and have no gradient. They come as class indices (integers, one a sample) or as a distribution
over the classes (one-hot or soft, of the predictions' own shape), classes last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.exponents import noting

Reduction = Literal["none", "mean", "sum"]


def sample_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Predictions of ``shape`` as a matrix: how many samples, how many classes."""
    if not shape:
        raise ValueError("predictions need a class axis, but are 0-dimensional")
    return math.prod(shape[:-1]), shape[-1]


def class_indices(labels: Any, shape: tuple[int, ...]) -> Array | None:
    """Read labels as a vector of class indices; None where they are a distribution over the classes.

    Integers of shape ``shape[:-1]``, or that with a trailing 1, are indices; anything else has to be of
    ``shape`` itself. ValueError for any other shape, and for an index outside of [0, classes): -1 is not the
    last class.
    """
    labels = np.asarray(labels)
    integers = labels.dtype.kind in "iu"
    if not (integers and labels.shape in (shape[:-1], (*shape[:-1], 1))):
        if labels.shape != shape:
            raise ValueError(
                f"labels of dtype {labels.dtype} and shape {labels.shape} do not fit predictions of shape "
                f"{shape}: expected integers of shape {shape[:-1]}, or a distribution of shape {shape}"
            )
        return None
    indices: Array = labels.reshape(-1)
    classes = shape[-1]
    # As 64 bits without a sign, what is negative is larger than any class: one pass tells.
    if indices.size and not indices.astype(np.int64, copy=False).view(np.uint64).max() < classes:
        bad = indices[(indices < 0) | (indices >= classes)][0]
        raise ValueError(f"label {bad} is no class: labels have to be in [0, {classes})")
    return indices


def class_weights(labels: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Labels that are a distribution, as a matrix: contiguous, so that sums round alike in every layout."""
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(np.asarray(labels).reshape(sample_shape(shape)), dtype=dtype)


def check_reduction(reduction: str) -> None:
    """ValueError unless ``reduction`` is one of the three."""
    if reduction not in get_args(Reduction):
        raise ValueError(f"reduction {reduction!r} is none of {', '.join(get_args(Reduction))}")


def reduce_losses(losses: Any, reduction: str) -> Any:
    """One loss a sample, reduced: ``none`` leaves them, ``mean`` divides their sum by how many there are."""
    check_reduction(reduction)
    if reduction == "none":
        return losses
    return losses.sum() / losses.size if reduction == "mean" else losses.sum()


def reduced_in_range(losses: Callable[[int], Any], reduction: str, samples: int) -> Array:
    """``losses(0)``, reduced. ``losses(k)`` are 2^k times smaller, from which what overflowed on the way is taken."""
    lost: dict[str, int] = {}
    with noting(lost, under="ignore"):
        loss = reduce_losses(losses(0), reduction)
        if lost:  # a share of what overflowed, or the mean, may still be a number
            reach = samples.bit_length() + 1
            smaller = np.ldexp(reduce_losses(losses(reach), reduction), reach)
            loss = np.where(np.isfinite(loss), loss, smaller)
    return np.asarray(loss)


def spread_cotangent(y_bar: Any, reduction: str, count: int, dtype: np.dtype[Any]) -> Array:
    """Pull ``y_bar`` back through :func:`reduce_losses`: the cotangent of each sample's loss, as a column."""
    per_sample = np.asarray(y_bar).astype(dtype).reshape(-1, 1)
    if reduction == "mean":
        per_sample = per_sample / count
    return np.broadcast_to(per_sample, (count, 1))


def gather_cotangent(values: Any, reduction: str) -> Any:
    """The adjoint of :func:`spread_cotangent`: the mean and the sum add the samples' values up, of which none is 0."""
    if reduction == "none":
        return values
    return values.sum() / max(values.size, 1) if reduction == "mean" else values.sum()
