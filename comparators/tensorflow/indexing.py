"""Indexing and its adjoint in TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from comparators.adapters import Function, Native, index_arrays, index_parts, limited
from comparators.tensorflow.adapter import tf
from gradassay.vocabulary import Scenario


def _expressible(scenario: Scenario) -> str | None:
    arrays = list(index_arrays(scenario.params.get("index", ())))
    if not arrays:
        return None
    parts = index_parts(scenario.params["index"])
    integers = all(array.dtype.kind in "iu" for array in arrays)
    alone = all(isinstance(part, np.ndarray | list | int) for part in parts)
    if not (integers and alone) and (len(arrays) > 1 or any(isinstance(part, int) for part in parts)):
        return "TensorFlow gathers by arrays of the leading axes, or by one array beside slices"
    if any(array.dtype.kind == "b" and array.ndim == 0 for array in arrays):
        return "tf.boolean_mask takes no 0-d mask"
    negative = any((array < 0).any() for array in arrays if array.dtype.kind == "i")
    if scenario.valid and (negative or any(isinstance(part, int) and part < 0 for part in parts)):
        return "tf.gather and tf.scatter_nd take no negative index"
    return None


@limited(_expressible)
def get_item(x: Native, *, index: Any) -> Native:
    """A strided slice; ``gather_nd`` for leading integer arrays; a slice, then gather or mask, for one."""
    parts = index_parts(index)
    at = [k for k, part in enumerate(parts) if tf.is_tensor(part)]
    if not at:
        return x[index]
    if all((tf.is_tensor(part) and part.dtype != tf.bool) or isinstance(part, int) for part in parts):
        return tf.gather_nd(x, _stacked(parts)) if len(parts) > 1 else tf.gather(x, parts[0])
    (k,) = at
    mask = parts[k].dtype == tf.bool
    holes = (slice(None),) * (parts[k].ndim if mask else 1)
    before, after = parts[:k], (*holes, *parts[k + 1 :])
    if before or parts[k + 1 :]:
        x = x[(*before, *after)]
    axis = x.ndim - len(after) if Ellipsis in before else len(before)
    return tf.boolean_mask(x, parts[k], axis=axis) if mask else tf.gather(x, parts[k], axis=axis)


@limited(_expressible)
def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    """scatter_nd at leading integer arrays, else at the flat positions that the index selects."""
    parts = index_parts(index)
    if parts and all(tf.is_tensor(part) and part.dtype != tf.bool for part in parts):
        return tf.scatter_nd(_stacked(parts), y_bar, shape)
    size = math.prod(shape)
    positions = get_item(tf.reshape(tf.range(size), shape), index=index)
    columns, rows = tf.reshape(positions, [-1, 1]), tf.reshape(y_bar, [-1])  # scatter_nd takes no 0-d update
    return tf.reshape(tf.scatter_nd(columns, rows, [size]), shape)


def _stacked(parts: tuple[Any, ...]) -> Native:
    """Index arrays of the leading axes as the one array of coordinates that gather_nd and scatter_nd take."""
    if len(parts) == 1:
        return parts[0][..., tf.newaxis]
    shape = np.broadcast_shapes(*(tuple(np.shape(part)) for part in parts))
    return tf.stack([tf.broadcast_to(tf.cast(part, tf.int64), shape) for part in parts], axis=-1)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {"get_item": get_item, "get_item_grad": get_item_grad},
}
