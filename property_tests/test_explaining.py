"""Rows are explained from their cases: what belongs together, what separates it, and the smallest example."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pytest

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.explaining import explain
from gradassay.findings import Finding
from gradassay.vocabulary import Array, Condition, Discrepancy, Example, Rule, Scenario, Verdict
from gradassay.why.cases import Case, Judge
from gradassay.why.rows import Explainer
from reports.registry import reporter
from reports.results_json import document
from reports.showing import reasons


def changed(operation: str, change: Callable[[Array, Array], Array]) -> Rule:
    """The catalogue's rule with ``change(x_bar, x)`` in the place of its gradient."""

    def rule(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar), args[0])

    return rule


def failing(rule: Rule, operation: str) -> list[Discrepancy]:
    report = gradassay.verify(rule, like=operation, dtypes=("float64",), examples=120)
    return [found for found in report.discrepancies if found.verdict.fails]


def test_a_condition_counts_precision_and_recall() -> None:
    condition = Condition("tie along the axis", hits=3, met=4, count=6, judged=20)
    assert (condition.precision, condition.recall) == (0.75, 0.5)
    assert str(condition) == "tie along the axis: in 3 of 4 scenarios with it, in 3 of 16 without"


def test_a_relation_that_holds_in_all_scenarios_is_the_cause() -> None:
    found = failing(changed("tanh", lambda x_bar, x: 2 * x_bar), "tanh")[0]
    assert (found.verdict, found.cause, found.found) == (Verdict.WRONG, "factor 2", "the gradient")
    assert "the gradient is 2 times the truth" in found.remarks
    assert found.example.scenario.args[0].size == 1


def test_a_factor_is_the_cause_at_a_tie_as_well() -> None:
    found = failing(changed("max", lambda x_bar, x: 3 * x_bar), "max")
    assert {each.cause for each in found} == {"factor 3"}


def test_a_condition_separates_what_fails_from_what_passes() -> None:
    rule = changed("relu", lambda x_bar, x: np.where(x < -12, x_bar + 1, x_bar))
    found = max(failing(rule, "relu"), key=lambda each: each.count)
    assert found.condition is not None
    assert found.condition.precision == found.condition.recall == 1
    assert found.example.scenario.args[0].min() < -12
    assert found.example.scenario.args[0].size == 1


def test_a_law_that_is_broken_is_part_of_the_explanation() -> None:
    found = failing(changed("softmax", lambda x_bar, x: x_bar + np.abs(x_bar)), "softmax")
    assert any("does not sum to 0 along the axis" in line for each in found for line in each.remarks)


def test_the_example_is_smaller_than_what_was_drawn_and_shows_the_same() -> None:
    rule = changed("softmax_cross_entropy", lambda x_bar, x: -x_bar)
    (found,) = [each for each in failing(rule, "softmax_cross_entropy") if each.cause == "wrong sign"]
    scenario = found.example.scenario
    assert sum(x.size for x in scenario.args) <= 4
    assert scenario.layout == "C"
    again = gradassay.verify(
        rule,
        like="softmax_cross_entropy",
        inputs=[scenario.args],
        params=scenario.params,
        dtypes=("float64",),
    )
    assert not again.ok


def test_a_rule_that_depends_on_earlier_calls_keeps_the_example_that_was_drawn() -> None:
    calls = []

    def rule(x: Array) -> Any:
        calls.append(x)
        y, pullback = OPERATIONS["tanh"].rule(x)
        return y, lambda y_bar: pullback(y_bar) * x.dtype.type(1 + (len(calls) > 40 and len(calls) < 60))

    assert failing(rule, "tanh")


