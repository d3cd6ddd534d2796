"""The verdict on one scenario: structure and purity first, then numbers, then why the numbers are off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comparators.exact import Exact
from comparators.interface import Comparator
from gradassay.comparison import Comparison, compare_array
from gradassay.formats import FORMATS, Format, is_floating
from gradassay.vocabulary import Definition, Enclosure, Evaluation, Example, Scenario, Truth, Verdict, Worst


@dataclass(frozen=True, eq=False)
class Finding:
    """The verdict on one evaluation of one scenario, and where it shows."""

    verdict: Verdict
    cause: str = ""
    sentence: str = ""
    """What is the matter, for a person; empty when everything agrees."""
    example: Example | None = None
    worst: Worst = Worst()


class Question:
    """One scenario with its truths, computed once and narrowed only as far as somebody needs."""

    def __init__(self, scenario: Scenario, exact: Exact | None, conventions: Mapping[str, Definition]) -> None:
        self.scenario = scenario
        self.form: Format = FORMATS[scenario.dtype]
        self.conventions = conventions
        self.exact = exact
        self._source: Iterator[Truth] = iter(())
        if exact is not None and exact.supports(scenario) is None:
            self._source = exact.truths(scenario)
        self._truths: list[Truth] = []

    def truths(self) -> Iterator[Truth]:
        """From the cheapest truth to the narrowest."""
        yield from self._truths
        for truth in self._source:
            self._truths.append(truth)
            yield truth

    def related(self, scenario: Scenario) -> Question:
        """The same question about other inputs."""
        return Question(scenario, self.exact, {})


def judge(question: Question, comparator: Comparator) -> Finding:
    """Run the comparator on the scenario and say what is to be thought of the result."""
    scenario = question.scenario
    evaluation = comparator.evaluate(scenario)
    if not scenario.valid:
        return _on_invalid(scenario, evaluation)
    if evaluation.error:
        return in_words(scenario, Verdict.RAISES, evaluation.error.split(":")[0], evaluation.error)
    if evaluation.structure:
        return in_words(scenario, Verdict.STRUCTURE, "arity", evaluation.structure)
    finding = _by_numbers(question, evaluation)
    if finding.verdict is Verdict.STRUCTURE:
        return finding
    if evaluation.impurity:
        return replace(
            finding, verdict=Verdict.IMPURE, cause=evaluation.impurity, sentence=evaluation.impurity,
            example=Example(scenario, "", None, None, None, None),
        )  # fmt: skip
    if finding.verdict.fails:
        return _explained(question, comparator, evaluation, finding)
    return finding


def _on_invalid(scenario: Scenario, evaluation: Evaluation) -> Finding:
    if evaluation.error:
        return Finding(Verdict.AGREES)
    sentence = "returned a value for an invalid input that has to raise"
    return in_words(scenario, Verdict.RAISES, "no exception on an invalid input", sentence)


def in_words(scenario: Scenario, verdict: Verdict, cause: str, sentence: str) -> Finding:
    """A finding about the scenario as a whole."""
    return Finding(verdict, cause, sentence, Example(scenario, "", None, None, None, None))


# -- numbers ---------------------------------------------------------------------------------------------


def _by_numbers(question: Question, evaluation: Evaluation) -> Finding:
    """Hold the evaluation against truths of growing precision until one decides."""
    best: Finding | None = None
    for truth in question.truths():
        comparisons = _comparisons(evaluation, truth, question.form)
        best = _verdict(question.scenario, evaluation, truth, comparisons, question.form)
        if not any(c.undecided for c in comparisons) or best.verdict.fails:
            return best
    if best is not None:
        return replace(best, verdict=Verdict.INCONCLUSIVE, cause="at the edge of the budget")
    sentence = "the truth could not be certified"
    return in_words(question.scenario, Verdict.INCONCLUSIVE, sentence, sentence)


def _comparisons(evaluation: Evaluation, truth: Truth, form: Format) -> list[Comparison]:
    paths = _paths(truth)[1:]
    pairs = zip(paths, evaluation.gradients or (None,) * len(paths), truth.gradients, strict=True)
    primal = compare_array("y", evaluation.primal, truth.primal, form)
    if primal.structure:
        return [primal]
    return [primal, *(compare_array(path, got, gradient, form) for path, got, gradient in pairs)]


def _verdict(
    scenario: Scenario, evaluation: Evaluation, truth: Truth, comparisons: list[Comparison], form: Format
) -> Finding:
    worst = _join([c.worst for c in comparisons])
    broken = next((c for c in comparisons if c.structure), None)
    if broken:
        cause = str(broken.structure) if "dtype" in str(broken.structure) else str(broken.structure).split(" (")[0]
        return replace(in_words(scenario, Verdict.STRUCTURE, cause, f"{broken.path}: {broken.structure}"), worst=worst)
    bad = [c for c in comparisons if c.outside]
    if bad:
        if truth.extremes and not comparisons[0].outside:
            return replace(_at_kink(scenario, evaluation, truth, bad, form), worst=worst)
        shown = max(bad, key=lambda c: (c.nonfinite, c.worst.budget_ratio))
        if shown.nonfinite:
            value = "NaN" if math.isnan(shown.got or 0.0) else "infinity"
            cause = f"{value} in {_part(shown.path)}{_infinities(scenario)}"
            return _show(scenario, Verdict.NONFINITE, cause, shown, worst)
        if all(c.flushed for c in bad):
            return _show(scenario, Verdict.IMPRECISE, "flush to zero", shown, worst)
        return _show(scenario, Verdict.WRONG, _part(shown.path), shown, worst)
    if truth.extremes:
        return _show(scenario, Verdict.SUBGRADIENT, "tie: split", comparisons[-1], worst)
    empty = next((c for c in comparisons if c.undefined), None)
    if empty:
        return _show(scenario, Verdict.UNDEFINED, f"no value in {_part(empty.path)}", empty, worst)
    return Finding(Verdict.AGREES, worst=worst)


def _at_kink(
    scenario: Scenario, evaluation: Evaluation, truth: Truth, bad: list[Comparison], form: Format
) -> Finding:
    """At a tie the gradient of any winner is valid."""
    for name, gradients in truth.extremes.items():
        member = replace(truth, gradients=gradients)
        if not any(c.outside or c.undecided for c in _comparisons(evaluation, member, form)):
            return _show(scenario, Verdict.SUBGRADIENT, f"tie: all to the {name}", bad[0], Worst())
    return _show(scenario, Verdict.INCONCLUSIVE, "a kink whose set was not enumerated", bad[0], Worst())


def _show(scenario: Scenario, verdict: Verdict, cause: str, c: Comparison, worst: Worst) -> Finding:
    where = c.path + (str(list(c.index)) if c.index else "")
    if verdict is Verdict.UNDEFINED:
        sentence = f"{where} has no value mathematically; returned {c.got!r}"
    else:
        ratio = f"{c.worst.budget_ratio:.3g} times the budget {c.budget:.3g}" if c.budget is not None else ""
        sentence = f"{where} is {c.got!r}, truth {c.expected!r}, off by {c.error:.3g}: {ratio}"
    example = Example(scenario, c.path, c.index, c.expected, c.got, c.budget)
    return Finding(verdict, cause, sentence, example, worst)


def _infinities(scenario: Scenario) -> str:
    """The condition that most often goes with a NaN, in words."""
    floating = [x.astype(np.float64) for x in (*scenario.args, scenario.cotangent) if is_floating(x.dtype)]
    for value, name in ((np.nan, "NaN"), (np.inf, "+inf"), (-np.inf, "-inf")):
        if any(np.any(np.isnan(x) if np.isnan(value) else x == value) for x in floating):
            return f", {name} in an argument"
    return ""


def _part(path: str) -> str:
    return "the primal" if path == "y" else "the gradient"


def _join(parts: list[Worst]) -> Worst:
    return Worst(*(max((getattr(p, f) for p in parts), default=0.0) for f in ("budget_ratio", "ulp", "normwise")))


# -- why -------------------------------------------------------------------------------------------------


def _explained(question: Question, comparator: Comparator, evaluation: Evaluation, finding: Finding) -> Finding:
    """A failing finding with the mildest explanation that holds."""
    for name, definition in question.conventions.items():
        if _is_convention(question, evaluation, finding, Exact(definition)):
            return replace(finding, verdict=Verdict.CONVENTION, cause=name)
    if question.scenario.layout not in ("C", "read_only") and _passes(question, comparator, _contiguous):
        return replace(finding, verdict=Verdict.IMPURE, cause="depends on the memory layout")
    if finding.verdict is Verdict.WRONG and _by_rounding(question, comparator, finding):
        return replace(finding, verdict=Verdict.IMPRECISE, cause="rounding")
    return finding


def _is_convention(question: Question, evaluation: Evaluation, finding: Finding, exact: Exact) -> bool:
    """Whether the evaluation is the convention's truth, and that is not the definition's anyway."""
    for truth in Question(question.scenario, exact, {}).truths():
        comparisons = _comparisons(evaluation, truth, question.form)
        if any(c.structure or c.outside for c in comparisons):
            return False
        if not any(c.undecided for c in comparisons):
            return _differs(finding, truth)
    return False


def _differs(finding: Finding, truth: Truth) -> bool:
    """Where the definition is missed, the convention has a value of its own."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.budget is None:
        return False
    enclosure = _by_path(truth)[example.path]
    value, budget = float(enclosure.mid[example.index]), float(enclosure.budget[example.index])
    return not math.isnan(value) and not abs(value - example.expected) <= budget + example.budget


