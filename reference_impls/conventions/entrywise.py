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


def leaky(x: Any) -> Any:
    """``max(x, x / 100)``."""
    return np.maximum(x, x / 100)


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``."""
    return np.minimum(np.maximum(x, 0), 6)


def hard_sigmoid(x: Any) -> Any:
    """``x / 6 + 1/2`` between 0 and 1."""
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


def steep_hard_sigmoid(x: Any) -> Any:
    """``x / 5 + 1/2`` between 0 and 1."""
    return np.minimum(np.maximum(x / 5 + 0.5, 0), 1)


def hard_tanh(x: Any) -> Any:
    """``x`` between -1 and 1."""
    return np.minimum(np.maximum(x, -1), 1)


def scaled_tanh(x: Any) -> Any:
    """``1.7159 tanh(2 x / 3)``."""
    return 1.7159 * np.tanh(2 * x / 3)


EXP_CONVENTIONS = (
    Convention("base 2", instead(np.exp2), "NumPy 2, numpy.exp2"),
    Convention("less 1", instead(np.expm1), "NumPy 2, numpy.expm1", accepted=False),
)

LOG_CONVENTIONS = (
    Convention("base 2", instead(np.log2), "NumPy 2, numpy.log2"),
    Convention("base 10", instead(np.log10), "NumPy 2, numpy.log10"),
    Convention("of 1 + x", instead(np.log1p), "NumPy 2, numpy.log1p", accepted=False),
    Convention(
        "1e-7 added", preceded(lambda x: x + float(x.dtype.type(1e-7))), "a guard for 0", accepted=False
    ),
)

CLIP_CONVENTIONS = (
    Convention("the lower bound wins", instead(clip_low_wins), "TensorFlow 2.21, tf.clip_by_value"),
)

RELU_CONVENTIONS = (
    Convention("subnormal numbers are 0", flushed, "Intel 64 manual, MXCSR: denormals are zeros"),
    Convention("leaky 0.01", instead(leaky), "Keras 3.15, keras.activations.relu: negative_slope"),
    Convention("no more than 6", instead(relu6), "Keras 3.15, keras.activations.relu: max_value"),
)

SIGMOID_CONVENTIONS = (
    Convention(
        "hard, of slope 1/6", instead(hard_sigmoid), "PyTorch 2.13, Hardsigmoid; Keras 3.15, hard_sigmoid"
    ),
    Convention("hard, of slope 1/5", instead(steep_hard_sigmoid), "Keras 2, keras.activations.hard_sigmoid"),
)

TANH_CONVENTIONS = (
    Convention("hard", instead(hard_tanh), "PyTorch 2.13, torch.nn.Hardtanh"),
    Convention(
        "1.7159 tanh(2 x / 3)",
        instead(scaled_tanh),
        "LeCun et al. 1998, Efficient BackProp, 4.4",
    ),
)
