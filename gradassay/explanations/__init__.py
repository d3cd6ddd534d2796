"""Why an evaluation fails: the mildest explanation that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from comparators.interface import Comparator
from gradassay.alternatives import Alternative, Matching
from gradassay.explanations.again import clean, widened
from gradassay.explanations.rounding import by_rounding, nearer_than_truth
from gradassay.findings import Finding
from gradassay.formats import is_floating
from gradassay.precision import narrower
from gradassay.question import Question, hold
from gradassay.vocabulary import Array, Evaluation, Verdict

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
        if by_rounding(question, comparator, finding):
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
        evaluation = clean(comparator, scenario)
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
    return wrong and by_rounding(question, comparator, finding)


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
    evaluation = clean(comparator, plain)
    return evaluation is not None and not hold(question, evaluation).verdict.fails


def _of_a_convention(question: Question, comparator: Comparator, finding: Finding) -> str:
    """The convention that the implementation is in float64, where in its own format rounding hides it."""
    if question.scenario.dtype == "float64" or finding.verdict is not Verdict.WRONG:
        return ""
    scenario = widened(question.scenario)
    evaluation = clean(comparator, scenario)
    if evaluation is None:
        return ""
    wide = Question(scenario, question.exact, question.conventions)
    wide.thorough = question.thorough
    missed = hold(wide, evaluation)
    named = Matching(wide, evaluation).named(accepted=True) if missed.verdict.fails else None
    return named.name if named and nearer_than_truth(finding, evaluation) else ""
