"""What is wrong with the gradient itself: its numbers, their places, the cotangent it answers to, its shape."""

from __future__ import annotations

from gradassay.vocabulary.audit import Defect
from reference_impls.affine import affine
from reference_impls.defects.entry import IMPRECISE, NONFINITE, STRUCTURE, WRONG
from reference_impls.defects.operators import structures, values
from reference_impls.defects.operators.choices import linked
from reference_impls.defects.systematic.table import made
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

# fmt: off
GRADIENTS: tuple[Defect, ...] = (
    # name, operator, operations, verdict, mistake; where it shows; where else such a mistake is met
    # ---- sign and size
    *made("wrong sign", values.wrong_sign, "softmax_cross_entropy exp softmax_regression", WRONG,
          "minus the gradient"),
    *made("factor 2", values.factor_2, "cross_entropy sigmoid l2_penalty", WRONG, "twice the gradient"),
    *made("factor N", values.factor_n, "softmax mean mean_squared_error", WRONG,
          "the gradient times the number of entries", "from 2 entries on"),
    *made("factor 1/N", values.factor_1_by_n, "log sum", WRONG, "the gradient over the number of entries",
          "from 2 entries on"),
    *made("divided by the batch", values.divided_by_batch, "log_softmax get_item", WRONG,
          "the gradient over the length of the first axis", "from 2 rows on"),
    *made("absolute value", values.absolute, "log_softmax", WRONG,
          "the absolute value of the gradient", "where an entry is negative"),
    *made("zero", values.zero, "get_item affine sigmoid_classifier", WRONG, "the gradient is 0"),
    *made("NaN", values.nan, "min l2_penalty", NONFINITE, "the gradient is NaN"),
    *made("clipped to 0.1", values.clipped, "exp log", WRONG,
          "entries of the gradient are cut off at -0.1 and 0.1", "where an entry is larger"),
    *made("clipped norm", values.clipped_norm, "get_item_grad softmax_regression", WRONG,
          "the gradient is scaled to a norm of at most 1", "where the norm is larger"),
    *made("flushed below 1e-30", values.flushed, "softmax sigmoid", IMPRECISE,
          "entries of the gradient below 1e-30 are 0", "where an entry is that small"),
    # ---- place
    *made("off by one", values.off_by_one, "get_item max clip", WRONG,
          "each entry of the gradient one place too late", "from 2 entries on"),
    *made("reversed", values.reversed_order, "exp get_item_grad", WRONG, "the gradient in reversed order",
          "from 2 entries on"),
    *made("transposed in its shape", values.transposed_in_shape, "log_softmax tanh", WRONG,
          "the entries of the transpose in the shape of the argument", "from 2 axes on"),
    *made("first row only", values.first_row_only, "cross_entropy mean relu", WRONG,
          "rows of the gradient after the first are 0", "from 2 rows on"),
    *made("averaged over the batch", values.averaged_over_batch, "softmax clip", WRONG,
          "each row of the gradient is the mean of all", "from 2 rows on"),
    # ---- cotangent
    *made("cotangent dropped", values.dropped_cotangent, "softmax softmax_cross_entropy tanh", WRONG,
          "the pullback takes every cotangent for ones",
          known="document 004, Softmax.backward; document 004, SoftmaxWithLoss.backward"),
    *made("first entry of the cotangent", values.first_cotangent, "get_item_grad min", WRONG,
          "the pullback takes the cotangent's first entry for all", "where the primal has 2 entries"),
    *made("mean of the cotangent", values.mean_cotangent, "mean sigmoid affine", WRONG,
          "the pullback takes the cotangent's mean for every entry", "where the primal has 2 entries"),
    *made("absolute cotangent", values.positive_cotangent, "relu mean_squared_error", WRONG,
          "the pullback takes the cotangent's absolute value", "where it is negative"),
    *made("cotangent itself", values.cotangent_itself, "log_softmax clip relu sigmoid", WRONG,
          "the pullback hands the cotangent on as it came"),
    *made("cotangent itself", values.cotangent_itself, "sum max", STRUCTURE,
          "the cotangent is not spread over what was reduced", "where the primal has fewer axes or entries"),
    *made("pulled back at -x", values.mirrored, "exp clip relu", WRONG,
          "the pullback belongs to the argument of the other sign", "where the slope is not even"),
    *made("pulled back at -x", values.mirrored, "log", NONFINITE,
          "the pullback belongs to the argument of the other sign", "where that leaves the domain"),
    # ---- several arguments
    *made("weights detached", values.detached(1), "affine", WRONG, "no gradient flows to the weights"),
    *made("target detached", values.detached(1), "mean_squared_error", WRONG, "no gradient flows to the target"),
    *made("bias detached", values.detached(2), "softmax_regression", WRONG, "no gradient flows to the bias"),
    *made("input detached", values.detached(0), "sigmoid_classifier", WRONG, "no gradient flows to the input"),
    *made("gradients exchanged", values.exchanged(0, 1), "mean_squared_error", WRONG,
          "prediction and target get each other's gradient"),
    *made("gradients exchanged", values.exchanged(1, 2), "sigmoid_classifier", STRUCTURE,
          "weights and bias get each other's gradient"),
    *made("bias not unbroadcast", structures.not_unbroadcast(2), "affine", STRUCTURE,
          "the bias gets the cotangent of every row, not their sum", "from 2 axes on"),
    *made("bias not unbroadcast", linked(structures.not_unbroadcast(2), 0, affine, softmax_cross_entropy),
          "softmax_regression", STRUCTURE, "the bias gets the cotangent of every row, not their sum",
          "from 2 axes on"),
    # ---- structure
    *made("None", structures.none, "sum relu", STRUCTURE, "there is no gradient",
          known="document 004, CrossEntropy.backward"),
    *made("None for the input", structures.none_for(0), "softmax_regression", STRUCTURE,
          "there is no gradient of the input"),
    *made("two gradients", structures.two_for_one, "get_item tanh", STRUCTURE, "two gradients of one argument"),
    *made("summed", structures.summed, "log max", STRUCTURE, "one number, the sum of the gradient",
          "where the argument is not 0-d"),
    *made("a leading axis", structures.leading_axis, "softmax_cross_entropy mean", STRUCTURE,
          "the gradient with an axis of length 1 before the others"),
    *made("transposed", structures.transposed, "get_item mean_squared_error", STRUCTURE,
          "the transpose of the gradient", "where the transpose has another shape"),
    *made("float64 always", structures.always_float64, "cross_entropy get_item sigmoid", STRUCTURE,
          "the gradient is float64 whatever comes in", "in float32", "document 000, GetItemGrad"),
    *made("float32 always", structures.always_float32, "get_item_grad clip", STRUCTURE,
          "the gradient is float32 whatever comes in", "in float64"),
    *made("last axis summed", structures.last_axis_kept, "softmax min", STRUCTURE,
          "the gradient is summed over its last axis, which stays with length 1", "where that axis is longer"),
)
# fmt: on
