"""What is at times returned for a sum, a mean, a maximum or a minimum."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Convention, Definition
from reference_impls.conventions.changes import Change, given, preceded


def scaled(by_length: bool) -> Change:
    """The mean in the place of the sum, or the sum in that of the mean."""

    def change(definition: Definition) -> Definition:
        def changed(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
            y = x.sum(axis=axis, keepdims=keepdims)
            return y / (x.size // max(y.size, 1)) if by_length else y

        return changed

    return change


def divided_by_size(definition: Definition) -> Definition:
    """The sum, divided by all entries of the array."""
    return lambda x, **params: x.sum(**params) / x.size


def largest(definition: Definition) -> Definition:
    """The largest entry."""
    return lambda x, **params: x.max(**params)


def smallest(definition: Definition) -> Definition:
    """The smallest entry."""
    return lambda x, **params: x.min(**params)


def of_nothing(end: float) -> Change:
    """``end`` where there is nothing to choose from."""

    def change(definition: Definition) -> Definition:
        def changed(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
            shape = x.sum(axis=axis, keepdims=keepdims).shape
            if x.size:
                return definition(x, axis=axis, keepdims=keepdims)
            return np.zeros(shape) + x.sum() + end

        return changed

    return change


_WHOLE = Convention("over the whole array", given(axis=None), "NumPy 2, axis=None", accepted=False)
_SIZE = Convention(
    "of the absolute values", preceded(np.abs), "NumPy 2, numpy.linalg.norm: ord=inf", accepted=False
)

SUM_CONVENTIONS = (Convention("mean", scaled(True), "NumPy 2, numpy.mean", accepted=False), _WHOLE)

MEAN_CONVENTIONS = (
    Convention("sum", scaled(False), "NumPy 2, numpy.sum", accepted=False),
    Convention("divided by all entries", divided_by_size, "a length that is a size", accepted=False),
    _WHOLE,
)

MAX_CONVENTIONS = (
    Convention("-inf for nothing", of_nothing(-np.inf), "TensorFlow 2.21, tf.reduce_max", on_invalid=True),
    Convention("the smallest", smallest, "NumPy 2, numpy.min", accepted=False),
    _SIZE,
    _WHOLE,
)

MIN_CONVENTIONS = (
    Convention("inf for nothing", of_nothing(np.inf), "TensorFlow 2.21, tf.reduce_min", on_invalid=True),
    Convention("the largest", largest, "NumPy 2, numpy.max", accepted=False),
    _SIZE,
    _WHOLE,
)
