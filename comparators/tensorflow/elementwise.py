"""Elementwise functions in TensorFlow; ``tensorflow.maximum`` is the other way to cut off."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

from comparators.adapters import Function, Native, limited
from comparators.tensorflow.adapter import tf
from gradassay.vocabulary import Scenario


def both_bounds(scenario: Scenario) -> str | None:
    """Keras hands its bounds to the same function."""
    if scenario.params.get("low") is None or scenario.params.get("high") is None:
        return "tf.clip_by_value takes both bounds"
    return None


def exp(x: Native) -> Native:
    return tf.exp(x)


def log(x: Native) -> Native:
    return tf.math.log(x)


@limited(both_bounds)
def clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    return tf.clip_by_value(x, low, high)


def maximum_clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    y = tf.identity(x) if low is None else tf.maximum(x, low)
    return y if high is None else tf.minimum(y, high)


def relu(x: Native) -> Native:
    return tf.nn.relu(x)


def maximum_relu(x: Native) -> Native:
    return tf.maximum(x, 0)


def sigmoid(x: Native) -> Native:
    return tf.sigmoid(x)


def tanh(x: Native) -> Native:
    return tf.tanh(x)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {"exp": exp, "log": log, "clip": clip, "relu": relu, "sigmoid": sigmoid, "tanh": tanh},
    "tensorflow.maximum": {"clip": maximum_clip, "relu": maximum_relu},
}
