"""The operations with nothing but a textbook definition: what the tests of the strategies draw for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Operation
from property_tests import strategies as s


def softmax(x: Array, *, axis: Any = -1) -> Array:
    """Exponentials over their sum along ``axis``."""
    e = np.exp(x)
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def cross_entropy(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """-sum(t log p) of each sample, reduced; ValueError for an index that is no class."""
    classes = p.shape[-1]
    if labels.dtype.kind in "iu" and labels.shape in (p.shape[:-1], (*p.shape[:-1], 1)):
        if ((labels < 0) | (labels >= classes)).any():
            raise ValueError("a label is out of range")
        labels = labels.reshape(p.shape[:-1])[..., np.newaxis] == np.arange(classes)
    if labels.shape != p.shape:
        raise ValueError("labels have neither shape")
    losses = -np.where(labels != 0, labels * np.log(p), 0.0).sum(axis=-1)
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(losses.size, 1)}[reduction]


def softmax_cross_entropy(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """Cross entropy of the softmax of ``x``."""
    return cross_entropy(softmax(x), labels, reduction=reduction)


def get_item(x: Array, *, index: Any) -> Any:
    """What NumPy selects."""
    return x[index]


def get_item_grad(y_bar: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``y_bar`` added up at ``index``."""
    x_bar = np.zeros(shape, dtype=y_bar.dtype)
    np.add.at(x_bar, index, y_bar)
    return x_bar


def _no_rule(*args: Any, **params: Any) -> Any:
    raise AssertionError("the strategies run no rule")


def _operation(definition: Any, regions: tuple[str, ...], drafts: Any) -> Operation:
    return Operation(definition.__name__, definition, _no_rule, regions, drafts)


OPERATIONS = {
    operation.name: operation
    for operation in (
        _operation(softmax, s.SOFTMAX_REGIONS, s.softmax_drafts),
        _operation(cross_entropy, s.CROSS_ENTROPY_REGIONS, s.cross_entropy_drafts),
        _operation(softmax_cross_entropy, s.SOFTMAX_CROSS_ENTROPY_REGIONS, s.softmax_cross_entropy_drafts),
        _operation(get_item, s.GET_ITEM_REGIONS, s.get_item_drafts),
        _operation(get_item_grad, s.GET_ITEM_GRAD_REGIONS, s.get_item_grad_drafts),
    )
}
