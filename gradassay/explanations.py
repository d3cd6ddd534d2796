"""Why an evaluation fails: the mildest explanation that holds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from comparators.interface import Comparator
from gradassay.alternatives import Alternative, Matching
from gradassay.findings import Finding
from gradassay.formats import FORMATS, is_floating
from gradassay.precision import narrower
from gradassay.question import Question, hold, path_names
from gradassay.vocabulary import Array, Evaluation, Example, Scenario, Verdict

#: An error that comes of rounding shrinks by the ratio of the unit roundoffs, 2^29 and more; one that does not come of
#: it stays.  Anything between tells them apart.
SHRINKS = 64

SOUND = (Verdict.AGREES, Verdict.SUBGRADIENT)

#: The cause of what is right for arguments, or for results, without what is below the normal range.
FLUSH = "flush to zero"
#: The cause of an error that goes away with precision.
ROUNDING = "rounding"


def explained(
    question: Question, comparator: Comparator, evaluation: Evaluation, finding: Finding
) -> Finding:
    """A failing finding with the mildest explanation that holds."""
    parts = _of_parts(question, comparator, finding) if finding.verdict is Verdict.WRONG else []
    if any(map(_nameless, parts)):
        return finding
    # A part that is right is of no alternative, and neither is the whole.
    sound = bool(parts) and all(part.verdict in SOUND for part in parts)
    matching = Matching(question, evaluation) if question.conventions and not sound else None
    if matching and not matching.telling:
        matching = None
    meant = matching.named(accepted=True) if matching else None
    if matching and meant and not _rounds(question, comparator, finding, matching, meant):
        return _named(finding, Verdict.CONVENTION, (meant.name, meant.name))
    if question.scenario.layout not in ("C", "read_only") and _agrees_when_contiguous(question, comparator):
        return replace(finding, verdict=Verdict.IMPURE, cause="depends on the memory layout")
    if finding.verdict is Verdict.WRONG:
        if _agrees_when_flushed(question, evaluation):
            return replace(finding, verdict=Verdict.IMPRECISE, cause=FLUSH)
        narrow = narrower(question, evaluation)
        if narrow:
            return replace(finding, verdict=Verdict.IMPRECISE, cause=f"computed in {narrow}")
        if _by_rounding(question, comparator, finding):
            return replace(finding, verdict=Verdict.IMPRECISE, cause=ROUNDING)
    if matching is None or finding.verdict is Verdict.IMPRECISE:
        return finding
    rounded = _of_a_convention(question, comparator, finding)
    if rounded:
        return replace(finding, verdict=Verdict.IMPRECISE, cause=f"{rounded}, rounding")
    mistake = matching.named(accepted=False)
    names = (mistake.name, mistake.name) if mistake else matching.mixed()
    return finding if names is None else _named(finding, Verdict.WRONG, names)


def _of_parts(question: Question, comparator: Comparator, finding: Finding) -> list[Finding]:
    """What parts of a large scenario come to, up to one that is wrong and has no name: then the whole has none either.

    A small part may have the name of what it equals by accident.
    """
    told: list[Finding] = []
    for scenario in question.parts(finding.example):
        evaluation = _clean(comparator, scenario)
        if evaluation is None:
            continue
        part = Question(scenario, question.exact, question.conventions)
        found = hold(part, evaluation)
        told.append(explained(part, comparator, evaluation, found) if found.verdict.fails else found)
        if _nameless(told[-1]):
            break
    return told


def _nameless(finding: Finding) -> bool:
    return finding.verdict is Verdict.WRONG and finding.alternative is None


def _named(finding: Finding, verdict: Verdict, names: tuple[str, str]) -> Finding:
    return replace(finding, verdict=verdict, cause=in_parts(*names), alternative=names)


def in_parts(primal: str, gradient: str) -> str:
    """The alternatives of primal and gradient as a cause; empty is the definition."""
    if primal == gradient:
        return primal
    if primal and gradient:
        return f"primal {primal}, gradient {gradient}"
    return f"primal {primal}, gradient not" if primal else f"gradient {gradient}, primal not"


def _rounds(
    question: Question, comparator: Comparator, finding: Finding, matching: Matching, meant: Alternative
) -> bool:
    """Whether rounding explains it as well: a slope that has become 0 is that of many functions."""
    if finding.verdict is Verdict.IMPRECISE:
        return matching.differs_elsewhere(meant)
    wrong = finding.verdict is Verdict.WRONG and matching.agrees_in_primal()
    return wrong and _by_rounding(question, comparator, finding)


def _by_rounding(question: Question, comparator: Comparator, finding: Finding) -> bool:
    """Is the error a rounding error?  Then it goes away where there is more precision.

    Narrow formats: what the same implementation computes from the same inputs in float64 agrees once it is rounded, or
    is at least ``SHRINKS`` times closer, or no more than cancelled there, too (1 - s of a far tail).
    """
    if question.scenario.dtype != "float64":
        return _better_when_widened(question, comparator, finding)
    return small_as_rounding(question, finding)


def small_as_rounding(question: Question, finding: Finding) -> bool:
    """Whether an error in float64, where there is mostly nothing wider to run, is as small as rounding leaves it.

    It is where half of the digits are right that the budget leaves (sqrt(u) times what the budget is u times), or where
    it is a few roundoffs of the cotangent (cancelled), or a few of the smallest normal number (terms were flushed).
    """
    example = finding.example
    if example is None or example.expected is None or example.got is None:
        return False
    error, budget = abs(example.got - example.expected), example.budget or 0.0
    return error < math.inf and error <= max(
        math.sqrt(question.form.u) * budget / question.form.u,
        _cancelled(question, example),
        64 * question.form.tiny * next(question.truths()).reach,
    )


def _cancelled(question: Question, example: Example) -> float:
    """The error that cancellation leaves in float64: a few roundoffs of the value or of the cotangent."""
    assert example.expected is not None
    u, truth = float(FORMATS["float64"].u), next(question.truths())
    # A primal has a cotangent among its arguments at order 2 alone.
    cotangent = truth.reach - 1 if example.path == "y" else truth.cotangent_max
    return 64.0 * u * max(abs(float(example.expected)), float(cotangent))


def _agrees_when_flushed(question: Question, evaluation: Evaluation) -> bool:
    """Whether what came back is right for the arguments with 0 in the place of what is below the normal range."""
    scenario, tiny = question.scenario, question.form.tiny

    def flushed(x: Array) -> Array:
        if not is_floating(x.dtype):
            return x
        subnormal = (x != 0) & (np.abs(x.astype(np.float64)) < tiny)
        return np.where(subnormal, np.zeros_like(x), x) if subnormal.any() else x

    args = tuple(map(flushed, scenario.args))
    if all(new is old for new, old in zip(args, scenario.args, strict=True)):
        return False
    found = hold(Question(replace(scenario, args=args), question.exact, ()), evaluation)
    return found.verdict in SOUND


def _agrees_when_contiguous(question: Question, comparator: Comparator) -> bool:
    scenario = question.scenario
    args = tuple(np.array(x, order="C") for x in scenario.args)
    plain = replace(scenario, args=args, cotangent=np.array(scenario.cotangent, order="C"), layout="C")
    evaluation = _clean(comparator, plain)
    return evaluation is not None and not hold(question, evaluation).verdict.fails


def _of_a_convention(question: Question, comparator: Comparator, finding: Finding) -> str:
    """The convention that the implementation is in float64, where in its own format rounding hides it."""
    if question.scenario.dtype == "float64" or finding.verdict is not Verdict.WRONG:
        return ""
    scenario = _widened(question.scenario)
    evaluation = _clean(comparator, scenario)
    if evaluation is None:
        return ""
    wide = Question(scenario, question.exact, question.conventions)
    wide.thorough = question.thorough
    missed = hold(wide, evaluation)
    named = Matching(wide, evaluation).named(accepted=True) if missed.verdict.fails else None
    return named.name if named and _nearer_than_truth(finding, evaluation) else ""


def _nearer_than_truth(finding: Finding, wide: Evaluation) -> bool:
    """Whether what was returned is nearer to what more precision returns than to the truth of the definition."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.got is None:
        return False
    names = path_names(len(wide.gradients))
    array = dict(zip(names, (wide.primal, *wide.gradients), strict=True))[example.path]
    return array is not None and bool(
        abs(example.got - float(array[example.index])) < abs(example.got - example.expected)
    )


