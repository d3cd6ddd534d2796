"""Truth as it is handed out: Ziv's ladder, hand derivatives, extended reals, and the ends of every range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.vocabulary import Array, Scenario
from property_tests.exact.oracle import BITS, every_miss, misses, objects, packed, scenario, truth_in

ARITHMETICS = ("float64", "longdouble", "arb-128")
SOFTMAX, LOG_SOFTMAX, LOSS = (
    OPERATIONS[n].definition for n in ("softmax", "log_softmax", "softmax_cross_entropy")
)


# -- hand derivatives, in Arb directly ---------------------------------------------------------------------

_LOGITS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 5)),
    elements=st.one_of(
        st.floats(-30, 30, width=32), st.floats(-1000, 1000, width=32), st.sampled_from([0.0, 1.0])
    ),
)


def by_hand(x: Array, y_bar: Array) -> tuple[Array, Array, Array, Array]:
    """Softmax p, its x_bar = p (y_bar - sum p y_bar), log p, and its x_bar = y_bar - p sum y_bar."""
    with flint.ctx.workprec(BITS):
        e = np.frompyfunc(lambda v: v.exp(), 1, 1)(objects(x))
        p = e / e.sum(axis=-1, keepdims=True)
        g = objects(y_bar)
        x_bar = p * (g - (p * g).sum(axis=-1, keepdims=True))
        return p, x_bar, np.frompyfunc(lambda v: v.log(), 1, 1)(p), g - p * g.sum(axis=-1, keepdims=True)


@settings(max_examples=60)
@given(x=_LOGITS, seed=st.integers(0, 2**16))
def test_softmax_and_log_softmax_enclose_their_hand_derivatives(x: Array, seed: int) -> None:
    y_bar = np.random.default_rng(seed).normal(size=x.shape)
    given_ = scenario(x, y_bar=y_bar, dtype="float32")
    p, p_pulled, log_p, log_p_pulled = by_hand(x, given_.cotangent)
    for name in ARITHMETICS:
        for definition, primal, x_bar in ((SOFTMAX, p, p_pulled), (LOG_SOFTMAX, log_p, log_p_pulled)):
            truth = truth_in(name, definition, given_)
            if truth is None:
                assert name != "arb-128"
                continue
            assert not misses(truth.primal, primal), name
            assert not misses(truth.gradients[0], x_bar), name


@settings(max_examples=40)
@given(x=_LOGITS, seed=st.integers(0, 2**16))
def test_softmax_cross_entropy_encloses_its_hand_derivative(x: Array, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, x.shape[1], x.shape[0])
    given_ = scenario(x, labels, y_bar=0.75, dtype="float32")
    p, _, log_p, _ = by_hand(x, x)
    with flint.ctx.workprec(BITS):
        rows = np.arange(len(x))
        n = arb(len(x))
        loss = packed(-log_p[rows, labels].sum() / n)
        hot = (labels[:, None] == np.arange(x.shape[1])).astype(int)
        x_bar = (p - hot) * arb(0.75) / n
    for name in ARITHMETICS:
        truth = truth_in(name, LOSS, given_)
        if truth is None:
            assert name != "arb-128"
            continue
        assert not misses(truth.primal, loss), name
        assert not misses(truth.gradients[0], x_bar), name


# -- the ends of the range ---------------------------------------------------------------------------------

ENDS: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "exp": (np.exp, [-1e4, -745.2, -708.5, -100.0, 1e-300, 88.8, 709.7, 1e4]),
    "expm1": (np.expm1, [-1e4, -50.0, -1e-300, 5e-324, 1e-17, 709.7, 800.0]),
    "log": (np.log, [5e-324, 1e-310, 1 - 2.0**-53, 1 + 2.0**-52, 1e308]),
    "log1p": (np.log1p, [-1 + 2.0**-53, -1e-300, 5e-324, 1e-17, 1e308]),
    "sqrt": (np.sqrt, [5e-324, 1e-310, 1.0, 1e308]),
    "tanh": (np.tanh, [-1e4, -400.0, -20.0, -1e-300, 5e-324, 1e-9, 20.0, 400.0]),
    "sinh": (np.sinh, [-800.0, -1e-9, 1e-300, 20.0]),
    "x²": (lambda x: x * x, [5e-324, 1e-200, 1e200, 1e308]),
    "x³": (lambda x: x**3, [5e-324, 1e-200, 1e200]),
    "1 / x": (lambda x: 1 / x, [5e-324, 1e-310, 1e308]),
    "x / 3 · 1e-308": (lambda x: x / 3 * 1e-308, [5e-324, 1e-300, 1e300]),
    "softmax": (SOFTMAX, [-1e4, -1000.0, 0.0, 709.5, 710.0]),
    "softmax of large": (SOFTMAX, [1e4, 1e4 - 1, 1e4 - 700]),
    "log_softmax": (LOG_SOFTMAX, [-1e4, -1000.0, 0.0, 709.5, 710.0]),
    "x sum x": (lambda x: x * x.sum(), [1e308, 1e308, -1e300]),
    "a sum that cancels": (lambda x: x.sum(keepdims=True), [1e16, 1.0, -1e16]),
    "a difference of exponentials": (lambda x: np.exp(x) - np.exp(x[::-1]), [40.0, 40.0 + 2.0**-40]),
    "matmul": (lambda x: x.reshape(1, -1) @ x, [1e100, 3.0, -1e-100]),
    "prod": (lambda x: np.prod(x, keepdims=True), [1e-200, 1e-200, 1e300, 1e300]),
    "logaddexp": (lambda x: np.log(np.exp(x) + np.exp(-x)), [-2000.0, -20.0, 1e-9, 2000.0]),
}


@pytest.mark.parametrize("name", ENDS)
def test_enclosures_hold_at_the_ends_of_the_range(name: str) -> None:
    f, entries = ENDS[name]
    x = np.array(entries)
    with np.errstate(all="ignore"):
        y_bar = np.random.default_rng(3).normal(size=np.shape(f(x)))
    for dtype in ("float64", "float32"):
        with np.errstate(over="ignore"):
            given_ = scenario(x, y_bar=y_bar, dtype=dtype)
        if not np.isfinite(given_.args[0]).all():
            continue
        certified = 0
        for arithmetic in ARITHMETICS[dtype == "float64" :]:
            truth = truth_in(arithmetic, f, given_)
            certified += truth is not None
            if truth is not None and name != "tanh":
                assert not every_miss(f, given_, truth), (dtype, arithmetic)
            elif truth is not None:
                # 1 - tanh² of -1e4 is 1e-8685: far below the absolute slack of the central difference.
                assert not [m for m in every_miss(f, given_, truth) if m.startswith("y")], (dtype, arithmetic)
        assert certified, dtype


# -- Ziv's ladder --------------------------------------------------------------------------------------------


def names(definition: Any, given_: Scenario) -> list[str]:
    return [truth.arithmetic for truth in Exact(definition).truths(given_)]


def test_the_ladder_climbs_from_cheap_to_narrow() -> None:
    x = np.array([0.5, 1.5, -2.0])
    ladder = ["longdouble", "arb-128", "arb-384", "arb-1536"]
    assert names(SOFTMAX, scenario(x, y_bar=x)) == ladder
    assert names(SOFTMAX, scenario(x, y_bar=x, dtype="float32")) == ["float64", *ladder]
    given_ = scenario(x, y_bar=x, dtype="bfloat16")
    widths = [float(np.max(t.gradients[0].rad)) for t in Exact(SOFTMAX).truths(given_)]
    assert widths[1] < widths[0] / 1000
    assert widths == sorted(widths, reverse=True)


def test_what_overflows_float64_is_left_to_wider_arithmetic() -> None:
    x = np.array([1000.0, 0.0])
    assert names(SOFTMAX, scenario(x, y_bar=x, dtype="float32"))[0] == "longdouble"
    x = np.array([20000.0, 0.0])
    assert names(SOFTMAX, scenario(x, y_bar=x, dtype="float32"))[0] == "arb-128"


def test_a_cancellation_beyond_one_precision_is_decided_by_the_next() -> None:
    # log of a difference of 2^-300: 128 bits cannot tell it from 0.
    def definition(x: Any) -> Any:
        return np.log((1 + x) - 1)

    truth = Exact(definition).evaluate(scenario(np.array([2.0**-300]), y_bar=np.ones(1)))
    assert truth is not None
    assert truth.arithmetic == "arb-384"
    assert abs(float(truth.primal.mid[0]) + 300 * np.log(2)) < 1e-10


def test_a_truth_that_no_precision_certifies_is_none() -> None:
    # 1 + x - 1 - x is 0, which no finite precision proves of a computed number.
    truth = Exact(lambda x: np.log(np.exp(x) / np.exp(x) - 1)).evaluate(
        scenario(np.array([0.3]), y_bar=np.ones(1))
    )
    assert truth is None


def test_many_entries_are_not_given_to_arb() -> None:
    x = np.zeros(60_000)
    assert names(lambda x: x.sum(), scenario(x, y_bar=1.0)) == ["longdouble"]


def test_an_invalid_input_has_no_truth() -> None:
    given_ = scenario(np.ones(2), y_bar=np.ones(2))
    invalid = Scenario("given", "float64", given_.args, {}, given_.cotangent, (0,), valid=False)
    assert Exact(SOFTMAX).supports(given_) is None
    assert "invalid" in (Exact(SOFTMAX).supports(invalid) or "")


def test_the_gradient_of_whole_numbers_is_refused() -> None:
    whole = Scenario("softmax", "float64", (np.array([1, 2, 3]),), {}, np.ones(3))
    with pytest.raises(UsageError, match=r"args\[0\] is int64 .* give it in float64"):
        Exact(SOFTMAX).evaluate(whole)


def test_a_cotangent_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"\(3,\).*\(2,\)"):
        Exact(SOFTMAX).evaluate(scenario(np.ones(2), y_bar=np.ones(3)))


# -- extended reals ------------------------------------------------------------------------------------------

NAN, INF = np.nan, np.inf
EXTENDED: dict[str, tuple[Callable[[Any], Any], list[float], list[float], list[float]]] = {
    "exp": (np.exp, [-INF, INF, NAN], [0, INF, NAN], [0, INF, NAN]),
    "log": (np.log, [0.0, INF, -1.0], [-INF, INF, NAN], [INF, 0, -1]),
    "sqrt": (np.sqrt, [0.0, INF], [0, INF], [INF, 0]),
    "tanh": (np.tanh, [-INF, INF], [-1, 1], [0, 0]),
    "1 / x": (lambda x: 1 / x, [0.0, INF, -INF], [INF, 0, 0], [-INF, 0, 0]),
    "x - x": (lambda x: x - x, [INF, 1.0], [NAN, 0], [0, 0]),
    "x + 1": (lambda x: x + 1, [INF, -INF], [INF, -INF], [1, 1]),
    "0 x": (lambda x: 0 * x, [INF, 2.0], [NAN, 0], [0, 0]),
    "relu": (lambda x: np.maximum(x, 0), [INF, -INF, NAN], [INF, 0, NAN], [1, 0, NAN]),
    "abs": (np.abs, [INF, -INF], [INF, INF], [1, -1]),
}


@pytest.mark.parametrize("arithmetic", ["longdouble", "arb-128"])
@pytest.mark.parametrize("name", [n for n in EXTENDED if n not in ("log", "1 / x")])
def test_infinite_arguments_follow_the_extended_reals(name: str, arithmetic: str) -> None:
    f, x, y, x_bar = EXTENDED[name]
    truth = truth_in(arithmetic, f, scenario(np.array(x), y_bar=np.ones(len(x))))
    if name == "sqrt" and arithmetic == "longdouble":
        assert truth is None  # its slope divides by a computed 0, which only Arb knows to be 0
        return
    assert truth is not None
    np.testing.assert_array_equal(truth.primal.mid.astype(float), y)
    if name != "relu":
        np.testing.assert_array_equal(truth.gradients[0].mid.astype(float), x_bar)


def test_the_ends_of_the_logarithm_and_of_the_reciprocal() -> None:
    for name in ("log", "1 / x"):
        f, x, y, x_bar = EXTENDED[name]
        for arithmetic in ("longdouble", "arb-128"):
            truth = truth_in(arithmetic, f, scenario(np.array(x), y_bar=np.ones(len(x))))
            assert truth is not None
            np.testing.assert_array_equal(truth.primal.mid.astype(float), y, err_msg=f"{name} {arithmetic}")
            got = truth.gradients[0].mid.astype(float)
            defined = ~np.isnan(got)
            np.testing.assert_array_equal(
                got[defined], np.array(x_bar)[defined], err_msg=f"{name} {arithmetic}"
            )


@pytest.mark.parametrize("arithmetic", ["longdouble", "arb-128"])
def test_minus_infinity_among_logits_has_probability_zero(arithmetic: str) -> None:
    truth = truth_in(
        arithmetic, SOFTMAX, scenario(np.array([0.0, -INF, 0.0]), y_bar=np.array([1.0, 5.0, -1.0]))
    )
    assert truth is not None
    np.testing.assert_allclose(truth.primal.mid.astype(float), [0.5, 0, 0.5], atol=1e-18)
    np.testing.assert_allclose(truth.gradients[0].mid.astype(float), [0.5, 0, -0.5], atol=1e-18)


@pytest.mark.parametrize("arithmetic", ["longdouble", "arb-128"])
def test_a_row_of_minus_infinity_has_no_softmax(arithmetic: str) -> None:
    truth = truth_in(
        arithmetic, SOFTMAX, scenario(np.array([[-INF, -INF], [0.0, 0.0]]), y_bar=np.ones((2, 2)))
    )
    assert truth is not None
    np.testing.assert_array_equal(np.isnan(truth.primal.mid), [[True, True], [False, False]])


# -- what once went wrong -------------------------------------------------------------------------------------


def certified(definition: Any, x: Any, y_bar: Any, dtype: str = "float32") -> list[str]:
    """What every arithmetic claims, and is not so; raises where nothing is certified at all."""
    given_ = scenario(np.asarray(x), y_bar=y_bar, dtype=dtype)
    truths = list(Exact(definition).truths(given_))
    assert truths, "no arithmetic certifies anything"
    return [f"{t.arithmetic} {m}" for t in truths for m in every_miss(definition, given_, t)]


def test_the_maximum_of_computed_values_is_certified() -> None:
    assert not certified(lambda x: np.max(np.exp(x)), [1.0, 2.0, 3.0], 1.0)


@pytest.mark.parametrize("other", [np.inf, np.nan])
def test_an_overflow_is_seen_beside_a_row_that_is_not_finite(other: float) -> None:
    truth = Exact(SOFTMAX).evaluate(
        scenario(np.array([[other, 0.0], [709.5, 709.5]]), y_bar=np.ones((2, 2)), dtype="float32")
    )
    assert truth is not None
    np.testing.assert_allclose(truth.primal.mid[1].astype(float), [0.5, 0.5])


def test_an_underflow_inside_a_matrix_product_is_seen() -> None:
    assert not certified(lambda x: np.log(np.exp(x) @ np.exp(x)), [-400.0, -400.0], 1.0)


@pytest.mark.parametrize("entry", [np.inf, 500.0])
def test_a_matrix_product_may_overflow_or_hold_infinity(entry: float) -> None:
    x = np.array([[1.0, entry, 2.0], [1.0, 2.0, 3.0]])
    f = (
        (lambda x: x @ np.ones((3, 4)))
        if np.isinf(entry)
        else (lambda x: np.exp(x) @ (np.exp(x).T @ np.ones((2, 4))))
    )
    assert Exact(f).evaluate(scenario(x, y_bar=np.ones((2, 4)), dtype="float32")) is not None


@pytest.mark.parametrize(
    "f", [np.log, np.sqrt, np.reciprocal, SOFTMAX], ids=["log", "sqrt", "1 / x", "softmax"]
)
def test_nan_has_no_value_in_arb_either(f: Any) -> None:
    truth = truth_in("arb-128", f, scenario(np.array([np.nan, 1.0]), y_bar=np.ones(2)))
    assert truth is not None
    assert np.isnan(truth.primal.mid[0])


def test_the_logarithm_ends_at_minus_zero_as_at_zero() -> None:
    given_ = scenario(np.array([-0.0]), y_bar=np.ones(1))
    signs = [float(truth.gradients[0].mid[0]) for truth in Exact(np.log).truths(given_)]
    assert signs == [np.inf] * len(signs)


POWERS: dict[str, tuple[Callable[[Any], Any], list[float], list[float], list[float]]] = {
    "x^1.5 at 0": (lambda x: x**1.5, [0.0, 1.0], [0, 1], [0, 1.5]),
    "x^-2 at 0": (lambda x: x**-2, [0.0, 1.0], [INF, 1], [-INF, -2]),
    "x^71 of a negative number": (lambda x: x**71, [-1.0, 1.0], [-1, 1], [71, 71]),
    "x^[2, 3] of negative numbers": (lambda x: x ** np.array([2, 3]), [-1.0, -1.0], [1, -1], [-2, 3]),
    "x^[[2]]": (lambda x: (x ** np.array([[2.0]])).reshape(-1), [3.0, -1.0], [9, 1], [6, -2]),
}


@pytest.mark.parametrize("name", POWERS)
def test_powers_at_zero_and_of_negative_numbers(name: str) -> None:
    f, x, y, x_bar = POWERS[name]
    if name == "x^[[2]]":
        assert Exact(lambda x: x ** np.array([[2.0]])).evaluate(scenario(np.array(x), y_bar=np.ones((1, 2))))
    truth = Exact(f).evaluate(scenario(np.array(x), y_bar=np.ones(2)))
    assert truth is not None
    np.testing.assert_array_equal(truth.primal.mid.astype(float), y)
    np.testing.assert_array_equal(truth.gradients[0].mid.astype(float), x_bar)


def test_a_product_over_nothing_is_zero_in_arb() -> None:
    truth = truth_in("arb-128", lambda x: x.T @ x, scenario(np.zeros((0, 2)), y_bar=np.ones((2, 2))))
    assert truth is not None
    assert not truth.primal.mid.any()


def test_a_maximum_over_several_axes_in_arb() -> None:
    assert truth_in("arb-128", np.max, scenario(np.array([[1.0, 2.0]]), y_bar=1.0)) is not None


def test_a_number_may_be_reduced_over_its_last_axis() -> None:
    assert float(np.sum(np.float64(3.0), axis=-1)) == 3.0
    assert Exact(lambda x: np.sum(x, axis=-1)).evaluate(scenario(3.0, y_bar=1.0)) is not None


def test_an_underflow_is_seen_beside_nan() -> None:
    given_ = scenario(np.array([[np.nan], [-800.0]]), y_bar=np.ones((2, 1)), dtype="float32")
    for truth in Exact(SOFTMAX).truths(given_):
        assert float(truth.primal.mid[1, 0]) == 1.0, truth.arithmetic


def test_a_numerator_that_is_not_known_well_enough_over_zero_is_undecided() -> None:
    # 3e38 log 2 in 128 bits is known to about 1, so that its exponential is a ball that holds 0.
    given_ = scenario(np.array([3e38]), y_bar=np.ones(1), dtype="float32")
    for truth in Exact(lambda x: 2.0**x / 0).truths(given_):
        assert float(truth.primal.mid[0]) == np.inf, truth.arithmetic


LOGS = [
    "longdouble",
    pytest.param(
        "arb-128",
        marks=pytest.mark.xfail(
            strict=True, reason="in Arb the budget of log 0 is anything, so no branch is ruled out"
        ),
    ),
]


@pytest.mark.parametrize("arithmetic", LOGS)
def test_a_clipped_logarithm_has_gradient_zero_at_zero(arithmetic: str) -> None:
    truth = truth_in(
        arithmetic, lambda x: np.maximum(np.log(x), -100.0), scenario(np.array([0.0]), y_bar=np.ones(1))
    )
    assert truth is not None
    assert float(truth.primal.mid[0]) == -100
    assert float(truth.gradients[0].mid[0]) == 0