def test_what_a_rule_shares_is_a_remark_and_no_failure() -> None:
    def sharing(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
        y, pullback = OPERATIONS["sum"].rule(x, axis=axis, keepdims=keepdims)
        return y, pullback

    def handing_on(x: Array) -> Any:
        return x.copy() if x.shape else x, lambda y_bar: y_bar

    report = gradassay.verify(handing_on, definition=lambda x: x * 1.0, inputs=[(np.arange(3.0),)])
    assert report.ok
    assert any("cotangent" in remark for row in report.rows for remark in row.remarks)
    assert not any(row.remarks for row in gradassay.verify(sharing, like="sum", examples=30).rows)


def case(cause: str, verdict: Verdict, *, alternative: bool = False) -> Case:
    x = np.ones(2)
    scenario = Scenario("tanh", "float64", (x,), {}, x)
    example = Example(scenario, "x_bar", (0,), 1.0, 2.0, 0.1)
    names = (cause, cause) if alternative else None
    return Case(scenario, Finding(verdict, cause, "", example, alternative=names))


@pytest.mark.parametrize(("fits", "kept"), [(3, True), (1, False)])
def test_an_alternative_that_fits_fewer_scenarios_than_it_leaves_wrong_is_none(fits: int, kept: bool) -> None:
    cases = [case("half", Verdict.CONVENTION, alternative=True)] * fits + [
        case("the gradient", Verdict.WRONG)
    ] * 2

    class Calling:
        quick: Judge

        def __init__(self) -> None:
            self.quick = self

        def __call__(self, scenario: Scenario, question: Any = None) -> Case:
            return case("the gradient", Verdict.WRONG)

    explained = Explainer("tanh", Calling(), np.tanh).explained(cases)
    assert ("half" in {group.cause for group in explained.groups}) is kept
    assert sum(group.count for group in explained.groups) == len(cases)


def test_a_convention_is_one_where_it_equals_the_definition_as_well() -> None:
    def of_two(x: Array) -> Any:
        y = np.exp2(x)
        return y, lambda y_bar: (y_bar * y * np.log(2)).astype(x.dtype)

    points = [(np.array(value),) for value in (0.0, 1e-20, 0.5, -2.0)]
    (found,) = gradassay.verify(of_two, like="exp", inputs=points, dtypes=("float64",)).discrepancies
    assert (found.verdict, found.cause, found.count) == (Verdict.CONVENTION, "base 2", 4)


def test_a_convention_of_the_gradient_alone_is_none_where_both_primals_are_equal() -> None:
    def backward_alone(x: Array) -> Any:
        y, _ = OPERATIONS["sigmoid"].rule(x)
        return y, lambda y_bar: (y_bar * (np.abs(x) < 3) / 6).astype(x.dtype)

    found = gradassay.verify(backward_alone, like="sigmoid", dtypes=("float16",)).discrepancies
    assert not any(each.verdict is Verdict.CONVENTION for each in found)
    assert found[0].cause == "gradient hard, of slope 1/6, primal not"


def test_nan_for_nan_is_no_convention() -> None:
    def plain(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
        chosen = 1.0 * (np.arange(p.shape[-1]) == labels)
        return -(chosen * np.log(p)).sum(), lambda y_bar: (-y_bar * chosen / p).astype(p.dtype)

    given = [(np.array([0.0, np.nan]), np.array(0))]
    (found,) = gradassay.verify(plain, like="cross_entropy", inputs=given, dtypes=("float64",)).discrepancies
    assert found.verdict is Verdict.NONFINITE


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_takes_subnormal_arguments_for_0_flushes_them(dtype: str) -> None:
    def flushing(x: Array, *, axis: Any = None, keepdims: bool = False) -> Any:
        tiny = np.finfo(x.dtype).tiny
        seen = np.where(np.abs(x) < tiny, x.dtype.type(0), x)
        return OPERATIONS["max"].rule(seen, axis=axis, keepdims=keepdims)

    given = [(np.array([0.0, -np.finfo(dtype).tiny / 2]),)]
    (found,) = gradassay.verify(flushing, like="max", inputs=given, dtypes=(dtype,)).discrepancies
    assert (found.verdict, found.cause) == (Verdict.IMPRECISE, "flush to zero")


@pytest.fixture(scope="module")
def explained() -> Any:
    return explain("max", of=["numpy", "torch"], dtypes=["float64"], examples=60)


def test_everybody_answers_on_each_example(explained: Any) -> None:
    found = [each for row in explained.rows for each in row.discrepancies]
    assert found
    for each in found:
        assert each.beside.answers[0].source == "truth"
        assert "numpy" in {answer.source for answer in each.beside.answers}


def test_an_explanation_shows_the_example_as_code_the_answers_and_the_condition(explained: Any) -> None:
    stream = StringIO()
    reporter("explanation").write(explained, stream)
    text = stream.getvalue()
    for row in explained.rows:
        for found in row.discrepancies:
            assert found.reproduce in text
            assert found.cause in text
            assert all(line.split(":")[0] in text for line in reasons(found))
    assert "import numpy as np" in text
    assert "truth" in text


def test_results_json_tells_conditions_and_answers(explained: Any) -> None:
    rows = json.loads(json.dumps(document(explained), allow_nan=False))["rows"]
    told = [found for row in rows for found in row["discrepancies"]]
    assert any(found["condition"] and found["condition"]["precision"] <= 1 for found in told)
    assert all(found["answers"][0]["source"] == "truth" for found in told)
    assert all("found" in found and "remarks" in found for found in told)
