"""What others mean by exp, log, clip, relu, sigmoid and tanh."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.formats import FORMATS
from gradassay.vocabulary import Convention
from reference_impls.conventions.changes import instead, preceded


@preceded
def flushed(x: Any) -> Any:
    """What arithmetic reads that takes subnormal numbers for 0."""
    tiny = FORMATS[x.dtype.name].tiny
    return np.where((x > -tiny) & (x < tiny), 0, x)


def clip_low_wins(x: Any, *, low: float | None = None, high: float | None = None) -> Any:
    """``max(min(x, high), low)``: the same unless the bounds are crossed."""
    y = x if high is None else np.minimum(x, x.dtype.type(high))
    return y if low is None else np.maximum(y, x.dtype.type(low))


EXP_CONVENTIONS = (Convention("base 2", instead(np.exp2), "NumPy 2, numpy.exp2"),)

LOG_CONVENTIONS = (
    Convention("base 2", instead(np.log2), "NumPy 2, numpy.log2"),
    Convention("base 10", instead(np.log10), "NumPy 2, numpy.log10"),
)

CLIP_CONVENTIONS = (
    Convention("the lower bound wins", instead(clip_low_wins), "TensorFlow 2.21, tf.clip_by_value"),
)

RELU_CONVENTIONS = (
    Convention("subnormal numbers are 0", flushed, "Intel 64 manual, MXCSR: denormals are zeros"),
)
