"""Operators that lose digits on the way: narrower formats, factors close to 1."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.operators.frame import Operator, gradients


def through(dtype: type) -> Operator:
    """The gradient passes through a narrower format."""
    return gradients(lambda x_bar, x, y_bar: x_bar.astype(dtype).astype(x_bar.dtype))


float32_in_between = through(np.float32)
float16_in_between = through(np.float16)


@gradients
def nearly_1(x_bar: Array, x: Array, y_bar: Array) -> Array:
    """Times 1 + 1e-12 in float64 and 1 + 2e-5, 300 roundoffs, in narrower formats; rounded once."""
    error = 1e-12 if x_bar.itemsize > 4 else 2e-5
    return np.asarray(x_bar.astype(np.longdouble) * (1 + np.longdouble(error))).astype(x_bar.dtype)
