"""Operators that change what a gradient is: its shape, its dtype, how many there are."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.defects.operators.frame import Operator, gradients, pullbacks

none = gradients(lambda x_bar, x, y_bar: None)
two_for_one = pullbacks(lambda call, y_bar: (call.pullback(y_bar),) * 2)
summed = gradients(lambda x_bar, x, y_bar: x_bar.sum())
leading_axis = gradients(lambda x_bar, x, y_bar: x_bar[None])
transposed = gradients(lambda x_bar, x, y_bar: x_bar.T.copy())
always_float64 = gradients(lambda x_bar, x, y_bar: x_bar.astype(np.float64))
always_float32 = gradients(lambda x_bar, x, y_bar: x_bar.astype(np.float32))


@gradients
def last_axis_kept(x_bar: Array, x: Array, y_bar: Array) -> Array:
    """The sum over the last axis, kept with length 1."""
    return np.asarray(x_bar.sum(axis=-1, keepdims=True)) if x_bar.ndim else x_bar


def none_for(of: int) -> Operator:
    """None for one of several arguments."""
    return gradients(lambda x_bar, x, y_bar: None, of=of)


def not_unbroadcast(of: int) -> Operator:
    """An argument that was broadcast gets the cotangent as it is, not its sum."""
    return gradients(lambda x_bar, x, y_bar: y_bar.copy(), of=of)
