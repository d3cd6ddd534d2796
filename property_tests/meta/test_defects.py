"""Every defect of the zoo is found with the default settings, for what it is; every correct rule passes."""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pytest

import gradassay
from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.audit.ours import first_failure, leading
from gradassay.audit.scenarios import Drawn
from gradassay.catalogue import OPERATIONS
from gradassay.judging import AgainstTruth
from gradassay.question import Question
from gradassay.vocabulary import Array, Rule, Verdict
from gradassay.vocabulary.audit import Defect
from reference_impls.defects import DEFECTS
from reference_impls.defects.entry import defect, joined
from reference_impls.softmax import softmax

#: What has to be found in each dtype alone.
NAMED = (
    "softmax: times 1 + 2^-48",
    "softmax: a term missing",
    "softmax: cotangent dropped",
    "log_softmax: wrong below -12",
    "get_item: overwritten",
    "relu: overwrites the upstream gradient",
)
FAILING = {verdict for verdict in Verdict if verdict.fails}


def test_the_zoo_holds_every_kind_of_mistake_in_every_operation() -> None:
    assert len(DEFECTS) >= 120
    assert {one.operation for one in DEFECTS.values()} == set(OPERATIONS)
    assert {one.verdict for one in DEFECTS.values()} == FAILING


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_says_what_is_wrong_where_it_shows_and_where_it_is_from(name: str) -> None:
    one = DEFECTS[name]
    assert one.name == name
    assert name.startswith(f"{one.operation}: ")
    assert one.mistake
    assert one.shows
    assert one.source


def test_two_defects_have_two_names() -> None:
    twice = defect("softmax", "itself", softmax, Verdict.WRONG, mistake="none")
    with pytest.raises(ValueError, match="softmax: itself"):
        joined((twice,), (twice,))


@cache
def drawn(operation: str, seed: int) -> Drawn:
    return Drawn(operation, examples=100, seed=seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str, seed: int) -> None:
    one = DEFECTS[name]
    assert first_failure(one.rule, drawn(one.operation, seed)).found


@lru_cache(maxsize=1)
def asked(operation: str) -> list[Question]:
    """The scenarios with their truths, for one defect after the other.

    Without conventions, which cost ten times as much and excuse a scenario here and there.
    """
    return [Question(s, Exact(OPERATIONS[operation].definition), ()) for s in drawn(operation, 0).all]


def leading_verdict(one: Defect) -> Verdict | None:
    judge = AgainstTruth(RuleComparator(one.name, one.rule), OPERATIONS[one.operation].definition)
    cases = [judge(question.scenario, question) for question in asked(one.operation)]
    return leading(Counter(case.finding.verdict for case in cases if not isinstance(case, str)))


def test_most_defects_are_called_what_they_are() -> None:
    called = {name: leading_verdict(one) for name, one in DEFECTS.items()}
    others = {name: verdict for name, verdict in called.items() if verdict is not DEFECTS[name].verdict}
    assert len(others) <= 0.05 * len(DEFECTS), others


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMED)
def test_what_has_to_be_found_is_reported_in_each_dtype_alone(name: str, dtype: str) -> None:
    one = DEFECTS[name]
    report = gradassay.verify(one.rule, like=one.operation, dtypes=(dtype,))
    assert one.verdict in {found.verdict for found in report.discrepancies}
    with pytest.raises(AssertionError, match=one.operation):
        report.raise_if_failed()


def textbook_softmax(x: Array, *, axis: Any = -1) -> Any:
    p = softmax(x, axis=axis)[0]  # the textbook's has no value beside +inf
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


def textbook_get_item(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


@pytest.mark.parametrize(
    ("operation", "rule"), [("softmax", textbook_softmax), ("get_item", textbook_get_item)]
)
def test_a_textbook_rule_without_a_mistake_passes(operation: str, rule: Rule) -> None:
    report = gradassay.verify(rule, like=operation)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_correct_rule_passes_in_every_dtype(name: str) -> None:
    dtypes = ("float64", "float32", "float16", "bfloat16")
    report = gradassay.verify(OPERATIONS[name].rule, like=name, dtypes=dtypes, examples=100)
    assert report.ok, str(report)
    others = {d.verdict for d in report.discrepancies} - {Verdict.UNDEFINED, Verdict.SUBGRADIENT}
    assert not others, str(report)
    assert sum(row.scenarios for row in report.rows) == 400
