"""Wrong classifiers: chains with a link too many, too few, or broken."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.activations import sigmoid
from reference_impls.affine import affine
from reference_impls.chain import chain
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.cross_entropy_layers import every_product
from reference_impls.defects.entry import NONFINITE, WRONG, defect, gradient
from reference_impls.defects.softmax_layers import unshifted
from reference_impls.softmax import softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.softmax_regression import softmax_regression


def passing(rule: Rule) -> Rule:
    """``rule`` with a pullback that hands the cotangent on as it came."""

    def passed(x: Any) -> Any:
        return rule(x)[0], np.array

    return passed


def forgets_the_mean(x: Array, W: Array, b: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, _ = softmax_regression(x, W, b, labels, reduction=reduction)
    return y, softmax_regression(x, W, b, labels, reduction=reduction.replace("mean", "sum"))[1]


DEFECTS = (
    defect(
        "softmax_regression",
        "exponentials without a shift, and 0 log 0",
        chain(affine, unshifted, every_product),
        NONFINITE,
        mistake="exp overflows to infinity over infinity, or underflows to 0 times infinity",
        shows="where logits are beyond 709, or 88 in float32, or lie that far apart",
        source="document 003, predict; document 003, evaluate",
    ),
    defect(
        "softmax_regression",
        "gradients that are thrown away",
        gradient(softmax_regression, lambda bars, y_bar, *args: tuple(map(np.zeros_like, args[:3]))),
        WRONG,
        mistake="the Jacobians are computed and not used: no gradient, no step",
        source="document 003, update",
    ),
    defect(
        "softmax_regression",
        "softmax applied twice",
        chain(affine, softmax, softmax_cross_entropy),
        WRONG,
        mistake="the loss takes logits, and is given their softmax",
        source="document 001, train",
    ),
    defect(
        "softmax_regression",
        "the mean forgotten in the gradient",
        forgets_the_mean,
        WRONG,
        mistake="the gradient of the sum",
        shows="under the mean, in a batch of more than one",
    ),
    defect(
        "sigmoid_classifier",
        "softmax over the samples",
        chain(affine, sigmoid, partial(softmax, axis=0), cross_entropy),
        WRONG,
        mistake="the softmax is taken over axis 0",
        shows="in a batch",
        source="document 004, SoftmaxWithLoss",
    ),
    defect(
        "sigmoid_classifier",
        "without the pullback of sigmoid",
        chain(affine, passing(sigmoid), softmax, cross_entropy),
        WRONG,
        mistake="the slope of the sigmoid is left out of the chain",
    ),
    defect(
        "sigmoid_classifier",
        "without the pullback of softmax",
        chain(affine, sigmoid, passing(softmax), cross_entropy),
        WRONG,
        mistake="the Jacobian of the softmax is left out of the chain",
    ),
    defect(
        "sigmoid_classifier",
        "without its sigmoid",
        chain(affine, softmax, cross_entropy),
        WRONG,
        mistake="the sigmoid is left out, in the primal as well",
    ),
)
