"""Wrong gradients of relu, sigmoid and tanh."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.activations import relu, sigmoid, tanh
from reference_impls.defects.entry import IMPRECISE, IMPURE, STRUCTURE, WRONG, defect, gradient


def overwrites_the_upstream_gradient(x: Array) -> Any:
    y, mask = relu(x)[0], x <= 0

    def pullback(y_bar: Array) -> Array:
        y_bar[mask] = 0
        return y_bar

    return y, pullback


def s(x: Array) -> Array:
    y: Array = sigmoid(x)[0]
    return y


def naive_sigmoid(x: Array) -> Any:
    with np.errstate(all="ignore"):
        y = 1 / (1 + np.exp(-x))
    return y, lambda y_bar: y_bar * y * (1 - y)


def central_differences(x: Array) -> Any:
    h = 1e-5
    return tanh(x)[0], lambda y_bar: y_bar * (np.tanh(x + h) - np.tanh(x - h)) / (2 * h)


DEFECTS = (
    defect(
        "relu",
        "overwrites the upstream gradient",
        overwrites_the_upstream_gradient,
        IMPURE,
        mistake="zeros are written into the caller's cotangent",
        shows="where an entry is not above 0",
        source="document 004, Relu.backward",
    ),
    defect(
        "relu",
        "passes positive cotangents alone",
        gradient(relu, lambda x_bar, y_bar, x: np.maximum(x_bar, 0)),
        WRONG,
        mistake="a second relu, of the gradient",
        shows="where an entry is above 0 and its cotangent below",
        source="Springenberg, Dosovitskiy, Brox, Riedmiller 2014, guided backpropagation",
    ),
    defect(
        "relu",
        "steps at 1",
        gradient(relu, lambda x_bar, y_bar, x: np.where(x > 1, y_bar, 0)),
        WRONG,
        mistake="the mask is that of x > 1",
        shows="where an entry is between 0 and 1",
    ),
    defect(
        "relu",
        "slope 2 at the kink",
        gradient(relu, lambda x_bar, y_bar, x: np.where(x == 0, 2 * y_bar, x_bar)),
        WRONG,
        mistake="a slope beyond those of both sides",
        shows="where an entry is 0",
    ),
    defect(
        "sigmoid",
        "s (1 - s), which cancels",
        naive_sigmoid,
        IMPRECISE,
        mistake="1 - s loses its digits as s grows to 1, and e^-x overflows where s is subnormal",
        shows="for large x: no slope is left at 40, and no value at -710",
        source="document 002, SigmoidLayer; document 004, Sigmoid",
    ),
    defect(
        "sigmoid",
        "1 - s alone",
        gradient(sigmoid, lambda x_bar, y_bar, x: y_bar * (1 - s(x))),
        WRONG,
        mistake="the factor s is missing",
    ),
    defect(
        "sigmoid",
        "s alone",
        gradient(sigmoid, lambda x_bar, y_bar, x: y_bar * s(x)),
        WRONG,
        mistake="the factor 1 - s is missing",
    ),
    defect(
        "sigmoid",
        "s (1 + s)",
        gradient(sigmoid, lambda x_bar, y_bar, x: y_bar * s(x) * (1 + s(x))),
        WRONG,
        mistake="the sign of the second factor's s",
    ),
    defect(
        "sigmoid",
        "the slope at the value",
        gradient(sigmoid, lambda x_bar, y_bar, x: y_bar * s(s(x)) * (1 - s(s(x)))),
        WRONG,
        mistake="the slope's formula is given y in the place of x",
    ),
    defect(
        "tanh",
        "1 - y",
        gradient(tanh, lambda x_bar, y_bar, x: y_bar * (1 - np.tanh(x))),
        WRONG,
        mistake="the square is missing",
    ),
    defect(
        "tanh",
        "1 + y²",
        gradient(tanh, lambda x_bar, y_bar, x: y_bar * (1 + np.tanh(x) ** 2)),
        WRONG,
        mistake="the sign of the square",
    ),
    defect(
        "tanh",
        "central differences of a fixed step",
        central_differences,
        IMPRECISE,
        mistake="a step of 1e-5 leaves 11 digits of 16, and 2 of 7 in float32",
        source="document 004, Differentiate.dn_diff",
    ),
    defect(
        "tanh",
        "a vector for a 0-d array",
        gradient(tanh, lambda x_bar, y_bar, x: x_bar if x_bar.ndim else x_bar[None]),
        STRUCTURE,
        mistake="a number comes back as an array of one",
        shows="on 0-d arrays",
    ),
)
