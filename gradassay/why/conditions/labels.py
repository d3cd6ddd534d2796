"""Conditions on labels, and on the probabilities of their classes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradassay.formats import is_floating
from gradassay.why.conditions.entries import Entries
from gradassay.why.conditions.facts import Fact, Quantity
from gradassay.why.conditions.view import View

# ---- probabilities


def _probabilities(of: Callable[[Entries, View], bool]) -> Callable[[View], bool]:
    """Whether it holds for the probabilities that cross_entropy is given; elsewhere there are none."""
    return lambda view: view.operation == "cross_entropy" and of(view.of_x, view)


def _below(decimal: str) -> tuple[Fact, Fact]:
    bound = float(decimal)

    def of_label(p: Entries, view: View) -> bool:
        return bool((view.at_labels < bound).any())

    return (
        Fact(f"probability below {decimal} of a label", _probabilities(of_label)),
        Fact(f"a probability below {decimal}", _probabilities(lambda p, view: p.low < bound)),
    )


def _not_normalised(p: Entries, view: View) -> bool:
    """Whether a sample's probabilities miss 1 by more than rounding each of them can do."""
    rows = view.slices
    return bool((np.abs(rows.sum(axis=1) - 1) > rows.shape[1] * view.format.u).any())


def _lowest_of_labels(view: View) -> float:
    """The lowest probability of a class that a label gives weight to; NaN where there is none."""
    p = view.at_labels if view.operation == "cross_entropy" else np.zeros(0)
    return float(p.min()) if p.size else math.nan


#: 1e-7 is where Keras clips, 1e-15 where textbooks do.
PROBABILITIES = (
    Fact("probability 0 of a label", _probabilities(lambda p, view: bool((view.at_labels == 0).any()))),
    Fact("a probability of 0", _probabilities(lambda p, view: p.zeros > 0)),
    *_below("1e-15"),
    *_below("1e-7"),
    Fact("a probability below eps", _probabilities(lambda p, view: p.low < 2 * view.format.u)),
    Fact("a probability above 1 - 1e-7", _probabilities(lambda p, view: p.high > 1 - 1e-7)),
    Fact(
        "probabilities not summing to 1",
        _probabilities(_not_normalised),
        otherwise="probabilities summing to 1",
    ),
    Quantity("lowest probability of a label", _lowest_of_labels, above=False),
)

# ---- labels


def _out_of_range(view: View) -> bool:
    t = view.label_indices
    return t is not None and bool(((t < 0) | (t >= view.scores.shape[-1])).any())


def _is(value: int) -> Callable[[View], bool]:
    return lambda view: view.label_indices is not None and bool((view.label_indices == value).any())


def _column(view: View) -> bool:
    return view.label_indices is not None and view.labels is not None and view.labels.ndim == view.scores.ndim


def _one_hot(view: View) -> bool:
    t = view.label_weights
    return t is not None and bool(((t == 0) | (t == 1)).all() and (t.sum(axis=1) == 1).all())


def _not_summing(view: View) -> bool:
    t = view.label_weights
    return t is not None and bool((np.abs(t.sum(axis=1) - 1) > t.shape[1] * view.format.u).any())


def _of_dtype(name: str) -> Fact:
    return Fact(f"{name} labels", lambda view: view.labels is not None and view.labels.dtype.name == name)


def _minus_infinity(view: View) -> bool:
    return view.role.exponential and bool((view.at_labels == -math.inf).any())


LABELS = (
    Fact("label -100", _is(-100)),
    Fact("label -1", _is(-1)),
    Fact("label out of range", _out_of_range),
    Fact("-inf at a label", _minus_infinity),
    Fact("labels of shape (N, 1)", _column),
    Fact("labels not summing to 1", _not_summing),
    Fact("one-hot labels", _one_hot),
    Fact("soft labels", lambda view: view.label_weights is not None and not _one_hot(view)),
    Fact("labels as a distribution", lambda view: view.label_weights is not None),
    Fact("labels as class indices", lambda view: view.label_indices is not None),
    Fact("floating labels", lambda view: view.labels is not None and is_floating(view.labels.dtype)),
    *map(_of_dtype, ("uint8", "int32", "int64")),
)
