"""Other softmaxes: over other axes, of another base, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Convention, Definition
from reference_impls.conventions.changes import Change, given


def of_base_2(definition: Definition) -> Definition:
    """``2^x / sum 2^x``, or its logarithm: the same of x log 2."""
    return lambda x, **params: definition(x * np.log(2), **params)


def twice(definition: Definition) -> Definition:
    """The softmax, or its logarithm, of a softmax."""

    def changed(x: Any, *, axis: Any = -1) -> Any:
        e = np.exp(x)
        return definition(e / e.sum(axis=axis, keepdims=True), axis=axis)

    return changed


def through(step: Callable[[Any], Any]) -> Change:
    """``step`` of the result."""
    return lambda definition: lambda x, **params: step(definition(x, **params))


def unnormalised(definition: Definition) -> Definition:
    """``exp(x)``."""
    return lambda x, **params: np.exp(x)


_OTHERS = (
    Convention(
        "base 2",
        of_base_2,
        "a kernel of exp2 without its factor",
        accepted=False,
    ),
    Convention("over the whole array", given(axis=None), "numpy.sum without an axis", accepted=False),
    Convention("over axis 0", given(axis=0), "PyTorch 2.13, softmax without a dim", accepted=False),
    Convention("over axis 1", given(axis=1), "PyTorch 2.13, softmax without a dim", accepted=False),
    Convention("over the last axis", given(axis=-1), "Keras 3.15, keras.activations.softmax", accepted=False),
    Convention("applied twice", twice, "a softmax layer before a loss that has one", accepted=False),
)

SOFTMAX_CONVENTIONS = (
    *_OTHERS,
    Convention("its logarithm", through(np.log), "PyTorch 2.13, torch.log_softmax", accepted=False),
    Convention("not normalised", unnormalised, "a term that was dropped", accepted=False),
)

LOG_SOFTMAX_CONVENTIONS = (
    *_OTHERS,
    Convention("no logarithm", through(np.exp), "PyTorch 2.13, torch.softmax", accepted=False),
)
