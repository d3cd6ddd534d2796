"""Softmax regression: the softmax cross entropy of affine logits, with respect to x, W and b.

With logits z = x W + b and their cotangent z_bar, which is y_bar (p sum t - t) for each sample::

    x_bar = z_bar W^T        W_bar = x^T z_bar        b_bar = sum_n z_bar_n

The logits stay in the working format, so that their rounding is not multiplied into the exponentials.

Its second order is that of the two in a row.

Shapes: those of affine and of softmax_cross_entropy. Dtypes: that of x, and every cotangent that of its argument;
16-bit formats are computed in float32 and rounded once; integers give float64. Errors: ValueError where shapes do not
fit, for a label that is no class, and for an unknown reduction. The mean over no samples is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Edge, Operation
from property_tests.strategies.linear import SOFTMAX_REGRESSION_REGIONS, softmax_regression_drafts
from reference_impls.affine import affine, affine_grad
from reference_impls.chain import chain, chain_grad
from reference_impls.conventions.probabilities import SOFTMAX_REGRESSION_CONVENTIONS
from reference_impls.softmax_cross_entropy import softmax_cross_entropy, softmax_cross_entropy_grad
from reference_impls.textbook import cross_entropy_of


def softmax_regression_definition(x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log p`` with ``log p = z - log sum exp(z)`` and ``z = x W + b``."""
    z = x @ W + b
    return cross_entropy_of(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)), labels, reduction)


softmax_regression = chain(affine, softmax_cross_entropy)
softmax_regression_grad = chain_grad(
    (affine, affine_grad), (softmax_cross_entropy, softmax_cross_entropy_grad)
)

SOFTMAX_REGRESSION = Operation(
    name="softmax_regression",
    definition=softmax_regression_definition,
    rule=softmax_regression,
    regions=SOFTMAX_REGRESSION_REGIONS,
    drafts=softmax_regression_drafts,
    conventions=SOFTMAX_REGRESSION_CONVENTIONS,
    differentiable=(0, 1, 2),
    source="Bishop 2006, Pattern Recognition and Machine Learning, 4.3.4",
    pullback_rule=softmax_regression_grad,
    edges=(
        Edge("ties", "no weights", ([[1.0, 2.0]], np.zeros((2, 3)), [0.0, 0.0, 0.0], np.array([1]))),
        Edge("large", "logits of 1000", ([[1.0]], [[1000.0, -1000.0]], [0.0, 0.0], np.array([1]))),
        Edge("infinities", "an infinite logit", ([[1.0]], [[1.0, 1.0]], [-np.inf, 0.0], np.array([1]))),
        Edge("empty", "no samples", (np.zeros((0, 1)), [[1.0, 2.0]], [0.0, 0.0], np.zeros(0, int))),
    ),
)
