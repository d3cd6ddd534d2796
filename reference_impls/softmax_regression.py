"""Softmax regression: the softmax cross entropy of affine logits, with respect to x, W and b.

With logits z = x W + b and their cotangent z_bar, which is y_bar (p sum t - t) for each sample::

    x_bar = z_bar W^T        W_bar = x^T z_bar        b_bar = sum_n z_bar_n

The logits stay in the working format, so that their rounding is not multiplied into the exponentials.

Shapes: those of affine and of softmax_cross_entropy. Dtypes: that of x, and every cotangent that of its argument;
16-bit formats are computed in float32 and rounded once; integers give float64. Errors: ValueError where shapes do not
fit, for a label that is no class, and for an unknown reduction. The mean over no samples is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Operation
from property_tests.strategies.linear import SOFTMAX_REGRESSION_REGIONS, softmax_regression_drafts
from reference_impls.affine import affine
from reference_impls.rows import result_dtype, rounded, working_dtype
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.textbook import cross_entropy_of


def softmax_regression_definition(x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log p`` with ``log p = z - log sum exp(z)`` and ``z = x W + b``."""
    z = x @ W + b
    return cross_entropy_of(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)), labels, reduction)


def softmax_regression(
    x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean"
) -> tuple[Array, Callable[[Any], tuple[Array, Array, Array, None]]]:
    """softmax_cross_entropy after affine; the pullback gives no cotangent for the labels."""
    arguments = [np.asarray(argument) for argument in (x, W, b)]
    inner = working_dtype(arguments[0].dtype)
    z, pull_logits = affine(*(rounded(argument, inner) for argument in arguments))
    loss, pull_loss = softmax_cross_entropy(z, labels, reduction=reduction)

    def pullback(y_bar: Any) -> tuple[Array, Array, Array, None]:
        bars = pull_logits(pull_loss(y_bar))
        x_bar, W_bar, b_bar = (
            rounded(bar, result_dtype(argument.dtype)) for bar, argument in zip(bars, arguments, strict=True)
        )
        return x_bar, W_bar, b_bar, None

    return rounded(loss, result_dtype(arguments[0].dtype)), pullback


SOFTMAX_REGRESSION = Operation(
    name="softmax_regression",
    definition=softmax_regression_definition,
    rule=softmax_regression,
    regions=SOFTMAX_REGRESSION_REGIONS,
    drafts=softmax_regression_drafts,
    differentiable=(0, 1, 2),
    source="Bishop 2006, Pattern Recognition and Machine Learning, 4.3.4",
)
