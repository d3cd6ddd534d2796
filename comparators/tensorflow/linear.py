"""Affine maps, penalties and classifiers in TensorFlow."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from comparators.adapters import Function, Limits, Native, limited
from comparators.tensorflow.adapter import tf
from comparators.tensorflow.classification import cross_entropy, softmax_cross_entropy, unnormalised
from gradassay.vocabulary import Scenario


def affine(x: Native, W: Native, b: Native) -> Native:
    product = tf.matmul(x, W) if x.ndim > 1 else tf.linalg.matvec(W, x, transpose_a=True)
    return product + b


def mean_squared_error(y: Native, t: Native) -> Native:
    return tf.reduce_mean(tf.math.squared_difference(y, t))


def l2_penalty(w: Native, *, strength: float = 1.0, squared: bool = False) -> Native:
    return strength * (2 * tf.nn.l2_loss(w) if squared else tf.norm(w))


def _of_logits(limits: Limits) -> Limits:
    """The limits of a loss, for one that computes its logits: labels of that shape are a distribution."""

    def of(scenario: Scenario) -> str | None:
        x, W, _, labels = scenario.args[:4]
        logits = np.zeros((*x.shape[:-1], W.shape[1]), x.dtype)
        return limits(Scenario(scenario.operation, scenario.dtype, (logits, labels), {}, scenario.cotangent))

    return of


@limited(_of_logits(unnormalised))
def softmax_regression(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return softmax_cross_entropy(affine(x, W, b), labels, reduction=reduction)


def sigmoid_classifier(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return cross_entropy(tf.nn.softmax(tf.sigmoid(affine(x, W, b))), labels, reduction=reduction)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "tensorflow": {
        "affine": affine,
        "mean_squared_error": mean_squared_error,
        "l2_penalty": l2_penalty,
        "softmax_regression": softmax_regression,
        "sigmoid_classifier": sigmoid_classifier,
    },
}
