"""Laws of the second order: pullbacks as operations, reverse mode over itself, and forward mode beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparators import registry
from comparators.exact import Exact
from comparators.interface import evaluate_rule
from gradassay import verify
from gradassay.catalogue import OPERATIONS
from gradassay.engine import compare
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.orders import is_name, operation_of, order_of, pullback_name
from gradassay.second_order import apart, joined, pullback_operation
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from property_tests.strategies import draw_scenarios


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_pullback_of_every_operation_is_right_to_second_order(name: str) -> None:
    run = compare([name], implementations=["numpy"], examples=40, seed=5, order=2)
    assert [row.operation for row in run.rows] == [f"grad({name})"] * len(FORMATS)
    assert not run.failing, [d.message for row in run.failing for d in row.discrepancies if d.verdict.fails]
    assert all(row.verdicts.get(Verdict.AGREES, 0) > 0 for row in run.rows)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        (name, operation_of(pullback))
        for name in registry.FORWARD
        for pullback in registry.operations(name, order=2)
    ],
)
def test_forward_and_reverse_mode_give_the_same_number(name: str, operation: str) -> None:
    """<y_bar, J x_dot> = <x_bar, x_dot>, up to what the budget permits in each of the two products."""
    if sentence := registry.missing(name, order=2):
        pytest.skip(sentence)
    comparator = registry.load(name, order=2)
    pullback = pullback_operation(OPERATIONS[operation])
    held = 0
    for scenario in draw_scenarios(pullback, dtype="float64", examples=14, seed=6):
        if comparator.supports(scenario) is not None:
            continue
        evaluation, truth = comparator.evaluate(scenario), Exact(pullback.definition).evaluate(scenario)
        if truth is None or evaluation.error or evaluation.primal is None or truth.extremes:
            continue
        x_bar, y_dot = evaluation.primal, evaluation.gradients[-1]
        y_bar, x_dot = scenario.args[-1], scenario.cotangent
        left, allowed_left = _dot(y_bar, y_dot, truth.gradients[-1].budget)
        right, allowed_right = _dot(x_dot, x_bar, truth.primal.budget)
        if not np.isfinite([left, right, allowed_left, allowed_right]).all():
            continue
        if _agrees(x_bar, truth.primal) and _agrees(y_dot, truth.gradients[-1]):
            assert abs(left - right) <= allowed_left + allowed_right, scenario
            held += 1
    assert held >= 3


def _dot(v: Array, z: Any, budget: Array) -> tuple[float, float]:
    """The product in long double, and how far it may be off when z is off by its budget."""
    wide = np.asarray(v, np.longdouble)
    with np.errstate(invalid="ignore"):  # what is not finite is left out
        product = wide * np.asarray(z, np.longdouble)
        rounding = product.size * np.finfo(np.longdouble).eps * np.abs(product).sum()
        return float(product.sum()), float((np.abs(wide) * budget).sum() + rounding)


def _agrees(got: Any, truth: Any) -> bool:
    """Within the budget: what flushes subnormal numbers to zero is a finding of the report, not of this law."""
    with np.errstate(invalid="ignore"):  # inf - inf agrees with nothing
        return bool(np.all(np.abs(np.asarray(got, np.longdouble) - truth.mid) <= truth.budget + truth.rad))


def test_the_pullback_of_get_item_grad_is_get_item() -> None:
    y_bar, index = np.array([1.0, 2.0, 4.0]), np.array([0, 0, 2])
    x_bar_bar = np.array([3.0, 5.0, 7.0])
    rule: Any = OPERATIONS["get_item"].pullback_rule
    x_bar, pullback = rule(np.zeros(3), y_bar, index=index)
    np.testing.assert_array_equal(x_bar, [3.0, 0.0, 4.0])
    np.testing.assert_array_equal(pullback(x_bar_bar)[1], x_bar_bar[index])


def planted(rule: Rule) -> Rule:
    """The rule with a second derivative that forgets the argument."""

    def wrong(*args: Any, **params: Any) -> Any:
        x_bar, pullback = rule(*args, **params)

        def forgetful(g: Any) -> Any:
            x_bar2, *rest = pullback(g)
            return (np.zeros_like(x_bar2), *rest)

        return x_bar, forgetful

    return wrong


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "cross_entropy", "softmax_cross_entropy"])
def test_a_pullback_that_is_right_with_a_wrong_derivative_is_found(name: str) -> None:
    pullback = pullback_operation(OPERATIONS[name])
    wrong = planted(pullback.rule)
    found = 0
    for scenario in draw_scenarios(pullback, dtype="float64", examples=30, seed=7):
        truth = Exact(pullback.definition).evaluate(scenario)
        got = evaluate_rule(wrong, scenario)
        if truth is not None and got.gradients and _agrees(got.primal, truth.primal):
            found += not _agrees(got.gradients[0], truth.gradients[0])
    assert found >= 5


def test_several_gradients_are_one_vector_and_come_apart_again() -> None:
    arrays = (np.arange(6.0).reshape(2, 3), np.array(7.0), np.zeros((0, 2)))
    shapes = [array.shape for array in arrays]
    parts = apart(joined(arrays), shapes)
    assert all(np.array_equal(a, b) and a.shape == b.shape for a, b in zip(parts, arrays, strict=True))


def test_names_lead_from_an_operation_to_its_pullback_and_back() -> None:
    assert operation_of(pullback_name("get_item_grad")) == "get_item_grad"
    assert (order_of("get_item_grad"), order_of(pullback_name("get_item_grad"))) == (1, 2)


@pytest.mark.parametrize(
    "name", ["", "grad()", "grad(relu", "relu)", "grad(grad(relu))", "two words", "../relu", "relu\n", "é"]
)
def test_no_operation_can_be_called_so(name: str) -> None:
    assert all(is_name(known) and is_name(pullback_name(known)) for known in OPERATIONS)
    assert not is_name(name)


def test_forward_mode_and_other_orders_are_named_where_they_are_meant() -> None:
    with pytest.raises(UsageError, match=r"unknown implementation 'torch.forward'"):
        compare(["softmax"], implementations=["torch.forward"], examples=1)
    with pytest.raises(UsageError, match="order is 3"):
        compare(["softmax"], examples=1, order=3)


def test_a_scenario_of_second_order_carries_the_cotangent_as_its_last_argument() -> None:
    scenarios: list[Scenario] = draw_scenarios(
        pullback_operation(OPERATIONS["softmax_cross_entropy"]), dtype="float32", examples=30, seed=1
    )
    for scenario in scenarios:
        assert scenario.valid
        assert scenario.differentiable == (0, 2)
        assert scenario.cotangent.shape == scenario.args[0].shape
        assert scenario.args[-1].dtype == np.float32


@pytest.mark.parametrize("name", ["softmax", "affine", "softmax_regression"])
def test_a_pullback_of_ones_own_is_verified_like_the_catalogues(name: str) -> None:
    rule: Any = OPERATIONS[name].pullback_rule
    assert verify(rule, like=pullback_name(name), examples=40).ok
    assert not verify(planted(rule), like=pullback_name(name), examples=40).ok


def test_a_pullback_takes_inputs_of_ones_own_with_the_cotangent_last() -> None:
    rule: Any = OPERATIONS["softmax"].pullback_rule
    inputs = [(np.array([0.0, 1.0, 3.0]), np.array([1.0, -1.0, 0.5]))]
    report = verify(rule, like="grad(softmax)", inputs=inputs)
    assert report.ok
    assert not verify(planted(rule), like="grad(softmax)", inputs=inputs).ok


def test_a_pullback_of_nothing_known_is_named() -> None:
    with pytest.raises(UsageError, match=r"'softmx'.*did you mean 'softmax'"):
        verify(lambda x, y_bar: None, like="grad(softmx)")  # type: ignore[arg-type,return-value]
    for half in ("grad(softmax", "softmax)"):
        with pytest.raises(UsageError, match="unknown operation"):
            verify(lambda x, y_bar: None, like=half)  # type: ignore[arg-type,return-value]
