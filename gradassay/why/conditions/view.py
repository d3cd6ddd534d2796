"""A scenario as the conditions see it: what several of them need is computed once, and only if one asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradassay.formats import FORMATS, is_floating
from gradassay.orders import operation_of
from gradassay.vocabulary import Array, Scenario
from gradassay.why.conditions.entries import Entries
from gradassay.why.conditions.index import Index


@dataclass(frozen=True)
class Role:
    """What the parts of an operation's scenarios stand for."""

    axis: int | None = -1
    """The axis that is meant where no parameter names one; None is all of them."""
    extremum: str = ""
    """``max`` or ``min`` of a slice, where who wins it matters; a stable softmax subtracts the largest."""
    exponential: bool = False
    """Whether the exponential of its scores is taken."""
    reflected: bool = False
    """Whether that of their negatives is taken as well, as sigmoid and tanh do."""
    labels: int | None = None
    """The argument that holds labels, classes last."""
    index: bool = False


_LOGITS = Role(extremum="max", exponential=True)
_LOSS = Role(extremum="max", exponential=True, labels=1)
_LINEAR_LOSS = Role(extremum="max", exponential=True, labels=3)
_SIGMOID = Role(exponential=True, reflected=True)
ROLES = {
    "softmax": _LOGITS,
    "log_softmax": _LOGITS,
    "cross_entropy": Role(labels=1),
    "softmax_cross_entropy": _LOSS,
    "get_item": Role(index=True),
    "get_item_grad": Role(index=True),
    "exp": Role(exponential=True),
    "log": Role(),
    "sum": Role(axis=None),
    "mean": Role(axis=None),
    "max": Role(axis=None, extremum="max"),
    "min": Role(axis=None, extremum="min"),
    "clip": Role(),
    "relu": Role(),
    "sigmoid": _SIGMOID,
    "tanh": _SIGMOID,
    "affine": Role(),
    "mean_squared_error": Role(axis=None),
    "l2_penalty": Role(axis=None),
    "softmax_regression": _LINEAR_LOSS,
    "sigmoid_classifier": Role(exponential=True, reflected=True, labels=3),
}
#: An operation that the catalogue does not know.
UNKNOWN = Role(extremum="max", exponential=True, reflected=True)


class View:
    """One scenario: its parts under the names that they have in formulas."""

    def __init__(self, scenario: Scenario, operation: str) -> None:
        self.scenario = scenario
        self.params = scenario.params
        self.operation = operation_of(operation)
        self.role = ROLES.get(self.operation, UNKNOWN)
        self.format = FORMATS[scenario.dtype]
        first = scenario.differentiable[0] if scenario.differentiable else 0
        self.x: Array = scenario.args[first]
        self.entries: tuple[Entries | None, ...] = tuple(
            Entries(array) if is_floating(array.dtype) else None for array in scenario.args
        )
        self.arguments: tuple[Entries, ...] = tuple(entries for entries in self.entries if entries)
        self.of_x: Entries = self.entries[first] or Entries(self.x)
        self.cotangent = Entries(scenario.cotangent)

    @cached_property
    def scores(self) -> Array:
        """What a softmax is taken of: x W + b in a classifier whose shapes fit; elsewhere x, in float64."""
        if self.role.labels == 3 and len(self.entries) > 3:
            x, W, b = (np.asarray(array, dtype=np.float64) for array in self.scenario.args[:3])
            if W.ndim == 2 and x.shape[-1:] == W.shape[:1] and b.shape == W.shape[1:]:
                with np.errstate(all="ignore"):
                    return np.asarray(x @ W + b)
        return self.of_x.values.reshape(self.x.shape)

    @cached_property
    def of_scores(self) -> Entries:
        return self.of_x if self.role.labels != 3 else Entries(self.scores)

    @cached_property
    def axis(self) -> Any:
        return self.params.get("axis", self.role.axis)

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """The axes that a slice lies along, counted from the front."""
        ndim = self.scores.ndim
        if self.axis is None:
            return tuple(range(ndim))
        named: Sequence[Any] = self.axis if isinstance(self.axis, tuple | list) else (self.axis,)
        return tuple(int(i) % ndim for i in named if isinstance(i, int | np.integer) and -ndim <= i < ndim)

    @cached_property
    def slices(self) -> Array:
        """The scores as a matrix, one row for each slice along the axis."""
        shape, axes = self.scores.shape, self.axes
        n = math.prod(shape[i] for i in axes)
        kept = tuple(i for i in range(len(shape)) if i not in axes)
        N = math.prod(shape[i] for i in kept)
        return self.scores.transpose(kept + axes).reshape(N, n)

    @cached_property
    def gaps(self) -> Array:
        """How far the second of each slice is from its extremum; NaN where NaN leaves no winner.

        Empty where nothing competes. Slices of a maximum whose cotangent is 0 are left out: who wins changes nothing.
        """
        if not self.role.extremum or self.slices.size == 0 or self.slices.shape[1] < 2:
            return np.zeros(0)
        rows = -self.slices if self.role.extremum == "min" else self.slices
        top = np.partition(rows, rows.shape[1] - 2, axis=1)[:, -2:]
        with np.errstate(invalid="ignore", over="ignore"):
            gaps = np.where(top[:, 0] == top[:, 1], 0.0, top[:, 1] - top[:, 0])
        gaps = np.where(np.isnan(rows).any(axis=1), np.nan, gaps)
        one_each = not self.role.exponential and self.cotangent.size == len(gaps)
        return gaps[self.cotangent.values != 0] if one_each else gaps

    @cached_property
    def seen(self) -> Array:
        """The entries of x whose own cotangent is not 0; all of them where the cotangent has another shape."""
        if self.scenario.cotangent.shape != self.x.shape:
            return self.of_x.values
        return np.asarray(self.of_x.values[self.cotangent.values != 0])

    @cached_property
    def index(self) -> Index | None:
        if not self.role.index or "index" not in self.params:
            return None
        return Index(self.params["index"], self.params.get("shape", self.x.shape))

    @cached_property
    def labels(self) -> Array | None:
        at = self.role.labels
        return self.scenario.args[at] if at is not None and at < len(self.scenario.args) else None

    @cached_property
    def label_indices(self) -> Array | None:
        """The labels, one a sample, where they are class indices."""
        t, shape = self.labels, self.scores.shape
        if t is None or t.dtype.kind not in "iu" or t.shape not in (shape[:-1], (*shape[:-1], 1)):
            return None
        return t.reshape(-1).astype(np.int64)

    @cached_property
    def label_weights(self) -> Array | None:
        """The labels as a matrix, classes last, where they are a distribution over the classes."""
        t, shape = self.labels, self.scores.shape
        if t is None or self.label_indices is not None or t.shape != shape or not shape:
            return None
        return np.asarray(t, dtype=np.float64).reshape(-1, shape[-1])

    @cached_property
    def at_labels(self) -> Array:
        """The scores, or probabilities, of the classes that a label gives weight to."""
        if self.label_weights is not None:
            taken: Array = self.scores.reshape(self.label_weights.shape)[self.label_weights != 0]
            return taken
        t, rows = self.label_indices, self.slices
        if t is None or len(t) != len(rows):
            return np.zeros(0)
        within = (t >= 0) & (t < rows.shape[1])
        return np.asarray(rows[np.flatnonzero(within), t[within]])
