"""What several definitions say, in textbook words: labels and reductions of the losses, and sums by place.

The rules read labels in ``labels.py``, and scatter, by other means: a definition must not share code with the rule
that it judges.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def cross_entropy_of(log_p: Any, labels: Any, reduction: str) -> Any:
    """``-sum_c t_c log p_c`` of each sample, classes last, with 0 log 0 = 0; then ``none``, ``sum`` or ``mean``."""
    t = distribution(labels, log_p.shape)
    losses = -np.where(t != 0, t * log_p, 0).sum(axis=-1)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / losses.size


def distribution(labels: Any, shape: tuple[int, ...]) -> Any:
    """t: an index label c is the distribution [0, ..., 1 at c, ..., 0]; any other label is one already."""
    samples, classes = shape[:-1], np.arange(shape[-1])
    if labels.dtype.kind not in "iu" or labels.shape not in (samples, (*samples, 1)):
        return np.broadcast_to(labels, shape)
    t = labels.reshape((*samples, 1)) == classes
    if not t.any(axis=-1).all():
        raise ValueError(f"a label is none of the classes 0 to {shape[-1] - 1}")
    return t.astype(np.int64)


def added_up(values: Any, places: Any, size: int) -> Any:
    """``sum_k [places_k = j] values_k`` for each j below ``size``: bincount, but in the precision of the values."""
    if not isinstance(values, np.ndarray):
        return np.bincount(places, weights=values, minlength=size)
    total = np.zeros(size, values.dtype)
    np.add.at(total, places, values)
    return total
