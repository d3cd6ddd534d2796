"""Laws of ties that stand alone: every convex combination of winners is a subgradient, and nothing else is."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.exact import Exact, Vjp
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.formats import FORMATS
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Scenario, Verdict

MAX, MIN, RELU, CLIP = (OPERATIONS[name].definition for name in ("max", "min", "relu", "clip"))
DTYPES = st.sampled_from(["float64", "float32", "float16", "bfloat16"])
FULL = (Verdict.WRONG, "weights sum to k")
OTHER_SUM = (Verdict.WRONG, "weights do not sum to 1")
OUTSIDE_UNIT = (Verdict.WRONG, "weight outside 0 to 1")


def found(definition: Any, x: Array, y_bar: Any, x_bar: Any, **params: Any) -> Finding:
    """What is said of a rule that returns the right primal and ``x_bar``."""
    with np.errstate(invalid="ignore"):
        y = np.asarray(definition(x, **params), x.dtype)
    cotangent = np.broadcast_to(np.asarray(y_bar, x.dtype), y.shape).copy()
    scenario = Scenario("op", x.dtype.name, (x,), params, cotangent)
    rule = RuleComparator("mine", lambda x, **_: (y.copy(), lambda y_bar: np.array(x_bar).astype(x.dtype)))
    return judge(Question(scenario, Exact(definition), ()), rule)


def verdict(definition: Any, x: Array, y_bar: Any, x_bar: Any, **params: Any) -> tuple[Verdict, str]:
    finding = found(definition, x, y_bar, x_bar, **params)
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
    said, _ = verdict(MIN if lowest else MAX, x, y_bar, weights * y_bar[:, None], axis=1)
    tied = np.any(np.count_nonzero(weights_of_split(x, lowest), axis=1) > 1)
    assert said is (Verdict.SUBGRADIENT if tied else Verdict.AGREES)


@given(slices(), st.sampled_from([0.0, 0.5, 1.5]))
def test_weights_that_add_up_to_anything_else_are_wrong(
    drawn: tuple[Array, Array, Array], total: float
) -> None:
    x, y_bar, weights = drawn
    said, _ = verdict(MAX, x, y_bar, weights * y_bar[:, None] * total, axis=1)
    assert said is Verdict.WRONG


VALUES = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.0, 2.0, np.inf])
AXES: list[Any] = [None, 0, -1, (0, 2), (0, 1, 2)]


@given(
    st.tuples(*[st.integers(1, 3)] * 3).flatmap(
        lambda shape: st.lists(VALUES, min_size=prod(shape), max_size=prod(shape)).map(
            lambda values: np.array(values).reshape(shape)
        )
    ),
    st.sampled_from(AXES),
    st.booleans(),
    st.booleans(),
    DTYPES,
)
def test_every_winner_with_the_full_cotangent_has_weights_that_sum_to_k(
    values: Array, axis: Any, keepdims: bool, lowest: bool, dtype: str
) -> None:
    x, definition = values.astype(FORMATS[dtype].dtype), MIN if lowest else MAX
    best = definition(x, axis=axis, keepdims=True)
    y_bar = np.random.default_rng(x.size).normal(size=best.shape).astype(x.dtype)
    shape = definition(x, axis=axis, keepdims=keepdims).shape
    said = verdict(
        definition, x, y_bar.reshape(shape), np.where(x == best, y_bar, 0), axis=axis, keepdims=keepdims
    )
    tied = np.any(np.count_nonzero(x == best, axis=axis) > 1)
    assert said == (FULL if tied else (Verdict.AGREES, ""))


@pytest.mark.parametrize(("k", "axis"), [(2, 1), (4, None)])
def test_the_sentence_says_what_the_weights_sum_to(k: int, axis: Any) -> None:
    finding = found(MAX, np.ones((2, 2)), 1.0, np.ones((2, 2)), axis=axis)
    assert f"the weights of {k} winners sum to {k}" in finding.sentence


def test_who_gets_nothing_and_who_gets_too_much() -> None:
    x = np.array([2.0, 2.0])
    assert verdict(MAX, x, 1.0, [0.0, 0.0]) == (Verdict.WRONG, "weights sum to 0")
    assert verdict(MAX, x, 1.0, [0.5, 0.25]) == OTHER_SUM
    assert "weights 0.5 and 0.25 sum to 0.75" in found(MAX, x, 1.0, [0.5, 0.25]).sentence


@pytest.mark.parametrize(
    ("x_bar", "words"),
    [([0.5, 0.5, 0], "½ and ½"), ([0.25, 0.75, 0], "weights 0.25 and 0.75"), ([1, 0, 0], "is 1.0 at a tie")],
)
def test_the_sentence_names_the_weights(x_bar: list[float], words: str) -> None:
    finding = found(MAX, np.array([3.0, 3.0, 1.0]), 1.0, x_bar)
    assert finding.verdict is Verdict.SUBGRADIENT
    assert words in finding.sentence


def test_each_slice_may_have_a_winner_of_its_own() -> None:
    x, weights = np.ones((2, 2)), np.eye(2)
    assert verdict(MAX, x, 1.0, weights, axis=1) == (Verdict.SUBGRADIENT, "tie: all to one winner")
    assert verdict(MAX, x, [1, -2], weights * [[1], [-2]], axis=1)[1] == "tie: all to one winner"


def test_nan_at_a_tie_and_an_error_beside_it_are_no_matter_of_weights() -> None:
    x = np.array([2.0, 2.0, 1.0])
    assert verdict(MAX, x, 1.0, [np.nan, 1.0, 0.0])[0] is Verdict.NONFINITE
    assert verdict(MAX, x, 1.0, [1.0, 1.0, 1.0]) == (Verdict.WRONG, "the gradient")


def test_weights_below_zero_are_wrong_though_they_add_up_to_one() -> None:
    said = verdict(MAX, np.array([2.0, 2.0, 2.0]), 1.0, [1.5, -0.5, 0.0])
    assert said == (Verdict.WRONG, "a weight below 0")


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


def test_a_condition_is_enumerated_and_has_no_even_split() -> None:
    def by_condition(x: Any) -> Any:
        return np.where(x > 0, 3 * x, x)

    x = np.zeros(2)
    assert verdict(by_condition, x, 1.0, [1.0, 1.0])[1] == "tie: as the definition compares"
    assert verdict(by_condition, x, 1.0, [1.0, 3.0]) == (Verdict.SUBGRADIENT, "tie: all to one winner")
    assert verdict(by_condition, x, 1.0, [2.5, 1.5]) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert verdict(by_condition, x, 1.0, [2.5, 0.5])[0] is Verdict.WRONG


def test_ties_that_cancel_for_the_first_and_the_last_winner_do_not_for_others() -> None:
    """|x| from two maxima: both to the first, both to the last and both split make 0; and a slope of 1 is one, too."""

    def magnitude(x: Any) -> Any:
        return np.maximum(x, 0) + np.maximum(-x, 0)

    x = np.array([0.0, 1.0])
    assert verdict(magnitude, x, 1.0, [0.0, 1.0])[0] is Verdict.AGREES
    assert verdict(magnitude, x, 1.0, [1.0, 1.0]) == (Verdict.SUBGRADIENT, "tie: all to one winner")
    assert verdict(magnitude, x, 1.0, [0.3, 1.0]) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert verdict(magnitude, x, 1.0, [1.3, 1.0]) == (Verdict.WRONG, "the gradient")
    assert verdict(magnitude, x, 1.0, [0.0, 1.1]) == (Verdict.WRONG, "the gradient")


def test_too_many_choices_are_sampled_and_said_to_be() -> None:
    def by_condition(x: Any) -> Any:
        return np.where(x > 0, 3 * x, x)

    x = np.zeros(8)
    inside = found(by_condition, x, 1.0, np.full(8, 2.0))
    assert (inside.verdict, inside.cause) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert "64 of 256 choices of winners were tried" in inside.sentence
    outside = found(by_condition, x, 1.0, np.full(8, 3.5))
    assert outside.verdict is Verdict.INCONCLUSIVE
    assert outside.cause == "a tie of which only a sample of the winners was tried"


@pytest.mark.parametrize(
    "definition", [lambda x: np.log(np.exp(x - x.max()).sum()) + x.max(), lambda x: x - x.max()]
)
def test_a_maximum_that_is_only_a_shift_is_no_tie_of_the_sum(definition: Any) -> None:
    x = np.array([1.0, 1.0])
    if np.ndim(definition(x)) == 0:
        assert verdict(definition, x, 1.0, [0.5, 0.5]) == (Verdict.AGREES, "")
        assert verdict(definition, x, 1.0, [1.0, 1.0]) == (Verdict.WRONG, "the gradient")
    else:
        assert verdict(definition, x, [1.0, 2.0], [-0.5, 0.5])[0] is Verdict.SUBGRADIENT
        assert verdict(definition, x, [1.0, 2.0], [-2.0, -1.0]) == FULL


def test_two_maxima_of_the_same_entries_have_weights_of_their_own() -> None:
    def twice(x: Any) -> Any:
        return x.max() + 2 * x.max(axis=1).sum()

    x = np.ones((1, 2))
    assert verdict(twice, x, 1.0, [[1.0, 2.0]]) == (Verdict.SUBGRADIENT, "tie: all to one winner")
    assert verdict(twice, x, 1.0, [[2.75, 0.25]]) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert verdict(twice, x, 1.0, [[3.0, 3.0]]) == FULL
    assert verdict(twice, x, 1.0, [[0.0, 0.0]]) == (Verdict.WRONG, "weights sum to 0")


def verdict_on_pullback(
    x: Array, y_bar: float, x_bar_bar: Array, weights: Array, second: Array
) -> tuple[Verdict, str]:
    """What is said of the pullback of max that hands y_bar out by ``weights``, and takes x_bar_bar in by ``second``."""
    arguments = (x, np.array(y_bar, x.dtype))
    scenario = Scenario("op", x.dtype.name, arguments, {}, x_bar_bar.astype(x.dtype), (0, 1))

    def rule(x: Any, y_bar: Any) -> Any:
        return (weights * y_bar).astype(x.dtype), lambda g: (
            np.zeros_like(x),
            np.asarray(second @ g, x.dtype),
        )

    finding = judge(Question(scenario, Exact(Vjp(MAX)), ()), RuleComparator("mine", rule))
    return finding.verdict, finding.cause


@given(slices(), st.integers(0, 2**20), st.sampled_from(["float64", "float32"]))
def test_a_pullback_and_its_own_pullback_take_the_same_weights(
    drawn: tuple[Array, Array, Array], seed: int, dtype: str
) -> None:
    (x, *_), (y_bar, *_), (weights, *_) = drawn
    x, x_bar_bar = x.astype(dtype), np.random.default_rng(seed).normal(size=x.shape)
    tied = np.count_nonzero(x == x.max()) > 1
    won = (x == x.max()).astype(float)
    assert verdict_on_pullback(x, y_bar, x_bar_bar, weights, weights)[0] is (
        Verdict.SUBGRADIENT if tied else Verdict.AGREES
    )
    assert verdict_on_pullback(x, y_bar, x_bar_bar, won, won) == (FULL if tied else (Verdict.AGREES, ""))


def test_two_members_of_the_set_in_one_pullback_are_wrong() -> None:
    x, first, last = np.array([1.0, 1.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert verdict_on_pullback(x, 2.0, np.array([1.0, 3.0]), first, last)[0] is Verdict.WRONG


def test_a_weight_that_is_multiplied_by_itself_leaves_the_set_open() -> None:
    """The second order of max(x)²: 2 (w·x_bar_bar) w is no mix of single winners, so nothing outside is told."""

    def square(x: Any) -> Any:
        return x.max() ** 2

    x, x_bar_bar = np.array([1.0, 1.0]), np.array([1.0, 3.0])
    scenario = Scenario("op", "float64", (x, np.array(1.0)), {}, x_bar_bar, (0, 1))

    def rule(weights: Array) -> Any:
        def rule(x: Any, y_bar: Any) -> Any:
            def pullback(g: Any) -> Any:
                return 2 * (weights @ g) * weights * y_bar, np.asarray(2 * (weights @ g) * x.max())

            return 2 * x.max() * weights * y_bar, pullback

        return RuleComparator("mine", rule)

    question = Question(scenario, Exact(Vjp(square)), ())
    assert judge(question, rule(np.array([0.5, 0.5]))).cause == "tie: split"
    assert judge(question, rule(np.array([1.0, 0.0]))).cause == "tie: all to the first"
    assert judge(question, rule(np.array([0.25, 0.75]))).verdict is Verdict.INCONCLUSIVE
    assert judge(question, rule(np.array([1.0, 1.0]))).cause == "weights sum to k"


@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_the_full_cotangent_is_seen_through_a_relu(slope: float) -> None:
    """Winners that are zeros of relu as well: three times its slope is more than the whole."""
    x = np.zeros(3)
    assert verdict(peak, x, 3.0, np.full(3, slope * 3.0)) == FULL
    assert verdict(peak, np.array([2.0, 2.0, 0.0]), 1.0, [1.0, 1.0, 0.0]) == FULL
    assert verdict(peak, np.array([2.0, 2.0, 0.0]), 1.0, [0.5, 0.5, 0.0])[0] is Verdict.SUBGRADIENT


@given(DTYPES, st.sampled_from([np.maximum, np.minimum]))
def test_two_arguments_that_are_equal_share(dtype: str, extremum: Any) -> None:
    x = np.array([1.0, -2.0]).astype(FORMATS[dtype].dtype)
    scenario = Scenario("op", dtype, (x, x.copy()), {}, np.array([3, -1]).astype(x.dtype), (0, 1))

    def said(first: float, second: float) -> tuple[Verdict, str]:
        def rule(a: Any, b: Any) -> Any:
            return extremum(a, b), lambda g: (g * x.dtype.type(first), g * x.dtype.type(second))

        finding = judge(Question(scenario, Exact(extremum), ()), RuleComparator("mine", rule))
        return finding.verdict, finding.cause

    assert said(0.5, 0.5) == (Verdict.SUBGRADIENT, "tie: split")
    assert said(0.25, 0.75) == (Verdict.SUBGRADIENT, "tie: between the winners")
    assert said(1, 1) == FULL
    assert said(0, 0) == (Verdict.WRONG, "weights sum to 0")
    assert said(0.5, 0.25) == OTHER_SUM
    assert said(1.5, -0.5) == (Verdict.WRONG, "a weight below 0")
