"""Shrinking: what comes out still shows the same, is small, and is found in few calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from statistics import median

import numpy as np
import pytest

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.formats import is_floating
from gradassay.orders import operation_of
from gradassay.question import Question
from gradassay.second_order import pullback_operation
from gradassay.verdicts import judge
from gradassay.vocabulary import Operation, Scenario
from gradassay.why.shrinking import STEPS, shrink
from gradassay.why.shrinking.parts import refusal
from property_tests.strategies import draw_scenarios
from reference_impls.defects import DEFECTS

Judged = Callable[[Scenario], Finding]

#: Entries of a scenario that is judged again and again.
MOST = 2000

#: Those that are written by hand; operators make more of the same, and some that nobody can show twice.
WRITTEN = [name for name, defect in DEFECTS.items() if not defect.source.startswith("operator")]


@cache
def drawn(operation: str) -> tuple[Scenario, ...]:
    return tuple(draw_scenarios(OPERATIONS[operation], dtype="float64", examples=40, seed=0)) + tuple(
        draw_scenarios(OPERATIONS[operation], dtype="float32", examples=40, seed=0)
    )


def entries(scenario: Scenario) -> int:
    return sum(x.size for x in scenario.args)


def judging(operation: Operation, name: str) -> Judged:
    comparator = RuleComparator(name, DEFECTS[name].rule)
    return lambda scenario: judge(
        Question(scenario, Exact(operation.definition), operation.conventions), comparator
    )


def largest_failing(name: str) -> tuple[Scenario, Finding, Judged] | None:
    """The hardest start: the scenario with the most entries on which a defect gets the verdict that names it."""
    defect = DEFECTS[name]
    judged = judging(OPERATIONS[defect.operation], name)
    supports = RuleComparator(name, defect.rule).supports
    for scenario in sorted(drawn(defect.operation), key=entries, reverse=True):
        if entries(scenario) <= MOST and not supports(scenario):
            found = judged(scenario)
            if found.verdict is defect.verdict:
                return scenario, found, judged
    return None


@cache
def shrunk(name: str) -> tuple[Scenario, Scenario, Finding, Finding, int] | None:
    """(before, after, found before, found after, calls) of a defect; None where these few scenarios miss it."""
    start = largest_failing(name)
    if start is None:
        return None
    scenario, found, judged = start
    calls = 0

    def same(candidate: Scenario) -> bool:
        nonlocal calls
        calls += 1
        now = judged(candidate)
        return (now.verdict, now.cause) == (found.verdict, found.cause)

    after = shrink(scenario, same, OPERATIONS[scenario.operation].definition)
    return scenario, after, found, judged(after), calls


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_left_of_a_scenario_shows_the_same_and_is_never_larger(name: str) -> None:
    result = shrunk(name)
    if result is None:
        pytest.skip("80 scenarios do not show it")
    before, after, found, found_after, calls = result
    assert (found_after.verdict, found_after.cause) == (found.verdict, found.cause)
    assert entries(after) <= entries(before)
    assert calls <= STEPS
    assert [x.dtype for x in after.args] == [x.dtype for x in before.args]
    assert (after.dtype, after.valid, after.differentiable) == (
        before.dtype,
        before.valid,
        before.differentiable,
    )
    definition = OPERATIONS[before.operation].definition
    assert refusal(after, definition) == refusal(before, definition)


def test_the_median_of_all_written_defects_has_at_most_four_entries() -> None:
    results = [result for result in map(shrunk, WRITTEN) if result is not None]
    assert len(results) > 0.9 * len(WRITTEN)
    assert median(entries(before) for before, *_ in results) > 100
    assert median(entries(after) for _, after, *_ in results) <= 4
    assert median(calls for *_, calls in results) <= STEPS / 3


def a_scenario(operation: str, seed: int = 3, **wanted: object) -> Scenario:
    inner = OPERATIONS[operation_of(operation)]
    drawn_from = inner if inner.name == operation else pullback_operation(inner)
    found = draw_scenarios(drawn_from, dtype="float64", examples=60, seed=seed)
    fitting = (s for s in found if all(getattr(s, name) == value for name, value in wanted.items()))
    return max((s for s in fitting if entries(s) <= MOST), key=entries)


def test_a_scenario_that_nothing_simpler_is_like_is_given_back() -> None:
    scenario = a_scenario("softmax", layout="reversed")
    assert shrink(scenario, lambda candidate: False, OPERATIONS["softmax"].definition) is scenario


def test_an_exception_while_judging_is_no_reason_to_stop_and_none_to_accept() -> None:
    def same(candidate: Scenario) -> bool:
        if candidate.args[0].size % 2:
            raise FloatingPointError
        return True

    scenario = Scenario(
        "softmax", "float64", (np.arange(12.0).reshape(2, 6),), {}, np.arange(12.0).reshape(2, 6)
    )
    after = shrink(scenario, same, OPERATIONS["softmax"].definition)
    assert after.args[0].size == 2


def test_no_more_calls_are_made_than_were_granted() -> None:
    calls: Iterator[int] = iter(range(7))
    scenario = a_scenario("affine")
    shrink(scenario, lambda candidate: next(calls) < 0, OPERATIONS["affine"].definition, steps=7)
    assert next(calls, None) is None


def test_the_layout_stays_where_it_matters_and_goes_where_it_does_not() -> None:
    scenario, definition = a_scenario("softmax", layout="read_only"), OPERATIONS["softmax"].definition
    kept = shrink(scenario, lambda candidate: not candidate.args[0].flags.writeable, definition)
    assert kept.layout == "read_only"
    assert not kept.args[0].flags.writeable
    assert shrink(scenario, lambda candidate: True, definition).layout == "C"


def test_who_writes_into_what_is_judged_does_not_change_what_is_found() -> None:
    def same(candidate: Scenario) -> bool:
        seen = candidate.args[0].copy()
        candidate.args[0][...] = 7
        return bool((seen == 3).any())

    scenario = Scenario("exp", "float64", (np.array([1.5, 3.0, 2.0]),), {}, np.array([1.0, 2.0, 3.0]))
    assert shrink(scenario, same, OPERATIONS["exp"].definition).args[0].tolist() == 3.0


def test_a_label_keeps_pointing_to_its_class_when_other_classes_go() -> None:
    x = np.array([[5.0, 6.0, 7.0, 8.0]])
    scenario = Scenario("softmax_cross_entropy", "float64", (x, np.array([3])), {}, np.ones(()))
    definition = OPERATIONS["softmax_cross_entropy"].definition
    after = shrink(scenario, lambda s: bool(s.args[0].flat[s.args[1].flat[0]] == 8), definition)
    assert after.args[0].ravel().tolist() == [8.0]
    assert after.args[1].ravel().tolist() == [0]


def test_arguments_of_one_shape_lose_entries_together() -> None:
    y, t = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    shapes = []
    scenario = Scenario("mean_squared_error", "float64", (y, t), {}, np.ones(()), (0, 1))

    def same(candidate: Scenario) -> bool:
        shapes.append((candidate.args[0].shape, candidate.args[1].shape))
        return candidate.args[0].size > 1

    after = shrink(scenario, same, OPERATIONS["mean_squared_error"].definition)
    assert after.args[0].size == 2
    assert all(first == second for first, second in shapes)


def test_the_cotangent_of_an_invalid_scenario_is_cut_with_it() -> None:
    x, labels = np.arange(12.0).reshape(6, 2), np.array([0, 1, -100, 1, 0, 1])
    params = {"reduction": "none"}
    scenario = Scenario("softmax_cross_entropy", "float64", (x, labels), params, np.ones(6), valid=False)
    definition = OPERATIONS["softmax_cross_entropy"].definition
    after = shrink(scenario, lambda s: -100 in s.args[1] and s.cotangent.shape == s.args[1].shape, definition)
    assert after.args[1].ravel().tolist() == [-100]
    assert after.cotangent.shape == after.args[1].shape
    assert not after.valid


def test_an_index_into_what_is_left_stays_an_index_into_it() -> None:
    y_bar = np.array([1.0, 2.0, 4.0])
    params = {"index": np.array([4, 1, 4]), "shape": (5,)}
    scenario = Scenario("get_item_grad", "float64", (y_bar,), params, np.arange(5.0))
    definition = OPERATIONS["get_item_grad"].definition
    after = shrink(scenario, lambda s: bool(definition(*s.args, **s.params).max() == 5), definition)
    index = np.asarray(after.params["index"])
    assert after.args[0].shape == index.shape == (2,)
    assert after.params["shape"] == (1,)
    assert index.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["softmax", "affine", "get_item", "get_item_grad", "softmax_cross_entropy"])
def test_a_pullback_shrinks_with_its_cotangent(name: str) -> None:
    operation = pullback_operation(OPERATIONS[name])
    scenario = a_scenario(operation.name)
    after = shrink(scenario, lambda candidate: True, operation.definition)
    assert refusal(after, operation.definition) == ""
    assert entries(after) < entries(scenario)
    assert after.cotangent.shape == np.shape(operation.definition(*after.args, **after.params))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_every_dtype_stays_what_it_is(dtype: str) -> None:
    (scenario,) = draw_scenarios(OPERATIONS["softmax"], dtype=dtype, examples=1, seed=5)
    after = shrink(scenario, lambda candidate: True, OPERATIONS["softmax"].definition)
    assert {after.args[0].dtype, after.cotangent.dtype} == {scenario.args[0].dtype}
    assert is_floating(after.args[0].dtype)


def test_shrinking_is_deterministic() -> None:
    scenario, definition = a_scenario("cross_entropy"), OPERATIONS["cross_entropy"].definition

    def once() -> list[bytes]:
        after = shrink(scenario, lambda s: bool((s.args[0].astype(float) > 0).any()), definition)
        return [x.tobytes() for x in (*after.args, after.cotangent)]

    assert once() == once()