def _widened(scenario: Scenario) -> Scenario:
    """The same numbers in float64."""

    def widen(x: Array) -> Array:
        return x.astype(np.float64) if is_floating(x.dtype) else x

    with np.errstate(all="ignore"):
        args = tuple(widen(x) for x in scenario.args)
    return replace(scenario, dtype="float64", args=args, cotangent=widen(scenario.cotangent))


def _better_when_widened(question: Question, comparator: Comparator, finding: Finding) -> bool:
    narrow = question.form.dtype
    wide = _clean(comparator, _widened(question.scenario))
    if wide is None or wide.primal is None:
        return False
    with np.errstate(all="ignore"):
        gradients = tuple(None if g is None else g.astype(narrow) for g in wide.gradients)
        rounded = Evaluation(wide.primal.astype(narrow), gradients)
    return not hold(question, rounded).verdict.fails or _shrinks(question, finding, wide)


def _shrinks(question: Question, finding: Finding, wide: Evaluation) -> bool:
    """Whether the error that the finding shows is much smaller in the wide evaluation, or what cancels even there."""
    example = finding.example
    if example is None or example.index is None or example.expected is None or example.got is None:
        return False
    names = path_names(len(wide.gradients))
    array = dict(zip(names, (wide.primal, *wide.gradients), strict=True))[example.path]
    if array is None or array.ndim != len(example.index):
        return False
    error = abs(float(array[example.index]) - example.expected)
    shrunk = error * SHRINKS <= abs(example.got - example.expected) < math.inf
    return shrunk or (error < math.inf and error <= _cancelled(question, example))


def _clean(comparator: Comparator, scenario: Scenario) -> Evaluation | None:
    """The evaluation where there is nothing but its numbers to judge."""
    if comparator.supports(scenario) is not None:
        return None
    evaluation = comparator.evaluate(scenario)
    return None if evaluation.error or evaluation.structure or evaluation.impurity else evaluation
