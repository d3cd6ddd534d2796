"""Conditions on ties, kinks and bounds."""

from __future__ import annotations

import math

import numpy as np

from gradassay.why.conditions.facts import Fact
from gradassay.why.conditions.view import View

#: Entries of a slice that are no further apart compete, though one of them wins.
NEAR = 1e-3


def _tie(view: View) -> bool:
    return bool((view.gaps == 0).any())


def _near_tie(view: View) -> bool:
    return bool(((view.gaps > 0) & (view.gaps <= NEAR)).any())


def _several_ties(view: View) -> bool:
    return int(np.count_nonzero(view.gaps == 0)) > 1


def _bounds(view: View) -> tuple[float, float]:
    """Those of clip, in the dtype of x; infinite where there is none, NaN for other operations."""
    if view.operation != "clip":
        return math.nan, math.nan
    low, high = view.params.get("low"), view.params.get("high")
    cast = view.x.dtype.type
    return (
        -math.inf if low is None else float(cast(low)),
        math.inf if high is None else float(cast(high)),
    )


def _at(view: View, which: int) -> bool:
    """Whether an entry is at that bound, and its gradient depends on the slope there: not where bounds are crossed."""
    low, high = _bounds(view)
    return low <= high and bool((view.seen == (low, high)[which]).any())


def _at_lower(view: View) -> bool:
    return _at(view, 0)


def _at_upper(view: View) -> bool:
    return _at(view, 1)


def _at_zero_of_relu(view: View) -> bool:
    return view.operation == "relu" and bool((view.seen == 0).any())


def _below(view: View) -> bool:
    return bool((view.seen < _bounds(view)[0]).any())


def _above(view: View) -> bool:
    return bool((view.seen > _bounds(view)[1]).any())


def _inside(view: View) -> bool:
    low, high = _bounds(view)
    return bool(((view.seen > low) & (view.seen < high)).any())


def _infinite_bound(view: View) -> bool:
    given = (view.params.get("low"), view.params.get("high"))
    return view.operation == "clip" and any(bound is not None and math.isinf(bound) for bound in given)


def _missing(view: View) -> int:
    """How many of its two bounds clip does not have."""
    given = (view.params.get("low"), view.params.get("high"))
    return sum(bound is None for bound in given) if view.operation == "clip" else 0


def _arguments_equal(view: View) -> bool:
    """Whether the first two arguments have one shape, and an entry in common."""
    args = view.scenario.args
    two = len(args) > 1 and view.entries[0] is not None and view.entries[1] is not None
    return two and args[0].shape == args[1].shape and bool((args[0] == args[1]).any())


KINKS = (
    Fact("tie along the axis", _tie, otherwise="no tie along the axis"),
    Fact("ties in several slices", _several_ties),
    Fact("near-tie along the axis", _near_tie),
    Fact("an entry at the kink", _at_zero_of_relu),
    Fact("crossed bounds", lambda view: _bounds(view)[0] > _bounds(view)[1]),
    Fact("equal bounds", lambda view: _bounds(view)[0] == _bounds(view)[1]),
    Fact("an entry at a bound", lambda view: _at_lower(view) or _at_upper(view)),
    Fact("an entry at the lower bound", _at_lower),
    Fact("an entry at the upper bound", _at_upper),
    Fact("an entry outside the bounds", lambda view: _below(view) or _above(view)),
    Fact("an entry below the lower bound", _below),
    Fact("an entry above the upper bound", _above),
    Fact("an entry inside the bounds", _inside),
    Fact("an infinite bound", _infinite_bound),
    Fact("a missing bound", lambda view: _missing(view) > 0),
    Fact("no bound at all", lambda view: _missing(view) == 2),
    Fact("an entry equal in two arguments", _arguments_equal),
)
