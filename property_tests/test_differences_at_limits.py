"""Finite differences where little can be told: at kinks, beside poles, of oscillations, in narrow formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.vocabulary import Array, Rule, Verdict
from property_tests.differentiated import (
    RELU,
    ROWS,
    SQRT,
    changed,
    elementwise,
    judge,
    seeds,
    softmax,
)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

ABS = elementwise(np.abs, np.sign)
CLIP = elementwise(lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1).astype(np.float64))


@pytest.mark.parametrize(
    ("rule", "x", "entries"),
    [
        (RELU, [1.0, 0.0, -2.0], "2 of 3"),
        (RELU, [0.0, -0.0], "0 of 2"),
        (ABS, [0.0, 1.0], "1 of 2"),
        (CLIP, [0.5, 1.0, -1.0], "1 of 3"),
        (CLIP, [1 - 1e-12], "0 of 1"),
        (elementwise(np.round, np.zeros_like), [0.5, 0.2], "1 of 2"),
    ],
)
def test_a_kink_is_inconclusive_and_named_and_its_neighbours_are_judged(
    rule: Rule, x: Any, entries: str
) -> None:
    finding = judge(rule, x)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.sentence.startswith(f"{entries} entries agree")
    assert finding.sentence.endswith("kink")


def test_a_tie_of_the_maximum_is_a_kink_and_a_near_tie_is_none() -> None:
    def first(x: Array) -> tuple[Any, Callable[[Any], Array]]:
        return x.max(), lambda y_bar: y_bar * (np.arange(x.size) == x.argmax())

    assert judge(first, [1.0, 3.0, 3.0]).sentence.startswith("1 of 3")
    assert judge(first, [1.0, 3.0, 3.0001]).verdict is Verdict.AGREES


def test_a_kink_of_one_output_cannot_hide_behind_that_of_another() -> None:
    def both(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        y = np.array([max(x[0], x[1]), max(x[0], x[2])])
        return y, lambda y_bar: np.array([y_bar[0], 0.0, y_bar[1]])

    # Along x[0] the two kinks cancel under (1, -1), yet a convention may well say 1 - 0.
    assert judge(both, [2.0, 2.0, 2.0], y_bar=[1.0, -1.0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-9, 1e-300])
@pytest.mark.parametrize("sign", [1, -1])
def test_beside_a_kink_it_tells(distance: float, sign: int) -> None:
    assert judge(RELU, [sign * distance]).verdict is Verdict.AGREES
    assert judge(changed(RELU, lambda x_bar: x_bar + 1), [sign * distance]).verdict is Verdict.WRONG


def test_a_step_function_with_an_identity_for_gradient_is_wrong() -> None:
    assert judge(elementwise(np.round, np.ones_like), [0.2, 0.4]).verdict is Verdict.WRONG


LOG = elementwise(np.log, lambda x: 1 / x)


@pytest.mark.parametrize("x", [1e-300, 1e-30, 1e-3, 1.0, 1e300])
def test_log_agrees_down_to_its_edge(x: float) -> None:
    assert judge(LOG, [x]).verdict is Verdict.AGREES
    assert judge(changed(LOG, lambda x_bar: x_bar * (1 + 1e-5)), [x]).verdict is Verdict.WRONG


@pytest.mark.parametrize("x", [[1e-20, 1e20], [1e-300, 1e200], [1e-300, 1.0], [1e-20, 1e20, 1.0]])
def test_a_large_neighbour_does_not_make_a_right_gradient_at_a_small_entry_wrong(x: list[float]) -> None:
    assert judge(SQRT, x).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)
    assert judge(changed(SQRT, np.negative), x).verdict is Verdict.WRONG


@pytest.mark.parametrize("amplitude", [1.0, 1e-3, 1e-6, 1e-10])
@given(seed=seeds, exponent=st.floats(2, 14))
def test_an_oscillation_below_the_steps_never_makes_a_right_gradient_wrong(
    amplitude: float, seed: int, exponent: float
) -> None:
    rate = 10.0**exponent
    rule = elementwise(
        lambda x: x + amplitude * np.sin(rate * x), lambda x: 1 + amplitude * rate * np.cos(rate * x)
    )
    finding = judge(rule, np.random.default_rng(seed).normal(size=4))
    assert finding.verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


def test_the_aliases_of_periods_are_withdrawn_with_a_reason() -> None:
    rate = 2 * np.pi * 2.0**12
    rule = elementwise(lambda x: np.sin(rate * x), lambda x: rate * np.cos(rate * x))
    finding = judge(rule, ROWS)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "cannot be told" in finding.sentence


@pytest.mark.parametrize("many", [1, 100])
def test_the_output_of_a_large_entry_does_not_hide_an_error_at_a_small_one(many: int) -> None:
    rule = elementwise(lambda x: x**20, lambda x: 20 * x**19 + 0.01)
    assert judge(rule, [0.5] * many + [10.0]).verdict is Verdict.INCONCLUSIVE
    assert judge(rule, [0.5] * many).verdict is Verdict.WRONG


def test_outside_the_domain_nothing_is_told() -> None:
    assert "leaves the domain" in judge(LOG, [0.0, 1.0]).sentence
    assert judge(elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x)), [0.0]).verdict is Verdict.INCONCLUSIVE
    assert judge(elementwise(np.sqrt, np.zeros_like), [0.0]).verdict is Verdict.INCONCLUSIVE


def test_a_rule_that_refuses_arguments_outside_its_domain_is_differentiated_from_inside() -> None:
    def guarded(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        if (x < 0).any():
            raise ValueError("negative")
        return x**2.5, lambda y_bar: y_bar * 2.5 * x**1.5

    assert judge(guarded, [0.0, 1.0]).verdict is Verdict.AGREES
    assert judge(changed(guarded, lambda x_bar: x_bar + 1), [0.0, 1.0]).verdict is Verdict.WRONG


def test_large_logits_agree_and_an_overflowing_forward_is_not_judged() -> None:
    def naive(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        return np.exp(x) / np.exp(x).sum(), lambda y_bar: y_bar

    assert judge(softmax, ROWS * 1000).verdict is Verdict.AGREES
    assert judge(softmax, [[1000.0, 1000.5, 999.0]]).verdict is Verdict.AGREES
    assert judge(naive, [1000.0, 0.0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_narrow_arguments_are_cast_up(dtype: Any) -> None:
    assert judge(softmax, ROWS.astype(dtype)).verdict is Verdict.AGREES


@pytest.mark.parametrize("inside", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("outside", [np.float64, None])
@given(seed=seeds)
def test_a_right_gradient_of_a_forward_in_a_narrow_format_is_never_wrong(
    inside: Any, outside: Any, seed: int
) -> None:
    def forward(x: Array) -> Array:
        return np.asarray(np.sin(x.astype(inside)).astype(outside or inside))

    finding = judge(elementwise(forward, np.cos), np.random.default_rng(seed).normal(size=5))
    assert finding.verdict in (Verdict.INCONCLUSIVE, Verdict.AGREES)


def test_a_wrong_sign_shows_through_the_noise_of_float32() -> None:
    rule = elementwise(lambda x: np.sin(x.astype(np.float32)), lambda x: -np.cos(x))
    assert judge(rule, ROWS).verdict is Verdict.WRONG
    right = elementwise(lambda x: np.sin(x.astype(np.float32)), np.cos)
    assert judge(right, ROWS).verdict is Verdict.INCONCLUSIVE


def loss(x: Array) -> tuple[Any, Callable[[Any], Array]]:
    """Cross entropy of logits with label 0."""
    shifted = x - x.max()
    y = np.log(np.exp(shifted).sum()) - shifted[0]
    return y, lambda y_bar: y_bar * (softmax(x)[0] - (np.arange(x.size) == 0))


@pytest.mark.parametrize("gap", [5.0, 30.0, 36.0, 40.0, 100.0, 700.0])
def test_a_saturated_loss_whose_slope_is_lost_in_rounding_is_not_wrong(gap: float) -> None:
    assert judge(loss, [gap, 0.0, -1.0]).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)
    assert judge(changed(loss, lambda x_bar: x_bar + 1e-3), [gap, 0.0, -1.0]).verdict is not Verdict.AGREES


def test_what_a_huge_argument_absorbs_is_not_wrong() -> None:
    def total(x: Array) -> tuple[Any, Callable[[Any], Array]]:
        return x.sum(), lambda y_bar: np.full(x.shape, y_bar)

    assert judge(total, [1e300, 1.0, -1e300]).verdict is Verdict.INCONCLUSIVE
