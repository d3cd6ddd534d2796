"""What is wrong with the formula: digits that it loses, winners, indices and axes that it mistakes."""

from __future__ import annotations

from gradassay.vocabulary.audit import Defect
from reference_impls.activations import sigmoid
from reference_impls.affine import affine
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.entry import IMPRECISE, NONFINITE, STRUCTURE, WRONG
from reference_impls.defects.operators import choices, formulas, precision
from reference_impls.defects.operators.choices import linked
from reference_impls.defects.systematic.table import made
from reference_impls.softmax import softmax

# fmt: off
FORMULAS: tuple[Defect, ...] = (
    # name, operator, operations, verdict, mistake; where it shows; where else such a mistake is met
    # ---- precision
    *made("float32 in between", precision.float32_in_between, "log affine l2_penalty", IMPRECISE,
          "the gradient passes through float32", "in float64"),
    *made("float16 in between", precision.float16_in_between, "softmax log_softmax", IMPRECISE,
          "the gradient passes through float16"),
    *made("float16 accumulation", choices.accumulated_in_float16, "get_item", IMPRECISE,
          "the gradient is collected in float16"),
    *made("float16 accumulation", choices.accumulated_in_float16_forward, "get_item_grad", IMPRECISE,
          "the primal is collected in float16"),
    *made("times 1 + 1e-12", precision.nearly_1, "cross_entropy exp min l2_penalty", IMPRECISE,
          "a relative error of 1e-12, in float32 of 2e-5"),
    *made("cancels", formulas.s_times_1_minus_s, "sigmoid", IMPRECISE, "the slope is s (1 - s)",
          "where s is close to 1", "document 002, SigmoidLayer"),
    *made("cancels", formulas.one_minus_y_squared, "tanh", IMPRECISE, "the slope is 1 - y²",
          "where |y| is close to 1"),
    *made("cancels", linked(formulas.s_times_1_minus_s, 1, affine, sigmoid, softmax, cross_entropy),
          "sigmoid_classifier", IMPRECISE, "the slope of the sigmoid is s (1 - s)", "where s is close to 1"),
    *made("naive exp", formulas.naive_softmax, "softmax", NONFINITE, "exp(x) / sum exp(x) without a shift",
          "where exp overflows or vanishes", "document 000, softmax_simple"),
    *made("naive exp", formulas.naive_log_softmax, "log_softmax", NONFINITE,
          "log(exp(x) / sum exp(x)) without a shift", "where exp overflows or vanishes"),
    *made("naive exp", formulas.naive_sigmoid, "sigmoid", NONFINITE, "exp(x) / (1 + exp(x))",
          "where exp overflows"),
    *made("naive exp", linked(formulas.naive_softmax, 0, softmax, cross_entropy), "softmax_cross_entropy",
          NONFINITE, "-log(exp(x) / sum exp(x)) without a shift", "where exp overflows or vanishes"),
    *made("a term missing", formulas.without_inner_product, "softmax", WRONG, "the term y <y, y_bar> is missing"),
    *made("a term missing", formulas.without_labels, "softmax_cross_entropy", WRONG,
          "the term of the labels is missing"),
    # ---- choices
    *made("mask inverted", choices.inverted_mask, "clip relu", WRONG,
          "what is cut off gets the cotangent, the rest 0"),
    *made("mask inverted", choices.losers_instead, "max", WRONG, "all but the largest get the cotangent"),
    *made("ties: all", choices.all_of_a_tie, "max min", WRONG, "each of equal winners gets the whole cotangent",
          "where winners are equal", "document 000, Max; document 000, Min"),
    *made("ties: none", choices.none_of_a_tie, "max min", WRONG, "equal winners get nothing",
          "where winners are equal"),
    *made("near ties share", choices.near_ties_share, "max min", WRONG,
          "entries within a thousandth of the winner share its cotangent", "where entries nearly tie"),
    *made("overwritten", choices.overwritten, "get_item", WRONG, "a place taken twice keeps one cotangent",
          "where a place is taken twice", 'document 000, "same work"; NumPy reference, ufunc.at'),
    *made("overwritten", choices.overwritten_forward, "get_item_grad", WRONG,
          "a place named twice keeps one entry", "where a place is named twice", "NumPy reference, ufunc.at"),
    *made("negative index clamped", choices.negative_index_clamped, "get_item get_item_grad", WRONG,
          "the pullback takes a negative index for 0", "where an index is negative"),
    *made("over axis 0", choices.over_axis_0, "softmax", WRONG, "the first axis whichever was asked for",
          "where another axis was", "document 004, softmax"),
    *made("over axis 0", choices.over_axis_0, "sum max", STRUCTURE, "the first axis whichever was asked for",
          "where another axis was, of another length"),
    *made("gradient over another axis", choices.axis_before, "log_softmax", WRONG,
          "the pullback takes the axis before", "from 2 axes on"),
)
# fmt: on
