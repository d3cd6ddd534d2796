"""How a made defect gets into the table: an operator, the operations that it is used on, and what has to be said."""

from __future__ import annotations

from gradassay.vocabulary import Rule, Verdict
from gradassay.vocabulary.audit import Defect
from reference_impls import (
    activations,
    affine,
    cross_entropy,
    elementwise,
    extrema,
    get_item,
    losses,
    reductions,
    sigmoid_classifier,
    softmax,
    softmax_cross_entropy,
    softmax_regression,
)
from reference_impls.defects.entry import defect
from reference_impls.defects.operators.frame import Operator

#: Operation -> the right rule.
RULES: dict[str, Rule] = {
    operation.name: operation.rule
    for operation in (
        softmax.SOFTMAX,
        softmax.LOG_SOFTMAX,
        cross_entropy.CROSS_ENTROPY,
        softmax_cross_entropy.SOFTMAX_CROSS_ENTROPY,
        get_item.GET_ITEM,
        get_item.GET_ITEM_GRAD,
        elementwise.EXP,
        elementwise.LOG,
        reductions.SUM,
        reductions.MEAN,
        extrema.MAX,
        extrema.MIN,
        elementwise.CLIP,
        activations.RELU,
        activations.SIGMOID,
        activations.TANH,
        affine.AFFINE,
        losses.MEAN_SQUARED_ERROR,
        losses.L2_PENALTY,
        softmax_regression.SOFTMAX_REGRESSION,
        sigmoid_classifier.SIGMOID_CLASSIFIER,
    )
}


def made(
    name: str,
    operator: Operator,
    operations: str,
    verdict: Verdict,
    mistake: str,
    shows: str = "everywhere",
    known: str = "",
) -> tuple[Defect, ...]:
    """The operator on each of ``operations``; ``known`` tells where else such a mistake is met."""
    source = f"operator: {name}" + (f"; {known}" if known else "")
    return tuple(
        defect(each, name, operator(RULES[each]), verdict, mistake=mistake, shows=shows, source=source)
        for each in operations.split()
    )
