"""Laws of ties that stand alone: every convex combination of winners is a subgradient, and nothing else is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Scenario, Verdict

MAX, MIN, RELU, CLIP = (OPERATIONS[name].definition for name in ("max", "min", "relu", "clip"))
DTYPES = st.sampled_from(["float64", "float32", "float16", "bfloat16"])
FULL = (Verdict.WRONG, "weights sum to k")
OTHER_SUM = (Verdict.WRONG, "weights do not sum to 1")
OUTSIDE_UNIT = (Verdict.WRONG, "weight outside 0 to 1")


def verdict(definition: Any, x: Array, y_bar: Any, x_bar: Any, **params: Any) -> tuple[Verdict, str]:
    """What is said of a rule that returns the right primal and ``x_bar``."""
    y = np.asarray(definition(x, **params), x.dtype)
    cotangent = np.broadcast_to(np.asarray(y_bar, x.dtype), y.shape).copy()
    scenario = Scenario("op", x.dtype.name, (x,), params, cotangent)
    rule = RuleComparator("mine", lambda x, **_: (y.copy(), lambda y_bar: np.array(x_bar).astype(x.dtype)))
    finding = judge(Question(scenario, Exact(definition), ()), rule)
    return finding.verdict, finding.cause


@st.composite
def slices(draw: Any) -> tuple[Array, Array, Array]:
    """Rows with a tied maximum, a cotangent for each, and weights on the winners that add up to 1 in sixteenths."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    x = np.array(draw(st.lists(st.integers(0, 2), min_size=rows * columns, max_size=rows * columns)), float)
    x = x.reshape(rows, columns)
    y_bar = np.array(draw(st.lists(st.sampled_from([-3.0, 1.0, 2.0]), min_size=rows, max_size=rows)))
    won = x == x.max(axis=1, keepdims=True)
    weights = np.zeros_like(x)
    for row, winners in zip(weights, won, strict=True):
        places = np.flatnonzero(winners)
        ends = sorted(draw(st.lists(st.integers(0, 16), min_size=len(places) - 1, max_size=len(places) - 1)))
        row[places] = np.diff([0, *ends, 16]) / 16
    return x, y_bar, weights


def weights_of_split(x: Array, lowest: bool) -> Array:
    best: Array = (x.min if lowest else x.max)(axis=1, keepdims=True)
    return np.asarray(x == best)


@given(slices(), DTYPES, st.booleans())
def test_weights_that_add_up_to_one_are_a_subgradient(
    drawn: tuple[Array, Array, Array], dtype: str, lowest: bool
) -> None:
    x, y_bar, weights = drawn
    x = (-x if lowest else x).astype(FORMATS[dtype].dtype)
    found, _ = verdict(MIN if lowest else MAX, x, y_bar, weights * y_bar[:, None], axis=1)
    tied = np.any(np.count_nonzero(weights_of_split(x, lowest), axis=1) > 1)
    assert found is (Verdict.SUBGRADIENT if tied else Verdict.AGREES)


@given(slices(), st.sampled_from([0.0, 0.5, 1.5]))
def test_weights_that_add_up_to_anything_else_are_wrong(
    drawn: tuple[Array, Array, Array], total: float
) -> None:
    x, y_bar, weights = drawn
    found, _ = verdict(MAX, x, y_bar, weights * y_bar[:, None] * total, axis=1)
    assert found is Verdict.WRONG


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_every_tie_with_the_full_cotangent_is_wrong(axis: Any) -> None:
    x = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert verdict(MAX, x, 1.0, np.ones((2, 2)), axis=axis) == FULL


def test_weights_below_zero_are_wrong_though_they_add_up_to_one() -> None:
    found = verdict(MAX, np.array([2.0, 2.0, 2.0]), 1.0, [1.5, -0.5, 0.0])
    assert found == (Verdict.WRONG, "a weight below 0")


def test_a_gradient_beside_the_tie_is_not_counted_into_it() -> None:
    """x_bar of max(x) + 3 sum(x): three for everybody, and one to share."""

    def both(x: Any) -> Any:
        return x.max() + 3 * x.sum()

    x = np.array([2.0, 2.0, 1.0])
    assert verdict(both, x, 1.0, [3.25, 3.75, 3.0])[0] is Verdict.SUBGRADIENT
    assert verdict(both, x, 1.0, [4.0, 4.0, 3.0]) == FULL
    assert verdict(both, x, 1.0, [1.0, 0.0, 0.0])[0] is Verdict.WRONG


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=2, max_size=4), DTYPES)
def test_each_zero_of_relu_has_a_slope_of_its_own(slopes: list[float], dtype: str) -> None:
    x = np.zeros(len(slopes)).astype(FORMATS[dtype].dtype)
    assert verdict(RELU, x, 1.0, slopes)[0] is Verdict.SUBGRADIENT
    assert verdict(RELU, x, 1.0, [*slopes[:-1], 1.5]) == OUTSIDE_UNIT


def test_each_bound_of_clip_has_a_slope_of_its_own() -> None:
    x, bounds = np.array([-1.0, 1.0, 0.0]), {"low": -1.0, "high": 1.0}
    assert verdict(CLIP, x, 1.0, [0.25, 0.75, 1.0], **bounds)[0] is Verdict.SUBGRADIENT
    assert verdict(CLIP, x, 1.0, [0.25, 1.75, 1.0], **bounds) == OUTSIDE_UNIT


def peak(x: Any) -> Any:
    """The largest of what relu returns: its zeros are tied with 0 and with each other."""
    return np.maximum(x, 0).max()


def test_ties_that_depend_on_each_other_are_enumerated() -> None:
    """Each zero gets its weight of the maximum times its slope of relu: the triangle w >= 0 of sum up to 1."""
    x = np.zeros(2)
    assert verdict(peak, x, 1.0, [0.2, 0.3]) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert verdict(peak, x, 1.0, [0.0, 0.0]) == (Verdict.SUBGRADIENT, "tie: all to the last")
    assert verdict(peak, x, 1.0, [0.0, 1.0]) == (Verdict.SUBGRADIENT, "tie: all to one winner")
    assert verdict(peak, x, 1.0, [1.0, 1.0]) == FULL
    assert verdict(peak, x, 1.0, [0.7, 0.7]) == (Verdict.WRONG, "outside what the winners of a tie allow")


def test_two_branches_of_one_entry_are_a_segment() -> None:
    x = np.zeros(2)
    assert verdict(lambda x: np.maximum(x, -x), x, 1.0, [0.2, -0.3])[0] is Verdict.SUBGRADIENT
    assert verdict(lambda x: np.maximum(x, -x), x, 1.0, [0.2, -1.3])[0] is Verdict.WRONG
