"""What others mean by the cross entropy of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Convention
from reference_impls.conventions.changes import preceded

#: ``keras.config.epsilon()``, where Keras clips probabilities.
KERAS_EPSILON = 1e-7


@preceded
def renormalised(p: Any) -> Any:
    """``p / sum p``: what both Keras losses start from or end in."""
    return p / p.sum(axis=-1, keepdims=True)


@preceded
def clipped_as_keras(p: Any) -> Any:
    """``p`` between 1e-7 and 1 - 1e-7, both rounded to its dtype; in 16 bits the upper one is 1."""
    dtype = p.dtype
    return np.clip(p, float(dtype.type(KERAS_EPSILON)), float(dtype.type(1 - KERAS_EPSILON)))


CROSS_ENTROPY_CONVENTIONS = (
    Convention("renormalised", renormalised, "Keras 3.15, keras.ops.categorical_crossentropy"),
    Convention("clipped at 1e-7", clipped_as_keras, "Keras 3.15, keras.config.epsilon"),
)
