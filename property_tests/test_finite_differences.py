"""Finite differences: what is right agrees, what is planted is wrong, what cannot be told is inconclusive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.finite_differences import FiniteDifferences
from gradassay.catalogue import operations
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from property_tests.differentiated import (
    RELU,
    ROWS,
    Function,
    changed,
    elementwise,
    judge,
    scenario,
    seeds,
    sigmoid,
    softmax,
)
from property_tests.strategies.scenarios import draw_scenarios

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SMOOTH: dict[str, tuple[Function, Function]] = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (lambda x: np.logaddexp(0, x), sigmoid),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "bell": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
    "runge": (lambda x: 1 / (1 + 25 * x * x), lambda x: -50 * x / (1 + 25 * x * x) ** 2),
    "log of a square": (lambda x: np.log1p(x * x), lambda x: 2 * x / (1 + x * x)),
    "a period of one rung": (lambda x: np.sin(16 * np.pi * x), lambda x: 16 * np.pi * np.cos(16 * np.pi * x)),
}


def spread_out(seed: int, size: int = 6) -> Array:
    """Values of all signs, from a thousandth to about thirty."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=size) * 10.0 ** rng.uniform(-3, 1, size)


@pytest.mark.parametrize("name", SMOOTH)
@given(seed=seeds)
def test_a_right_gradient_of_a_smooth_function_is_never_wrong(name: str, seed: int) -> None:
    rule = elementwise(*SMOOTH[name])
    assert judge(rule, spread_out(seed)).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_gradient_of_a_smooth_function_agrees_at_ordinary_values(name: str) -> None:
    assert judge(elementwise(*SMOOTH[name]), ROWS).verdict is Verdict.AGREES


@pytest.mark.parametrize("name", SMOOTH)
@given(seed=seeds)
def test_the_error_estimate_bounds_the_error(name: str, seed: int) -> None:
    function, derivative = SMOOTH[name]
    rule, x = elementwise(function, derivative), spread_out(seed)
    problem = scenario(rule, x)
    (estimate,) = FiniteDifferences(rule).differentiate(problem).estimates
    told = estimate.reasons == ""
    true = problem.cotangent * derivative(x)
    own = 8 * 2.0**-53 * np.maximum(np.abs(true), estimate.scale)  # of the derivative's formula
    assert (np.abs(estimate.value - true) <= estimate.error + own)[told].all()


# Wider logits make slopes of 1e-9, and 1e-5 of that is below what differences of outputs near 1 can resolve.
@given(seed=seeds, scale=st.sampled_from([0.1, 1.0, 2.0, 1e-300]))
def test_softmax_agrees_and_with_a_factor_of_one_and_a_hundred_thousandth_is_wrong(
    seed: int, scale: float
) -> None:
    x = np.random.default_rng(seed).normal(size=(2, 4)) * scale
    assert judge(softmax, x).verdict is Verdict.AGREES
    finding = judge(changed(softmax, lambda x_bar: x_bar * (1 + 1e-5)), x)
    assert finding.verdict is Verdict.WRONG
    assert finding.path == "x_bar[0]"
    assert finding.index is not None
    assert finding.expected is not None
    assert finding.got == pytest.approx(finding.expected * (1 + 1e-5), rel=1e-8)


@pytest.mark.parametrize(
    ("what", "bug"),
    {
        "the wrong sign": changed(softmax, np.negative),
        "the sum left out": lambda x: ((y := softmax(x)[0]), lambda y_bar: y * y_bar),
        "the cotangent ignored": lambda x: ((y := softmax(x)[0]), lambda y_bar: y * (1 - y)),
        "all NaN": changed(softmax, lambda x_bar: x_bar * np.nan),
        "one NaN": changed(softmax, lambda x_bar: np.where(np.arange(20).reshape(4, 5) == 7, np.nan, x_bar)),
        "one infinity": changed(
            softmax, lambda x_bar: np.where(np.arange(20).reshape(4, 5) == 7, np.inf, x_bar)
        ),
        "all zero": changed(softmax, np.zeros_like),
        "rows swapped": changed(softmax, lambda x_bar: x_bar[::-1]),
    }.items(),
)
def test_a_planted_bug_is_wrong(what: str, bug: Rule) -> None:
    assert judge(bug, ROWS).verdict is Verdict.WRONG, what


def test_a_wrong_pullback_under_the_zero_cotangent_is_wrong_and_the_right_one_agrees() -> None:
    zero = np.zeros((4, 5))
    assert judge(softmax, ROWS, y_bar=zero).verdict is Verdict.AGREES
    assert judge(changed(softmax, lambda x_bar: x_bar + 1e-9), ROWS, y_bar=zero).verdict is Verdict.WRONG


@pytest.mark.parametrize("shape", [(), (0,), (0, 5), (1,), (2, 1, 3)])
def test_every_shape_is_judged(shape: tuple[int, ...]) -> None:
    rule = elementwise(np.sin, np.cos)
    assert judge(rule, np.full(shape, 0.5)).verdict is Verdict.AGREES
    if np.prod(shape):
        assert judge(changed(rule, np.negative), np.full(shape, 0.5)).verdict is Verdict.WRONG


