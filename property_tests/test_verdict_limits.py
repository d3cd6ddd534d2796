"""Where one verdict ends and the next begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Verdict
from property_tests.exact.oracle import scenario
from property_tests.planted_rules import (
    AT_KINK,
    changes_its_argument,
    found,
    pointwise,
    relu,
    renormalised_cross_entropy,
)


@pytest.mark.parametrize("at_zero", [2.0, -1.0, 1e6])
def test_what_is_no_subgradient_is_not_one(at_zero: float) -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, at_zero, x > 0))
    assert found(rule, relu, AT_KINK).verdict is not Verdict.SUBGRADIENT


def test_a_wrong_primal_at_a_kink_is_wrong() -> None:
    assert found(pointwise(lambda x: relu(x) + 1, lambda x: x > 0), relu, AT_KINK).verdict is Verdict.WRONG


@pytest.mark.parametrize("wrong", [2.0, -1.0, np.nan])
def test_at_a_kink_what_lies_outside_of_the_set_fails(wrong: float) -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, wrong, x > 0))
    assert found(rule, relu, AT_KINK).verdict.fails


def test_an_entry_away_from_the_kink_is_judged_beside_it() -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, 0, 7 * (x > 0)))
    assert found(rule, relu, AT_KINK).verdict.fails


def test_a_convention_does_not_excuse_what_it_does_not_equal() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = scenario(np.array([[0.2, 0.3, 0.5]]), np.array([2]), y_bar=2.0)

    def off(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
        y, pullback = renormalised_cross_entropy(p, labels, reduction=reduction)
        return y, lambda y_bar: pullback(y_bar) * 1.001

    assert found(off, operation.definition, given, operation.conventions).verdict is Verdict.WRONG


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_number_in_place_of_infinity_is_no_rounding_error(dtype: str) -> None:
    clipped = pointwise(
        lambda x: np.log(np.maximum(x, x.dtype.type(1e-7))), lambda x: np.where(x > 0, 1, np.inf)
    )
    finding = found(clipped, np.log, scenario(np.zeros(1, dtype), y_bar=np.ones(1, dtype)))
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, "the primal")


def test_an_overflow_is_no_convention_whose_value_is_merely_larger() -> None:
    operation = OPERATIONS["mean_squared_error"]
    y, t = np.full(4, 1e154), np.zeros(4)
    given = scenario(y, t, y_bar=0.0)

    def of_the_sum(y: Array, t: Array) -> Any:
        d = y - t
        with np.errstate(over="ignore"):
            return np.sum(d * d) / d.size, lambda l_bar: (l_bar * d, -l_bar * d)

    finding = found(of_the_sum, operation.definition, given, operation.conventions)
    assert (finding.verdict, finding.cause) == (Verdict.NONFINITE, "infinity in the primal")


def test_undefined_entries_do_not_excuse_the_others() -> None:
    def definition(x: Any) -> Any:
        return x - x * 0

    rule = pointwise(lambda x: np.where(np.isinf(x), np.nan, 2 * x), np.ones_like)
    finding = found(rule, definition, scenario(np.array([np.inf, 1.0]), y_bar=np.ones(2)))
    assert finding.verdict is Verdict.WRONG


def test_writing_to_a_read_only_argument_is_impure() -> None:
    x = np.array([0.5])
    given = scenario(x, y_bar=np.ones(1))
    given.args[0].flags.writeable = False
    finding = found(changes_its_argument, np.exp, replace(given, layout="read_only"))
    assert finding.verdict is Verdict.IMPURE


def test_raises_in_the_pullback() -> None:
    def rule(x: Array) -> Any:
        return np.exp(x), lambda y_bar: y_bar[5]

    assert found(rule, np.exp, scenario(np.ones(2), y_bar=np.ones(2))).verdict is Verdict.RAISES


def test_raises_is_also_what_accepts_an_invalid_input() -> None:
    operation = OPERATIONS["softmax_cross_entropy"]
    given = scenario(np.zeros((1, 2)), np.array([7]), y_bar=np.zeros(0))
    given = replace(given, valid=False)

    def accepting(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
        return operation.rule(x, np.clip(labels, 0, 1), reduction=reduction)

    finding = found(accepting, operation.definition, given)
    assert (finding.verdict, finding.cause) == (Verdict.RAISES, "no exception on an invalid input")
    assert found(operation.rule, operation.definition, given).verdict is Verdict.AGREES


def test_the_gradient_that_is_wrong_among_several_is_named() -> None:
    def rule(a: Array, b: Array) -> Any:
        return a * b, lambda y_bar: (y_bar * b, y_bar * b)

    finding = found(rule, lambda a, b: a * b, scenario(np.array([2.0]), np.array([3.0]), y_bar=np.ones(1)))
    assert finding.example is not None
    assert (finding.example.path, finding.example.index) == ("x_bar[1]", (0,))
    assert (finding.example.expected, finding.example.got) == (2.0, 3.0)


def test_numbers_come_after_purity_and_structure() -> None:
    def wrong_and_impure(x: Array) -> Any:
        x[...] = 1
        return np.exp(x) * 2, lambda y_bar: y_bar

    assert found(wrong_and_impure, np.exp, scenario(np.zeros(2), y_bar=np.ones(2))).verdict is Verdict.IMPURE


def test_what_no_truth_decides_shows_the_entry() -> None:
    """One unit in the last place too much is so near to the budget here that no truth is narrow enough to part them."""

    def rule(x: Array) -> Any:
        return x / 3, lambda y_bar: np.nextafter(y_bar / 3, 1)

    given = scenario(np.array([1.0]), y_bar=np.array([0.9999465942382812]))
    finding = found(rule, lambda x: x / 3, given)
    assert (finding.verdict, finding.cause) == (Verdict.INCONCLUSIVE, "at the edge of the budget")
    assert finding.example is not None
    assert finding.example.path == "x_bar"
    assert "x_bar[0] is 0.33331553141276" in finding.sentence
