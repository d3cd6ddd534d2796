"""Conditions on form: indices, shapes, parameters, dtype and memory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gradassay.formats import FORMATS
from gradassay.why.conditions.facts import Fact, Quantity
from gradassay.why.conditions.index import Index
from gradassay.why.conditions.view import View


def _index(of: Callable[[Index], bool]) -> Callable[[View], bool]:
    return lambda view: view.index is not None and of(view.index)


INDICES = (
    Fact("out-of-range index", _index(lambda index: index.refused)),
    Fact("duplicate indices", _index(lambda index: index.copies > 1), otherwise="no duplicate indices"),
    Quantity("copies of one index", lambda view: view.index.copies if view.index else math.nan, below=False),
    Fact("boolean mask", _index(lambda index: bool(index.masks))),
    Fact("mask of several axes", _index(lambda index: any(mask.ndim > 1 for mask in index.masks))),
    Fact("negative step", _index(lambda index: index.backwards)),
    Fact("negative index", _index(lambda index: index.negative)),
    Fact("arrays apart in the index", _index(lambda index: index.apart)),
    Fact("newaxis in the index", _index(lambda index: index.holds(None))),
    Fact("ellipsis in the index", _index(lambda index: index.holds(Ellipsis))),
    Fact("slice in the index", _index(lambda index: bool(index.slices))),
    Fact("integer array in the index", _index(lambda index: index.array)),
    Fact("integer in the index", _index(lambda index: index.scalar)),
    Fact("something selected", _index(lambda index: index.places.size > 0)),
    Fact("nothing selected", _index(lambda index: not index.refused and index.places.size == 0)),
    Fact("tuple as index", lambda view: view.index is not None and isinstance(view.params["index"], tuple)),
)

# ---- shapes


def _samples(view: View) -> int:
    return len(view.slices)


def _length(view: View) -> int:
    return int(view.slices.shape[1])


def _square_weights(view: View) -> bool:
    second = view.scenario.args[1:2]
    return bool(second) and second[0].ndim == 2 and second[0].shape[0] == second[0].shape[1]


SHAPES = (
    Fact("an invalid input", lambda view: not view.scenario.valid, otherwise="a valid input"),
    Fact("axis of size 1", lambda view: view.scores.ndim > 0 and _length(view) == 1),
    Fact("axis longer than 1", lambda view: _length(view) > 1),
    Fact("axis of size 0", lambda view: _length(view) == 0),
    Fact("no samples", lambda view: _samples(view) == 0),
    Fact("empty", lambda view: view.x.size == 0, otherwise="at least one entry"),
    Fact("0-d", lambda view: view.x.ndim == 0, otherwise="at least one axis"),
    Fact("a single sample", lambda view: _samples(view) == 1),
    Fact("a batch of more than one", lambda view: _samples(view) > 1),
    Fact("as many samples as entries along the axis", lambda view: _samples(view) == _length(view)),
    Fact("a square second argument", _square_weights, otherwise="no square second argument"),
    Fact("a matrix", lambda view: view.x.ndim == 2, otherwise="no matrix"),
    Fact("more than one axis", lambda view: view.x.ndim > 1),
    Fact("more than two axes", lambda view: view.x.ndim > 2),
)
SIZES = (
    Quantity("size", lambda view: view.x.size),
    Quantity("axis length", _length),
    Quantity("number of samples", _samples),
)

# ---- parameters


def _axis(view: View) -> int | None:
    """The axis, counted from the front, where it is a single one."""
    return view.axes[0] if len(view.axes) == 1 and not isinstance(view.axis, tuple | list) else None


def _named_axis(of: Callable[[View], bool]) -> Callable[[View], bool]:
    """Whether it holds, for an operation that was told an axis."""
    return lambda view: "axis" in view.params and of(view)


def _has_axis(view: View) -> bool:
    return view.operation in ("softmax", "log_softmax") or "axis" in view.params


def _is(name: str, value: object) -> Callable[[View], bool]:
    return lambda view: name in view.params and view.params[name] is value


def _reduction(kind: str) -> Fact:
    """Losses reduce by the mean where nothing is said."""

    def holds(view: View) -> bool:
        return view.role.labels is not None and str(view.params.get("reduction", "mean")) == kind

    return Fact(f"reduction {kind}", holds)


def _default(name: str) -> Fact:
    return Fact(
        f"{name} left to its default",
        lambda view: name not in view.params,
        otherwise=f"{name} given",
    )


PARAMETERS = (
    Fact("axis other than the last", _named_axis(lambda view: view.axes != (view.x.ndim - 1,))),
    Fact("axis other than the first", lambda view: _has_axis(view) and view.axes != (0,)),
    Fact("several axes", _named_axis(lambda view: len(view.axes) > 1)),
    Fact("axis None", _is("axis", None)),
    Fact("axis 0", _named_axis(lambda view: _axis(view) == 0)),
    Fact("last axis", _named_axis(lambda view: _axis(view) == view.x.ndim - 1)),
    Fact(
        "negative axis", _named_axis(lambda view: view.axis is not None and np.min(view.axis, initial=0) < 0)
    ),
    Fact("tuple as axis", _named_axis(lambda view: isinstance(view.axis, tuple))),
    Fact("no axis", _named_axis(lambda view: view.axes == ())),
    *map(_reduction, ("none", "sum", "mean")),
    Fact("keepdims", _is("keepdims", True)),
    Fact("squared", _is("squared", True), otherwise="not squared"),
    Fact("strength other than 1", lambda view: view.params.get("strength", 1.0) != 1.0),
    *map(_default, ("axis", "keepdims", "reduction", "low", "high", "strength", "squared")),
)

# ---- dtype and memory


def _layout(name: str, words: str) -> Fact:
    return Fact(words, lambda view: view.scenario.layout == name)


def _dtype(name: str) -> Fact:
    return Fact(f"dtype {name}", lambda view: view.scenario.dtype == name)


MEMORY = (
    *map(_dtype, FORMATS),
    Fact("read-only", lambda view: not view.x.flags.writeable),
    Fact("not C-contiguous", lambda view: not view.x.flags.c_contiguous),
    _layout("F", "layout F"),
    _layout("strided", "layout strided"),
    _layout("reversed", "layout reversed"),
    _layout("C", "layout C"),
)
