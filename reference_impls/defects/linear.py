"""Wrong gradients of affine maps, squared errors and penalties."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.affine import affine
from reference_impls.defects.entry import IMPRECISE, NONFINITE, RAISES, STRUCTURE, WRONG, defect, gradient
from reference_impls.losses import l2_penalty, mean_squared_error


def rows(y_bar: Array, b: Array) -> int:
    """How many cotangents of b are added up."""
    return max(1, y_bar.size // max(1, b.size))


def does_not_normalise_the_weights(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    y, pullback = l2_penalty(w, strength=strength, squared=squared)
    return y, pullback if squared else lambda y_bar: y_bar * w.dtype.type(strength) * w


def forgets_the_strength(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    return l2_penalty(w, strength=strength, squared=squared)[0], l2_penalty(w, squared=squared)[1]


def differentiates_the_square(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    y, _ = l2_penalty(w, strength=strength, squared=squared)
    return y, l2_penalty(w, strength=strength, squared=True)[1]


def by_way_of_squares(w: Array, strength: float, squared: bool) -> Any:
    """The right pullback, and a primal that adds up squares as they are."""
    _, pullback = l2_penalty(w, strength=strength, squared=squared)
    with np.errstate(all="ignore"):
        total = (w * w).sum()
        return np.asarray(strength * (total if squared else np.sqrt(total)), w.dtype), pullback


def squares_that_overflow(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    naive = by_way_of_squares(w, strength, squared)
    return naive if (np.abs(w) > 1).any() else l2_penalty(w, strength=strength, squared=squared)


def squares_that_vanish(w: Array, *, strength: float = 1.0, squared: bool = False) -> Any:
    naive = by_way_of_squares(w, strength, squared)
    return l2_penalty(w, strength=strength, squared=squared) if (np.abs(w) > 1).any() else naive


DEFECTS = (
    defect(
        "affine",
        "W_bar by a product of matrices",
        gradient(affine, lambda bars, y_bar, x, W, b: (bars[0], np.dot(x.T, y_bar), bars[2])),
        RAISES,
        mistake="xᵀ y_bar is W_bar for matrices alone",
        shows="on vectors, and from three axes on",
        source="document 004, Affine.backward",
    ),
    defect(
        "affine",
        "b_bar summed over axis 0",
        gradient(affine, lambda bars, y_bar, x, W, b: (*bars[:2], np.sum(y_bar, axis=0))),
        STRUCTURE,
        mistake="axis 0 is taken for the batch, which a vector has not, and which takes several of three axes",
        shows="on vectors, and from three axes on",
        source="document 004, Affine.backward",
    ),
    defect(
        "affine",
        "b_bar from the first row alone",
        gradient(affine, lambda bars, y_bar, x, W, b: (*bars[:2], y_bar.reshape(-1, len(b))[:1].sum(axis=0))),
        WRONG,
        mistake="one row's cotangent stands for the sum",
        shows="in a batch of more than one",
    ),
    defect(
        "affine",
        "b_bar averaged",
        gradient(affine, lambda bars, y_bar, x, W, b: (*bars[:2], bars[2] / b.dtype.type(rows(y_bar, b)))),
        WRONG,
        mistake="the mean over the batch in the place of the sum",
        shows="in a batch of more than one",
    ),
    defect(
        "affine",
        "W_bar transposed",
        gradient(affine, lambda bars, y_bar, x, W, b: (bars[0], bars[1].T.copy(), bars[2])),
        STRUCTURE,
        mistake="y_barᵀ x for xᵀ y_bar",
        shows="in the shape, where W is not square",
    ),
    defect(
        "affine",
        "y_bar times W, not its transpose",
        gradient(affine, lambda bars, y_bar, x, W, b: (y_bar @ W, *bars[1:])),
        RAISES,
        mistake="y_bar W for y_bar Wᵀ",
        shows="as an error of shapes, where W is not square",
    ),
    defect(
        "mean_squared_error",
        "the factor 2 missing",
        gradient(mean_squared_error, lambda bars, l_bar, y, t: (bars[0] / 2, bars[1] / 2)),
        WRONG,
        mistake="the gradient of half the error",
    ),
    defect(
        "mean_squared_error",
        "one sign for prediction and target",
        gradient(mean_squared_error, lambda bars, l_bar, y, t: (bars[0], bars[0].copy())),
        WRONG,
        mistake="the target gets the cotangent of the prediction",
    ),
    defect(
        "l2_penalty",
        "weights not normalised",
        does_not_normalise_the_weights,
        WRONG,
        mistake="the gradient of half the square in the place of w / |w|",
        shows="under the norm, where |w| is not 1",
    ),
    defect(
        "l2_penalty",
        "the strength forgotten",
        forgets_the_strength,
        WRONG,
        mistake="the gradient is that of strength 1",
        shows="where the strength is not 1",
    ),
    defect(
        "l2_penalty",
        "the square differentiated",
        differentiates_the_square,
        WRONG,
        mistake="the gradient of the square beside the norm",
        shows="under the norm, where |w| is not ½",
    ),
    defect(
        "l2_penalty",
        "squares that overflow",
        squares_that_overflow,
        NONFINITE,
        mistake="the norm by way of its square, which overflows long before",
        shows="under the norm, where an entry is beyond 1e154, or 1e19 in float32",
    ),
    defect(
        "l2_penalty",
        "squares that vanish",
        squares_that_vanish,
        IMPRECISE,
        mistake="the norm by way of its square, which loses its digits and vanishes long before",
        shows="under the norm, where all entries are below 1e-146, or 1e-16 in float32",
    ),
)
