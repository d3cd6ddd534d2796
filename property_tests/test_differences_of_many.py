"""Finite differences of many entries, along random directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from comparators.finite_differences import FiniteDifferences
from gradassay.vocabulary import Array, Scenario, Verdict
from property_tests.differentiated import (
    RELU,
    SQRT,
    changed,
    elementwise,
    judge,
    scenario,
    sigmoid,
)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SIGMOID = elementwise(sigmoid, lambda x: sigmoid(x) * sigmoid(-x))


def test_many_entries_of_many_magnitudes_are_not_wrong_along_directions() -> None:
    x = np.tile([1.48e-1, 2.69e23, 2.41e-12, 1.65e10], 30)
    assert judge(SQRT, x).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


N = 30_000
MANY = np.random.default_rng(2).normal(size=N)


def test_many_entries_agree_along_directions_and_the_chance_of_a_miss_is_stated() -> None:
    finding = judge(SIGMOID, MANY)
    assert finding.verdict is Verdict.AGREES
    assert "at most 2^-16 = 1.5e-05" in finding.sentence


def test_a_gradient_of_zeros_is_wrong_at_a_size_where_fast_checkers_pass_it() -> None:
    assert judge(changed(SIGMOID, np.zeros_like), MANY).verdict is Verdict.WRONG


@pytest.mark.parametrize("entry", [0, 4321, N - 1])
@pytest.mark.parametrize("bug", [lambda v: v * (1 + 1e-3), lambda v: 0.0, lambda v: np.nan, lambda v: np.inf])
def test_one_wrong_entry_of_many_is_found_and_pointed_out(entry: int, bug: Callable[[float], float]) -> None:
    def change(x_bar: Array) -> Array:
        x_bar[entry] = bug(x_bar[entry])
        return x_bar

    finding = judge(changed(SIGMOID, change), MANY)
    assert finding.verdict is Verdict.WRONG
    assert (finding.path, finding.index) == ("x_bar[0]", (entry,))


def test_equal_errors_of_two_entries_are_found() -> None:
    def change(x_bar: Array) -> Array:
        x_bar[10] += 1e-3
        x_bar[20] -= 1e-3
        return x_bar

    finding = judge(changed(SIGMOID, change), MANY)
    assert finding.verdict is Verdict.WRONG
    assert finding.index in ((10,), (20,))


def test_relu_of_many_entries_agrees_although_some_are_close_to_the_kink() -> None:
    assert judge(RELU, MANY).verdict is Verdict.AGREES
    assert judge(RELU, np.where(MANY > 0, MANY, 0)).verdict is Verdict.INCONCLUSIVE


def test_one_scenario_gives_one_finding() -> None:
    problem = scenario(SIGMOID, MANY[:100])
    assert FiniteDifferences(SIGMOID).judge(problem) == FiniteDifferences(SIGMOID).judge(problem)


def test_products_that_overflow_accuse_nobody() -> None:
    """Gradients of ordinary size, steps as large as the arguments: <x_bar, v> is no number."""
    x = np.where(np.arange(300) % 2, 1.5e308, -1.5e308).reshape(3, 100)

    def halved(x: Array) -> Any:
        return x / 2, lambda y_bar: y_bar / 2

    scenario = Scenario("halved", "float64", (x,), {}, np.full(x.shape, 4.0))
    found = FiniteDifferences(halved).judge(scenario)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "leaves the domain" in found.sentence


def test_infinite_gradients_of_both_signs_are_no_crash() -> None:
    """Of two arguments one has the gradient +inf and the other -inf: their sum is no number."""

    def poles(x: Array, z: Array) -> Any:
        return x + z, lambda y_bar: (np.full(x.shape, np.inf), np.full(z.shape, -np.inf))

    x = np.linspace(1.0, 2.0, 300)
    scenario = Scenario("poles", "float64", (x, x.copy()), {}, np.ones(300), differentiable=(0, 1))
    assert FiniteDifferences(poles).judge(scenario).verdict is Verdict.WRONG
