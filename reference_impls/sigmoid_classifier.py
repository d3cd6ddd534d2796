"""The classifier affine -> sigmoid -> softmax -> cross entropy, as one rule made of four.

Its definition is written out in one piece and shares nothing with them. The softmax of numbers between 0 and 1 is never
saturated: with C classes no probability is below 1 / (1 + (C - 1) e). The slope of a sigmoid may be subnormal, at
logits of 708 to 745 in float64 and of 87 to 103 in float32; the chain then lifts the cotangent, so that what comes back
through it has all digits before the weights multiply it.

Shapes, dtypes and errors: those of affine, cross_entropy and chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Edge, Operation
from property_tests.strategies.linear import SOFTMAX_REGRESSION_REGIONS, softmax_regression_drafts
from reference_impls.activations import sigmoid, sigmoid_grad
from reference_impls.affine import affine, affine_grad
from reference_impls.chain import chain, chain_grad
from reference_impls.conventions.probabilities import SIGMOID_CLASSIFIER_CONVENTIONS
from reference_impls.cross_entropy import cross_entropy, cross_entropy_grad
from reference_impls.softmax import softmax, softmax_grad
from reference_impls.textbook import cross_entropy_of


def sigmoid_classifier_definition(x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log p``, ``p = exp(s) / sum exp(s)``, ``s = 1 / (1 + exp(-(x W + b)))``."""
    s = 1 / (1 + np.exp(-(x @ W + b)))
    e = np.exp(s)
    return cross_entropy_of(np.log(e / e.sum(axis=-1, keepdims=True)), labels, reduction)


sigmoid_classifier = chain(affine, sigmoid, softmax, cross_entropy)
sigmoid_classifier_grad = chain_grad(
    (affine, affine_grad),
    (sigmoid, sigmoid_grad),
    (softmax, softmax_grad),
    (cross_entropy, cross_entropy_grad),
)

SIGMOID_CLASSIFIER = Operation(
    name="sigmoid_classifier",
    definition=sigmoid_classifier_definition,
    rule=sigmoid_classifier,
    regions=SOFTMAX_REGRESSION_REGIONS,
    drafts=softmax_regression_drafts,
    conventions=SIGMOID_CLASSIFIER_CONVENTIONS,
    differentiable=(0, 1, 2),
    source="Rumelhart, Hinton, Williams 1986, Learning representations by back-propagating errors",
    pullback_rule=sigmoid_classifier_grad,
    edges=(
        Edge(
            "large", "sigmoids of 1000 and -1000", ([[1.0]], [[1000.0, -1000.0]], [0.0, 0.0], np.array([1]))
        ),
        Edge("infinities", "an infinite logit", ([[1.0]], [[1.0, 1.0]], [-np.inf, 0.0], np.array([1]))),
    ),
)
