"""Gradassay as a checker among others: what ``gradassay.verify`` finds, scenario by scenario."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

from comparators.numpy_rules import RuleComparator
from gradassay.audit.scenarios import Drawn
from gradassay.judging import AgainstTruth
from gradassay.vocabulary import Operation, Rule, Verdict
from gradassay.vocabulary.audit import Sighting
from gradassay.why.cases import Case
from gradassay.why.regrouping import regrouped


def first_failure(rule: Rule, drawn: Drawn) -> Sighting:
    """Scenarios and time until the first failing verdict."""
    began, inputs = time.perf_counter(), 0
    waited = 0.0
    for case, drawing in _cases(rule, drawn):
        inputs, waited = inputs + 1, drawing
        if case.finding.verdict.fails:
            return Sighting(True, inputs, time.perf_counter() - began + waited, _said(case))
    return Sighting(False, inputs, time.perf_counter() - began + waited)


def assayed(rule: Rule, drawn: Drawn) -> tuple[Sighting, Mapping[Verdict, int]]:
    """The same, and the verdicts of all scenarios as the report has them: judged side by side, a dtype at a time."""
    judged: list[tuple[Case, float]] = []
    began = time.perf_counter()
    for case, drawing in _cases(rule, drawn):
        judged.append((case, time.perf_counter() - began + drawing))
    final: list[Case] = []
    for _, of_dtype in groupby((case for case, _ in judged), key=lambda case: case.scenario.dtype):
        final += regrouped(list(of_dtype), judge_of(drawn.operation, rule).quick)[0]
    counts = Counter(case.finding.verdict for case in final)
    for number, (case, (_, seconds)) in enumerate(zip(final, judged, strict=True), start=1):
        if case.finding.verdict.fails:
            return Sighting(True, number, seconds, _said(case)), dict(counts)
    return Sighting(False, len(final), judged[-1][1] if judged else 0.0), dict(counts)


def leading(verdicts: Mapping[Verdict, int]) -> Verdict | None:
    """The failing verdict of most scenarios, the worse of two that as many have; None where nothing fails."""
    failing = [verdict for verdict, number in verdicts.items() if verdict.fails and number]
    return max(failing, key=lambda verdict: (verdicts[verdict], verdict.rank), default=None)


def _cases(rule: Rule, drawn: Drawn) -> Iterator[tuple[Case, float]]:
    """Each judged scenario, with the time that drawing took until then; a dtype has a judge of its own."""
    for _, of_dtype in groupby(drawn.with_times(), key=lambda each: each[0].dtype):
        judge = judge_of(drawn.operation, rule)
        for scenario, drawing in of_dtype:
            case = judge(scenario)
            if not isinstance(case, str):
                yield case, drawing


def judge_of(operation: Operation, rule: Rule) -> AgainstTruth:
    """What holds a rule against the operation, as ``gradassay.verify`` does."""
    comparator = RuleComparator(operation.name, rule)
    return AgainstTruth(comparator, operation.definition, operation.conventions)


def _said(case: Case) -> str:
    return f"{case.finding.verdict}: {case.finding.cause}"