def matmul(x: Array, w: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    return x @ w, lambda y_bar: (y_bar @ w.T, x.T @ y_bar)


def test_of_several_arguments_the_wrong_one_is_named() -> None:
    def transposed(x: Array, w: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
        return x @ w, lambda y_bar: (y_bar @ w.T, (x.T @ y_bar).T)

    w = np.random.default_rng(3).normal(size=(5, 5))
    assert judge(matmul, ROWS, w, differentiable=(0, 1)).verdict is Verdict.AGREES
    assert judge(matmul, np.zeros((4, 5)), w, differentiable=(0, 1)).verdict is Verdict.AGREES
    assert judge(transposed, ROWS, w, differentiable=(0, 1)).path == "x_bar[1]"


def test_integers_are_never_moved_and_arguments_never_changed() -> None:
    seen: set[bytes] = set()

    def take(x: Array, index: Array) -> tuple[Array, Callable[[Array], Array]]:
        seen.add(index.tobytes())
        y = x[index].copy()
        x[:] = index[:] = 0  # a rule without manners

        def pullback(y_bar: Array) -> Array:
            x_bar: Array = np.zeros_like(x)
            np.add.at(x_bar, [0, 0, 2], y_bar)
            y_bar[:] = 0
            return x_bar

        return y, pullback

    x, index = np.array([0.3, 0.4, 0.5]), np.array([0, 0, 2])
    problem = scenario(take, x, index)
    y_bar = problem.cotangent.copy()
    assert FiniteDifferences(take).judge(problem).verdict is Verdict.AGREES
    assert seen == {np.array([0, 0, 2]).tobytes()}
    assert problem.args[0].tolist() == [0.3, 0.4, 0.5]
    assert problem.args[1].tolist() == [0, 0, 2]
    assert problem.cotangent.tolist() == y_bar.tolist()


@pytest.mark.parametrize("name", sorted(operations()))
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_no_rule_of_the_catalogue_is_wrong(name: str, dtype: str) -> None:
    operation = operations()[name]
    differences = FiniteDifferences(operation.rule)
    drawn = draw_scenarios(operation, dtype=dtype, examples=60, seed=5)
    findings = [differences.judge(each) for each in drawn if differences.supports(each) is None]
    assert {finding.verdict for finding in findings} <= {Verdict.AGREES, Verdict.INCONCLUSIVE}
    agreeing = sum(finding.verdict is Verdict.AGREES for finding in findings)
    assert agreeing > len(findings) / 2


def raising(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    raise RuntimeError("no gradient today")


def late(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    def pullback(y_bar: Array) -> Array:
        raise RuntimeError("no gradient today")

    return x, pullback


@pytest.mark.parametrize("rule", [raising, late])
def test_an_exception_is_a_finding(rule: Rule) -> None:
    finding = FiniteDifferences(rule).judge(Scenario("f", "float64", (ROWS,), {}, ROWS))
    assert (finding.verdict, finding.sentence) == (Verdict.RAISES, "RuntimeError: no gradient today")


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: x,
        lambda x: (x, lambda y_bar: None),
        lambda x: (x, lambda y_bar: (y_bar, y_bar)),
        lambda x: (x, lambda y_bar: y_bar.sum()),
        lambda x: (x.sum(), lambda y_bar: y_bar),
    ],
)
def test_what_has_not_the_form_of_a_rule_is_a_finding(rule: Rule) -> None:
    finding = FiniteDifferences(rule).judge(Scenario("f", "float64", (ROWS,), {}, ROWS))
    assert finding.verdict is Verdict.STRUCTURE
    with pytest.raises(ValueError, match=r"."):
        FiniteDifferences(rule).differentiate(Scenario("f", "float64", (ROWS,), {}, ROWS))


@pytest.mark.parametrize(
    ("args", "y_bar", "valid", "reason"),
    [
        ((np.array([1.0, np.inf]),), np.ones(2), True, "the arguments are not finite"),
        (
            (np.array([1.0, np.nan], dtype=ml_dtypes.bfloat16),),
            np.ones(2),
            True,
            "the arguments are not finite",
        ),
        ((np.array([1, 2]),), np.ones(2), True, "no argument can be moved"),
        ((np.ones(2),), np.array([1.0, np.nan]), True, "the cotangent is not finite"),
        ((np.ones(2),), np.ones(0), False, "the scenario is invalid on purpose"),
    ],
)
def test_what_cannot_be_differentiated_is_refused_with_a_reason(
    args: Any, y_bar: Array, valid: bool, reason: str
) -> None:
    problem = Scenario("f", "float64", args, {}, y_bar, valid=valid)
    assert FiniteDifferences(RELU).supports(problem) == reason
    assert FiniteDifferences(RELU).judge(problem).verdict is Verdict.INCONCLUSIVE
