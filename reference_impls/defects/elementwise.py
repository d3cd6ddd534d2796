"""Wrong gradients of exp, log and clip."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.entry import NONFINITE, RAISES, WRONG, defect, gradient
from reference_impls.elementwise import clip, exp, log


def multiplies_zero_by_an_overflow(x: Array) -> Any:
    with np.errstate(all="ignore"):
        y = np.exp(x)
    return y, lambda y_bar: y_bar * y


def adds_an_epsilon_to_its_argument(x: Array) -> Any:
    return log(x + x.dtype.type(1e-7))


def compares_with_a_bound_of_none(x: Array, *, low: Any = None, high: Any = None) -> Any:
    y, _ = clip(x, low=low, high=high)
    return y, lambda y_bar: y_bar * ((x >= low) * (x <= high))


def forgets_the_lower_bound(x: Array, *, low: Any = None, high: Any = None) -> Any:
    return clip(x, low=low, high=high)[0], clip(x, high=high)[1]


DEFECTS = (
    defect(
        "exp",
        "the argument in the place of the value",
        gradient(exp, lambda x_bar, y_bar, x: y_bar * x),
        WRONG,
        mistake="y_bar x for y_bar e^x",
    ),
    defect(
        "exp",
        "zero times an overflow",
        multiplies_zero_by_an_overflow,
        NONFINITE,
        mistake="infinity times a small cotangent is infinity, and times 0 NaN",
        shows="where e^x overflows, and its product with the cotangent does not",
    ),
    defect(
        "exp",
        "the slope of a global function",
        gradient(exp, lambda x_bar, y_bar, x: y_bar * (2 * x)),
        WRONG,
        mistake="the tangent differentiates x² + 5, whatever it is given",
        source="document 004, Differentiate.tangent",
    ),
    defect(
        "log",
        "divides by the square",
        gradient(log, lambda x_bar, y_bar, x: y_bar / x / x),
        WRONG,
        mistake="y_bar / x² for y_bar / x",
    ),
    defect(
        "log",
        "an epsilon added to its argument",
        adds_an_epsilon_to_its_argument,
        WRONG,
        mistake="log(x + 1e-7) against log 0",
        shows="where 1e-7 is something beside x",
    ),
    defect(
        "clip",
        "a bound of None compared",
        compares_with_a_bound_of_none,
        RAISES,
        mistake="x is compared with the bounds, one of which may be None",
        shows="where a bound is None",
        source="document 000, Clip.backward",
    ),
    defect(
        "clip",
        "forgets the lower bound in the gradient",
        forgets_the_lower_bound,
        WRONG,
        mistake="the mask knows the upper bound alone",
        shows="where an entry is below the lower bound",
    ),
)
