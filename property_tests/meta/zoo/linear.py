"""Wrong gradients of affine maps, penalties, classifiers and chains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import IMPURE, NONFINITE, RAISES, STRUCTURE, WRONG, planted, right
from reference_impls.activations import sigmoid
from reference_impls.affine import affine
from reference_impls.chain import chain
from reference_impls.cross_entropy import cross_entropy
from reference_impls.softmax import softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

Bars = tuple[Array, Array, Array]


def of_affine(change: Callable[[Array, Array, Array, Bars, Array], Any]) -> Any:
    """affine with ``change(x, W, b, right cotangents, y_bar)`` in the place of its pullback."""

    def rule(x: Array, W: Array, b: Array) -> Any:
        y, pullback = affine(x, W, b)
        return y, lambda y_bar: change(x, W, b, pullback(y_bar), y_bar)

    return rule


# -- affine -----------------------------------------------------------------------------------------------------

planted("affine", STRUCTURE, name="the bias' gradient not summed over the batch")(
    of_affine(lambda x, W, b, bars, y_bar: (*bars[:2], y_bar.copy()))
)
planted("affine", WRONG, name="the bias' gradient from the first row alone")(
    of_affine(lambda x, W, b, bars, y_bar: (*bars[:2], y_bar.reshape(-1, len(b))[:1].sum(axis=0)))
)
planted("affine", WRONG, name="the bias' gradient averaged")(
    of_affine(
        lambda x, W, b, bars, y_bar: (*bars[:2], bars[2] / b.dtype.type(max(1, y_bar.size // max(1, len(b)))))
    )
)
planted("affine", STRUCTURE, name="W_bar transposed")(
    of_affine(lambda x, W, b, bars, y_bar: (bars[0], bars[1].T.copy(), bars[2]))
)
planted("affine", RAISES, WRONG, name="y_bar times W, not its transpose")(
    of_affine(lambda x, W, b, bars, y_bar: (y_bar @ W, *bars[1:]))
)
planted("affine", WRONG, name="no gradient for x")(
    of_affine(lambda x, W, b, bars, y_bar: (np.zeros_like(x), *bars[1:]))
)
planted("affine", STRUCTURE, name="None for x")(of_affine(lambda x, W, b, bars, y_bar: (None, *bars[1:])))
planted("affine", STRUCTURE, name="gradients of W and b exchanged")(
    of_affine(lambda x, W, b, bars, y_bar: (bars[0], bars[2], bars[1]))
)

# -- penalties --------------------------------------------------------------------------------------------------


def of_error(change: Callable[[Array, Array], Any]) -> Any:
    """mean_squared_error with ``change(y_bar, t_bar)`` in the place of its two cotangents."""

    def rule(y: Array, t: Array) -> Any:
        loss, pullback = right("mean_squared_error", y, t)
        return loss, lambda l_bar: change(*pullback(l_bar))

    return rule


planted("mean_squared_error", WRONG, name="the factor 2 missing")(
    of_error(lambda y_bar, t_bar: (y_bar / 2, t_bar / 2))
)
planted("mean_squared_error", WRONG, name="the mean forgotten in the gradient")(
    of_error(
        lambda y_bar, t_bar: (y_bar * y_bar.dtype.type(y_bar.size), t_bar * t_bar.dtype.type(t_bar.size))
    )
)
planted("mean_squared_error", WRONG, name="one sign for prediction and target")(
    of_error(lambda y_bar, t_bar: (y_bar, y_bar.copy()))
)
planted("mean_squared_error", STRUCTURE, name="None for the target")(
    of_error(lambda y_bar, t_bar: (y_bar, None))
)


@planted("l2_penalty", WRONG)
def does_not_normalise_the_weights(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    y, pullback = right("l2_penalty", w, strength=strength, squared=squared)
    if squared:
        return y, pullback
    return y, lambda y_bar: y_bar * w.dtype.type(strength) * w


@planted("l2_penalty", WRONG)
def forgets_the_strength(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    y, _ = right("l2_penalty", w, strength=strength, squared=squared)
    return y, right("l2_penalty", w, squared=squared)[1]


@planted("l2_penalty", WRONG)
def differentiates_the_square(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    y, _ = right("l2_penalty", w, strength=strength, squared=squared)
    return y, right("l2_penalty", w, strength=strength, squared=True)[1]


@planted("l2_penalty", NONFINITE)
def squares_what_overflows(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    _, pullback = right("l2_penalty", w, strength=strength, squared=squared)
    with np.errstate(all="ignore"):
        total = (w * w).sum()
        y = np.asarray(strength * (total if squared else np.sqrt(total)), w.dtype)
    return y, pullback


# -- classifiers and chains -------------------------------------------------------------------------------------


@planted("softmax_regression", WRONG)
def forgets_the_mean_over_the_labels(
    x: Array, W: Array, b: Array, labels: Array, *, reduction: str = "mean"
) -> Any:
    y, pullback = right("softmax_regression", x, W, b, labels, reduction=reduction)
    if reduction == "mean":
        _, pullback = right("softmax_regression", x, W, b, labels, reduction="sum")
    return y, pullback


planted("softmax_regression", WRONG, name="softmax of softmax")(chain(affine, softmax, softmax_cross_entropy))


@planted("softmax_regression", IMPURE)
def adds_up_the_gradients_of_its_calls(
    x: Array, W: Array, b: Array, labels: Array, *, reduction: str = "mean"
) -> Any:
    y, pullback = right("softmax_regression", x, W, b, labels, reduction=reduction)
    total = [np.zeros_like(array) for array in (x, W, b)]

    def adding(y_bar: Array) -> Any:
        bars = pullback(y_bar)
        for k in range(3):
            total[k] = total[k] + bars[k]
        return (*total, None)

    return y, adding


def passing(rule: Any) -> Any:
    """``rule`` with a pullback that hands the cotangent on as it came."""

    def passed(x: Any) -> Any:
        return rule(x)[0], np.array

    return passed


planted("sigmoid_classifier", WRONG, name="a chain without the pullback of sigmoid")(
    chain(affine, passing(sigmoid), softmax, cross_entropy)
)
planted("sigmoid_classifier", WRONG, name="a chain without the pullback of softmax")(
    chain(affine, sigmoid, passing(softmax), cross_entropy)
)
planted("sigmoid_classifier", WRONG, name="a chain without its sigmoid")(
    chain(affine, softmax, cross_entropy)
)