def _by_path(truth: Truth) -> dict[str, Enclosure]:
    return dict(zip(_paths(truth), (truth.primal, *truth.gradients), strict=True))


def _paths(truth: Truth) -> tuple[str, ...]:
    n = len(truth.gradients)
    return ("y", *(f"x_bar[{i}]" if n > 1 else "x_bar" for i in range(n)))


def _by_rounding(question: Question, comparator: Comparator, finding: Finding) -> bool:
    """Is the error a rounding error?  Then it goes away where there is more precision.

    Narrow formats: the same implementation on the same inputs in float64 agrees.  In float64 there is mostly
    nothing wider to run: there, an error that leaves half of the digits of the largest entry right (sqrt(u)).
    """
    if question.scenario.dtype != "float64":
        return _passes(question, comparator, _widened)
    example = finding.example
    if example is None or example.expected is None or example.got is None:
        return False
    mid = _by_path(next(question.truths()))[example.path].mid
    sizes = [np.abs(np.asarray(a, np.float64)) for a in (mid, question.scenario.cotangent)]
    scale = max(float(np.max(s, initial=0.0, where=np.isfinite(s))) for s in sizes)
    return abs(example.got - example.expected) <= math.sqrt(question.form.u) * scale


def _passes(question: Question, comparator: Comparator, change: Callable[[Scenario], Scenario]) -> bool:
    scenario = change(question.scenario)
    if comparator.supports(scenario) is not None:
        return False
    evaluation = comparator.evaluate(scenario)
    if evaluation.error or evaluation.structure or evaluation.impurity:
        return False
    return not _by_numbers(question.related(scenario), evaluation).verdict.fails


def _contiguous(scenario: Scenario) -> Scenario:
    args = tuple(np.array(x, order="C") for x in scenario.args)
    return replace(scenario, args=args, cotangent=np.array(scenario.cotangent, order="C"), layout="C")


def _widened(scenario: Scenario) -> Scenario:
    def widen(x: Any) -> Any:
        return x.astype(np.float64) if is_floating(x.dtype) else x

    args = tuple(widen(x) for x in scenario.args)
    return replace(scenario, dtype="float64", args=args, cotangent=widen(scenario.cotangent))
