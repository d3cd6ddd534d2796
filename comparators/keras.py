"""Keras on TensorFlow: the second way, whose losses on probabilities divide by their sum and clip.

The loss functions are used and not the loss classes, which turn float64 into float32.
"""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from comparators.adapters import FrameworkComparator, Function, Lazy, Native, limited, pullbacks
from comparators.tensorflow.adapter import from_tensorflow, quietly
from comparators.tensorflow.classification import class_indices, has_indices, reduce_loss, unnormalised
from comparators.tensorflow.elementwise import both_bounds
from comparators.tensorflow.second_order import tape_in_tape
from gradassay.vocabulary import Scenario


@contextmanager
def _on_tensorflow() -> Iterator[None]:
    """Import Keras as TensorFlow's; ImportError where the caller chose another backend."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with quietly():
        yield
    import keras

    backend = keras.config.backend()
    if backend != "tensorflow":
        raise ImportError(f"Keras runs on {backend} here; set KERAS_BACKEND=tensorflow")


if TYPE_CHECKING:
    import keras
else:
    keras = Lazy("keras", _on_tensorflow)


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return keras.activations.softmax(x, axis=axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return keras.activations.log_softmax(x, axis=axis)


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return reduce_loss(_loss(p, labels, from_logits=False), reduction)


@limited(unnormalised)
def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return reduce_loss(_loss(x, labels, from_logits=True), reduction)


def _an_axis(scenario: Scenario) -> str | None:
    return (
        None if scenario.args[0].ndim else "keras.losses.mean_squared_error takes the mean over the last axis"
    )


@limited(both_bounds)
def clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    return keras.ops.clip(x, low, high)


def relu(x: Native) -> Native:
    return keras.activations.relu(x)


def sigmoid(x: Native) -> Native:
    return keras.activations.sigmoid(x)


def tanh(x: Native) -> Native:
    return keras.activations.tanh(x)


@limited(_an_axis)
def mean_squared_error(y: Native, t: Native) -> Native:
    return reduce_loss(keras.losses.mean_squared_error(t, y), "mean")


def _loss(x: Native, labels: Native, *, from_logits: bool) -> Native:
    if has_indices(x, labels):
        indices = class_indices(x, labels)
        return keras.losses.sparse_categorical_crossentropy(indices, x, from_logits=from_logits)
    return keras.losses.categorical_crossentropy(labels, x, from_logits=from_logits)


FUNCTIONS: Mapping[str, Function] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cross_entropy": cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "clip": clip,
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "mean_squared_error": mean_squared_error,
}

NAME = "tensorflow.keras"

COMPARATORS = {NAME: FrameworkComparator(NAME, FUNCTIONS, from_tensorflow, keras)}

SECOND_ORDER = {NAME: FrameworkComparator(NAME, pullbacks(FUNCTIONS), tape_in_tape, keras)}
