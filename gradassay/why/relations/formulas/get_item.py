"""Of indexing, where a place is taken more than once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from gradassay.why.relations.formulas.formula import Formula
from reference_impls.textbook import added_up


def _places(x: Any, index: Any) -> Array:
    """For each entry that the index takes, the place in x that it is taken from."""
    return np.ravel(np.arange(x.size).reshape(x.shape)[index])


def _kept(x: Any, g: Any, index: Any, *, last: bool) -> Any:
    """Of the cotangents of one place, the last or the first."""
    places = _places(x, index)
    _, chosen = np.unique(places[::-1] if last else places, return_index=True)
    if last:
        chosen = places.size - 1 - chosen
    return added_up(np.ravel(g)[chosen], places[chosen], x.size).reshape(x.shape)


def _averaged(x: Any, g: Any, index: Any) -> Any:
    places = _places(x, index)
    times = np.maximum(np.bincount(places, minlength=x.size), 1)
    return (added_up(np.ravel(g), places, x.size) / times).reshape(x.shape)


FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "get_item": (
        Formula(
            "overwritten instead of accumulated",
            "the last cotangent of each place, not their sum",
            lambda y, g, x, index: _kept(x, g, index, last=True),
        ),
        Formula(
            "the first of duplicates alone",
            "the first cotangent of each place, not their sum",
            lambda y, g, x, index: _kept(x, g, index, last=False),
        ),
        Formula(
            "duplicates averaged",
            "the mean of the cotangents of each place, not their sum",
            lambda y, g, x, index: _averaged(x, g, index),
        ),
    )
}

#: The same three mistakes of the scatter-add as an operation, where they are the primal's.
PRIMAL_FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "get_item_grad": (
        Formula(
            "overwritten instead of accumulated",
            "the last of the values of each place, not their sum",
            lambda x, index, shape: _kept(np.empty(shape), x, index, last=True),
        ),
        Formula(
            "the first of duplicates alone",
            "the first of the values of each place, not their sum",
            lambda x, index, shape: _kept(np.empty(shape), x, index, last=False),
        ),
        Formula(
            "duplicates averaged",
            "the mean of the values of each place, not their sum",
            lambda x, index, shape: _averaged(np.empty(shape), x, index),
        ),
    )
}
