"""The primitives of the tape: what each means on balls, and its pullback in terms of the others.

In a pullback, g is the cotangent and y the result.  ``pull`` and ``pull_div`` multiply a cotangent: where it is
zero by structure (a branch that was not taken, an entry that was not selected) the product is zero even if the factor
is infinite.
"""

from __future__ import annotations

from comparators.exact.operations.arithmetic import (
    add,
    bilinear,
    divide,
    exp,
    expm1,
    log,
    log1p,
    multiply,
    negative,
    pull,
    pull_div,
    sqrt,
    subtract,
    tanh,
)
from comparators.exact.operations.choices import absolute, compare, largest, maximum, sign, where
from comparators.exact.operations.decision import Decision
from comparators.exact.operations.moving import (
    broadcast_to,
    getitem,
    join,
    reshape,
    restructure,
    scatter,
    total,
    transpose,
    unbroadcast,
)

__all__ = [
    "Decision",
    "absolute",
    "add",
    "bilinear",
    "broadcast_to",
    "compare",
    "divide",
    "exp",
    "expm1",
    "getitem",
    "join",
    "largest",
    "log",
    "log1p",
    "maximum",
    "multiply",
    "negative",
    "pull",
    "pull_div",
    "reshape",
    "restructure",
    "scatter",
    "sign",
    "sqrt",
    "subtract",
    "tanh",
    "total",
    "transpose",
    "unbroadcast",
    "where",
]
