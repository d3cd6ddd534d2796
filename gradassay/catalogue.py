"""The operations that Gradassay knows, in the order of the report: one line each."""

from __future__ import annotations

from collections.abc import Mapping

from gradassay.vocabulary import Operation
from reference_impls.activations import RELU, SIGMOID, TANH
from reference_impls.affine import AFFINE
from reference_impls.cross_entropy import CROSS_ENTROPY
from reference_impls.elementwise import CLIP, EXP, LOG
from reference_impls.extrema import MAX, MIN
from reference_impls.get_item import GET_ITEM, GET_ITEM_GRAD
from reference_impls.losses import L2_PENALTY, MEAN_SQUARED_ERROR
from reference_impls.reductions import MEAN, SUM
from reference_impls.sigmoid_classifier import SIGMOID_CLASSIFIER
from reference_impls.softmax import LOG_SOFTMAX, SOFTMAX
from reference_impls.softmax_cross_entropy import SOFTMAX_CROSS_ENTROPY
from reference_impls.softmax_regression import SOFTMAX_REGRESSION

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        SOFTMAX,
        LOG_SOFTMAX,
        CROSS_ENTROPY,
        SOFTMAX_CROSS_ENTROPY,
        GET_ITEM,
        GET_ITEM_GRAD,
        EXP,
        LOG,
        SUM,
        MEAN,
        MAX,
        MIN,
        CLIP,
        RELU,
        SIGMOID,
        TANH,
        AFFINE,
        MEAN_SQUARED_ERROR,
        L2_PENALTY,
        SOFTMAX_REGRESSION,
        SIGMOID_CLASSIFIER,
    )
}


def operations() -> Mapping[str, Operation]:
    """The catalogue, name -> Operation."""
    return OPERATIONS
