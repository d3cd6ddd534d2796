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
def renormalised_by_softmax(p: Any) -> Any:
    """``exp(log p) / sum exp(log p)``: the same number, after a rounding of log p."""
    e = np.exp(np.log(p))
    return e / e.sum(axis=-1, keepdims=True)


@preceded
def clipped_as_keras(p: Any) -> Any:
    """``p`` between 1e-7 and 1 - 1e-7, both rounded to its dtype; in 16 bits the upper one is 1."""
    low, high = (float(p.dtype.type(bound)) for bound in (KERAS_EPSILON, 1 - KERAS_EPSILON))
    return np.clip(p, low, high)


@preceded
def clipped_where_it_bites(p: Any) -> Any:
    """The same for what is at most 1, without asking whether it is 1 where that is the upper bound."""
    low, high = (float(p.dtype.type(bound)) for bound in (KERAS_EPSILON, 1 - KERAS_EPSILON))
    return np.clip(p, low, high if high < 1 else None)


CROSS_ENTROPY_CONVENTIONS = (
    Convention("renormalised", renormalised, "Keras 3.15, keras.ops.categorical_crossentropy"),
    Convention(
        "renormalised", renormalised_by_softmax, "Keras 3.15, keras.ops.sparse_categorical_crossentropy"
    ),
    Convention("clipped at 1e-7", clipped_as_keras, "Keras 3.15, keras.config.epsilon"),
    Convention("clipped at 1e-7", clipped_where_it_bites, "Keras 3.15, keras.config.epsilon"),
)
