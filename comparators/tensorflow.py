"""TensorFlow: ``from_tensorflow``, and the table of what its users would write for each operation.

Eager, on the CPU, with TensorFlow's own defaults (oneDNN too: what is compared and timed is what people run).
TensorFlow's CPU kernels flush subnormal numbers to zero and put the caller's mode back afterwards.
"""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from comparators.adapters import (
    FrameworkComparator,
    Function,
    Lazy,
    Native,
    convert,
    environment,
    exposing,
    index_arrays,
    index_parts,
    indexes_classes,
    select,
    spread,
)
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Rule, Scenario


@contextmanager
def quietly() -> Iterator[None]:
    """Import without a word and without a GPU; a TensorFlow that the caller imported stays as it is.

    Some lines are written by C++ static initialisers before any log level counts, so the file descriptor of
    stderr points nowhere for the length of the import; an import that fails still raises.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with environment(CUDA_VISIBLE_DEVICES="-1"):
            os.dup2(nowhere, 2)
            import absl.logging
            import tensorflow

            absl.logging.set_verbosity(absl.logging.ERROR)
            tensorflow.get_logger().setLevel("ERROR")
            tensorflow.config.set_visible_devices([], "GPU")  # looks for GPUs now, while none is visible
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = Lazy("tensorflow", quietly)


# ---- NumPy in, NumPy out


def from_tensorflow(fn: Function, *, differentiable: tuple[int, ...] | None = None) -> Rule:
    """The rule of a TensorFlow function, by a gradient tape.

    ``fn(*tensors, **params)`` returns one tensor. Every floating argument (or only those at the positions
    ``differentiable``) is watched; the pullback returns a cotangent for each argument, None where TensorFlow
    has none, or the one alone of a single argument. IndexedSlices come back dense. Arrays in parameters (an
    index) become tensors too.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        arrays = [np.asarray(array) for array in args]
        wanted = select((is_floating(array.dtype) for array in arrays), differentiable)
        with tf.device("CPU:0"), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tensors = [tf.constant(array) for array in arrays]
            sources = [tensors[i] for i in wanted]
            tape.watch(sources)
            y = fn(*tensors, **{name: convert(value, tf.constant) for name, value in params.items()})

        def pullback(y_bar: Any) -> Any:
            with tf.device("CPU:0"):
                seed = tf.cast(tf.constant(np.asarray(y_bar)), y.dtype)
                found = tape.gradient(y, sources, output_gradients=seed)
            return spread([None if x_bar is None else _array(x_bar) for x_bar in found], wanted, len(args))

        return _array(y), pullback

    return rule


def _array(tensor: Any) -> Array:
    return np.asarray(tf.convert_to_tensor(tensor).numpy())


# ---- the operations


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return tf.nn.softmax(x, axis=axis) if isinstance(axis, int) else _over(tf.nn.softmax, x, axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return tf.nn.log_softmax(x, axis=axis) if isinstance(axis, int) else _over(tf.nn.log_softmax, x, axis)


def _over(fn: Function, x: Native, axis: tuple[int, ...] | None) -> Native:
    """``fn`` over several axes at once: TensorFlow takes one, so they are moved to the end and made one."""
    axes = range(x.ndim) if axis is None else [i % x.ndim for i in axis]
    order = [*(i for i in range(x.ndim) if i not in axes), *axes]
    moved = tf.transpose(x, order)
    rows = tf.reshape(moved, [*(x.shape[i] for i in order[: -len(axes) or None]), -1])
    return tf.transpose(tf.reshape(fn(rows, axis=-1), moved.shape), np.argsort(order))


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    if has_indices(p, labels):
        picked = tf.gather(p, class_indices(p, labels), axis=-1, batch_dims=p.ndim - 1)
        return reduce_loss(-tf.math.log(picked), reduction)
    return reduce_loss(-tf.reduce_sum(tf.cast(labels, p.dtype) * tf.math.log(p), axis=-1), reduction)


def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    if has_indices(x, labels):
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=class_indices(x, labels), logits=x)
    else:
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=tf.cast(labels, x.dtype), logits=x)
    return reduce_loss(loss, reduction)


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


def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    """scatter_nd at leading integer arrays, else at the flat positions that the index selects."""
    parts = index_parts(index)
    if parts and all(tf.is_tensor(part) and part.dtype != tf.bool for part in parts):
        return tf.scatter_nd(_stacked(parts), y_bar, shape)
    size = math.prod(shape)
    positions = get_item(tf.reshape(tf.range(size), shape), index=index)
    columns, rows = tf.reshape(positions, [-1, 1]), tf.reshape(y_bar, [-1])  # scatter_nd takes no 0-d update
    return tf.reshape(tf.scatter_nd(columns, rows, [size]), shape)


def has_indices(p: Native, labels: Native) -> bool:
    return indexes_classes(p, labels, integer=labels.dtype.is_integer)


def class_indices(p: Native, labels: Native) -> Native:
    """Class indices as TensorFlow's kernels want them: int64, in the shape of the batch."""
    return tf.reshape(tf.cast(labels, tf.int64), p.shape[:-1])


def _stacked(parts: tuple[Any, ...]) -> Native:
    """Index arrays of the leading axes as the one array of coordinates that gather_nd and scatter_nd take."""
    if len(parts) == 1:
        return parts[0][..., tf.newaxis]
    shape = np.broadcast_shapes(*(tuple(np.shape(part)) for part in parts))
    return tf.stack([tf.broadcast_to(tf.cast(part, tf.int64), shape) for part in parts], axis=-1)


def reduce_loss(loss: Native, reduction: str) -> Native:
    return {"none": tf.identity, "mean": tf.reduce_mean, "sum": tf.reduce_sum}[reduction](loss)


FUNCTIONS: Mapping[str, Function] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cross_entropy": cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "get_item": get_item,
    "get_item_grad": get_item_grad,
}

# ---- what TensorFlow cannot express


def unnormalised(scenario: Scenario) -> str | None:
    """TensorFlow documents its gradient p - t as wrong unless labels sum to 1; the true one is p sum t - t."""
    if scenario.operation != "softmax_cross_entropy" or scenario.args[1].shape != scenario.args[0].shape:
        return None
    labels = scenario.args[1].astype(np.float64)
    rounding = 4 * FORMATS[scenario.dtype].u
    if np.any(np.abs(labels.sum(axis=-1) - 1) > rounding):
        return "TensorFlow's gradient of this loss is for labels that sum to 1"
    return None


def _limits(scenario: Scenario) -> str | None:
    if reason := unnormalised(scenario):
        return reason
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


COMPARATORS = {"tensorflow": FrameworkComparator("tensorflow", FUNCTIONS, from_tensorflow, tf, _limits)}
