"""Optimizers as pure functions: the parameters and state of a step from those before it and the gradient.

SGD (Robbins and Monro 1951)::

    w' = w - rate w_bar

Adam (Kingma and Ba 2015, Algorithm 1), t counted from 1, all operations entry by entry::

    m' = beta1 m + (1 - beta1) w_bar
    v' = beta2 v + (1 - beta2) w_bar^2
    w' = w - rate m_hat / (sqrt(v_hat) + epsilon),   m_hat = m' / (1 - beta1^t),   v_hat = v' / (1 - beta2^t)

The same paper proposes, at the end of its section 2, another order of the scalars, which DeZero, Keras and TensorFlow's
ResourceApplyAdam follow: ``w' = w - rate c m' / (sqrt(v') + epsilon)``, c = sqrt(1 - beta2^t) / (1 - beta1^t). There
epsilon is added before the bias is corrected, hence weighs 1 / sqrt(1 - beta2^t) as much: 32 times in the first step.

Shapes: w, w_bar, m and v have one shape, and so has what is returned. Dtypes: those of w; hyper-parameters are Python
numbers, and 1 - beta^t is taken in float64. Nothing is changed in place. Errors: ValueError where shapes differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Convention, Definition
from reference_impls.conventions.changes import instead

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def sgd_definition(w: Any, w_bar: Any, *, rate: float) -> Any:
    """``w - rate w_bar``."""
    return w - rate * w_bar


def _moments(m: Any, v: Any, w_bar: Any, beta1: float, beta2: float) -> tuple[Any, Any]:
    """``(m', v')``."""
    return beta1 * m + (1 - beta1) * w_bar, beta2 * v + (1 - beta2) * w_bar**2


def adam_definition(
    w: Any,
    m: Any,
    v: Any,
    w_bar: Any,
    *,
    step: int,
    rate: float,
    beta1: float = BETA1,
    beta2: float = BETA2,
    epsilon: float = EPSILON,
) -> Any:
    """``(w', m', v')`` of Algorithm 1, stacked."""
    m, v = _moments(m, v, w_bar, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return np.stack([w - rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v])


def adam_uncorrected_epsilon(
    *args: Any, step: int, beta2: float = BETA2, epsilon: float = EPSILON, **rest: float
) -> Any:
    """``(w', m', v')`` with epsilon added to the root before its bias is corrected, stacked."""
    grown = epsilon / float(np.sqrt(1 - beta2**step))
    return adam_definition(*args, step=step, beta2=beta2, epsilon=grown, **rest)


def adam_biased(
    w: Any,
    m: Any,
    v: Any,
    w_bar: Any,
    *,
    step: int,
    rate: float,
    beta1: float = BETA1,
    beta2: float = BETA2,
    epsilon: float = EPSILON,
) -> Any:
    """``(w', m', v')`` with ``w' = w - rate m' / (sqrt(v') + epsilon)``, stacked: t is taken to be infinite."""
    m, v = _moments(m, v, w_bar, beta1, beta2)
    return np.stack([w - rate * m / (np.sqrt(v) + epsilon), m, v])


def sgd_narrow_rate(w: Any, w_bar: Any, *, rate: float) -> Any:
    """``w - rate w_bar`` with the rate rounded to float32, as Keras holds it unless its floatx is float64."""
    return w - _narrow(rate) * w_bar


def adam_narrow(
    w: Any,
    m: Any,
    v: Any,
    w_bar: Any,
    *,
    step: int,
    rate: float,
    beta1: float = BETA1,
    beta2: float = BETA2,
    epsilon: float = EPSILON,
) -> Any:
    """``(w', m', v')`` as Keras has it: epsilon uncorrected, and c and the rate made of float32 numbers, stacked."""
    m, v = _moments(m, v, w_bar, beta1, beta2)
    c = float(np.sqrt(1 - _narrow(beta2) ** step)) / (1 - _narrow(beta1) ** step)
    return np.stack([w - _narrow(rate) * c * m / (np.sqrt(v) + epsilon), m, v])


def _narrow(number: float) -> float:
    return float(np.float32(number))


def sgd(w: Array, w_bar: Array, *, rate: float) -> Array:
    """``w - rate w_bar``."""
    _check_shapes(w, w_bar)
    moved: Array = w - w.dtype.type(rate) * w_bar
    return moved


def adam(
    w: Array,
    m: Array,
    v: Array,
    w_bar: Array,
    *,
    step: int,
    rate: float,
    beta1: float = BETA1,
    beta2: float = BETA2,
    epsilon: float = EPSILON,
    corrected_epsilon: bool = True,
) -> tuple[Array, Array, Array]:
    """``(w', m', v')``; ``step`` counts from 1. ``corrected_epsilon=False`` is the paper's other order."""
    _check_shapes(w, m, v, w_bar)
    number = w.dtype.type
    m = number(beta1) * m + number(1 - beta1) * w_bar
    v = number(beta2) * v + number(1 - beta2) * (w_bar * w_bar)
    c1, c2 = 1 - beta1**step, 1 - beta2**step
    added = epsilon if corrected_epsilon else epsilon / c2**0.5
    return w - number(rate / c1) * m / (np.sqrt(v / number(c2)) + number(added)), m, v


def _check_shapes(w: Array, *others: Array) -> None:
    for other in others:
        if other.shape != w.shape:
            raise ValueError(f"shapes {w.shape} and {other.shape} differ; an update goes entry by entry")


#: Optimizer -> the definition that its every update is held against.
UPDATES: dict[str, Definition] = {"sgd": sgd_definition, "adam": adam_definition}

#: Optimizer -> named alternatives that others follow.
UPDATE_CONVENTIONS: dict[str, tuple[Convention, ...]] = {
    "sgd": (
        Convention(
            "the rate is rounded to float32",
            instead(sgd_narrow_rate),
            "Keras 3.15, keras/src/optimizers/base_optimizer.py: a variable of dtype floatx",
        ),
    ),
    "adam": (
        Convention(
            "epsilon is added before the bias is corrected",
            instead(adam_uncorrected_epsilon),
            "Kingma and Ba 2015, end of section 2; TensorFlow's ResourceApplyAdam",
        ),
        Convention(
            "the rate and the betas that correct the bias are rounded to float32, and epsilon is added before",
            instead(adam_narrow),
            "Keras 3.15, keras/src/optimizers/adam.py",
        ),
        Convention(
            "the bias is not corrected",
            instead(adam_biased),
            "Devlin et al. 2019, BERT: optimization.py, AdamWeightDecayOptimizer",
        ),
    ),
}
