"""What is wrong with the behaviour: under a condition, from call to call, where an error is due."""

from __future__ import annotations

from gradassay.vocabulary.audit import Defect
from reference_impls.defects.entry import IMPURE, NONFINITE, RAISES, WRONG
from reference_impls.defects.operators import conditions, refusals, states
from reference_impls.defects.systematic.table import made

# fmt: off
BEHAVIOUR: tuple[Defect, ...] = (
    # name, operator, operations, verdict, mistake; where it shows; where else such a mistake is met
    # ---- conditions
    *made("wrong below -12", conditions.below_minus_12, "log_softmax affine mean_squared_error", WRONG,
          "the sign is wrong for entries below -12", "where an entry is below -12"),
    *made("wrong from 33 entries on", conditions.from_33_entries, "softmax max sigmoid", WRONG,
          "the sign is wrong from 33 entries on", "from 33 entries on"),
    *made("nothing after 33 entries", conditions.beyond_33rd_entry, "get_item_grad tanh", WRONG,
          "the gradient is 0 after 33 entries", "from 34 entries on"),
    *made("one position in 10,000", conditions.one_position_in_10000, "get_item_grad sum affine", WRONG,
          "the sign is wrong at positions 9,999, 19,999, ...", "from 10,000 entries on"),
    *made("one value in 10,000", conditions.one_value_in_10000, "sum affine", WRONG,
          "the sign is wrong for entries whose bits hash to 0 modulo 10,000", "for one entry in 10,000"),
    *made("zero for many", conditions.zero_for_many, "sigmoid sum affine", WRONG,
          "the gradient is 0 beyond 30,000 entries", "beyond 30,000 entries",
          "PyTorch 2.13, gradcheck with fast_mode=True passes it"),
    *made("not contiguous", conditions.not_contiguous, "softmax_cross_entropy log clip", IMPURE,
          "the sign is wrong where the argument is not C-contiguous", "layouts other than C"),
    *made("negative strides", conditions.negative_strides, "tanh min", IMPURE,
          "the sign is wrong where a stride is negative", "layout reversed"),
    *made("read in memory order", conditions.in_memory_order, "softmax", IMPURE,
          "the cotangent is read as it lies in memory", "layout F"),
    *made("NaN for empty", conditions.nan_for_empty, "get_item sum affine l2_penalty", NONFINITE,
          "what is made of nothing is NaN", "where an argument or a cotangent is empty"),
    # ---- state
    *made("stale residual", states.stale_residual, "softmax log mean_squared_error", IMPURE,
          "the pullback uses what the latest call kept", "where two calls are open at once",
          "document 004, Softmax.backward"),
    *made("wrong when called again", states.second_call, "cross_entropy tanh", IMPURE,
          "the sign is wrong in the second call in a row"),
    *made("pullback works once", states.second_pullback, "sigmoid_classifier softmax_regression", IMPURE,
          "a pullback returns 0 from its second call on"),
    *made("adds up", states.adds_up, "max", IMPURE,
          "a pullback adds to what it returned before"),
    *made("not deterministic", states.nondeterministic, "get_item_grad log_softmax", IMPURE,
          "noise of 1e-7 in the gradient", known="PyTorch notes, Reproducibility: index_add on a GPU"),
    *made("overwrites its argument", states.overwrites_argument, "exp affine", IMPURE,
          "the gradient is written over the argument"),
    *made("forward in place", states.forward_in_place, "log_softmax relu", IMPURE,
          "the primal is written over the argument", known="PyTorch 2.13, torch.nn.ReLU: inplace=True"),
    *made("scales its cotangent", states.scales_cotangent, "softmax_cross_entropy mean", IMPURE,
          "the cotangent is doubled in place", known="document 004, Relu writes into the upstream gradient"),
    *made("consumes its primal", states.consumes_primal, "sigmoid softmax_regression", IMPURE,
          "the pullback writes 0 over the primal"),
    # ---- errors
    *made("refuses vectors", refusals.refuses_vectors, "cross_entropy", RAISES, "a vector raises",
          "1-D arguments", "document 000, Softmax"),
    *made("refuses 0-d arrays", refusals.refuses_0d, "relu l2_penalty", RAISES, "a 0-d array raises",
          "0-d arguments"),
    *made("refuses nothing", refusals.refuses_empty, "exp mean_squared_error", RAISES, "an empty array raises",
          "empty arguments"),
    *made("refuses negative axes", refusals.refuses_negative_axis, "mean max", RAISES, "axis=-1 raises",
          "where the axis is negative", "document 000, Max"),
    *made("refuses three axes", refusals.refuses_three_axes, "log_softmax", RAISES, "more than two axes raise",
          "from 3 axes on"),
    *made("swallows errors", refusals.swallows_errors, "get_item_grad min sigmoid_classifier", RAISES,
          "0 where an error is due", "invalid inputs"),
    *made("clamps labels", refusals.clamps_labels, "cross_entropy softmax_cross_entropy", RAISES,
          "a label that is no class is taken for the nearest", "invalid labels"),
)
# fmt: on
