"""The verdict on one scenario: structure and purity first, then numbers, then why the numbers are off."""

from __future__ import annotations

from dataclasses import replace

from comparators.interface import Comparator
from gradassay.alternatives import of_invalid, shape_of
from gradassay.explanations import explained
from gradassay.findings import Finding, in_words
from gradassay.question import Question, hold
from gradassay.vocabulary import Evaluation, Verdict

#: The cause of a value where there has to be an error.
NO_EXCEPTION = "no exception on an invalid input"


def judge(question: Question, comparator: Comparator) -> Finding:
    """Run the comparator on the scenario and say what is to be thought of the result."""
    return judge_evaluation(question, comparator, comparator.evaluate(question.scenario))


def judge_evaluation(question: Question, comparator: Comparator, evaluation: Evaluation) -> Finding:
    """What is to be thought of what the comparator returned."""
    scenario = question.scenario
    if not scenario.valid:
        return _on_invalid(question, evaluation)
    if evaluation.error:
        if scenario.layout == "read_only" and "read-only" in evaluation.error:
            return in_words(scenario, Verdict.IMPURE, "writes to its input", evaluation.error)
        return in_words(scenario, Verdict.RAISES, evaluation.error.split(":")[0], evaluation.error)
    if evaluation.structure:
        return in_words(scenario, Verdict.STRUCTURE, "arity", evaluation.structure)
    finding = hold(question, evaluation)
    if finding.verdict is Verdict.STRUCTURE:
        of = shape_of(question, evaluation) if finding.cause == "shape" else ""
        return replace(finding, cause=f"shape of {of}") if of else finding
    if evaluation.impurity:
        return replace(
            in_words(scenario, Verdict.IMPURE, evaluation.impurity, evaluation.impurity), worst=finding.worst
        )
    if finding.verdict.fails:
        return explained(question, comparator, evaluation, finding)
    return finding


def _on_invalid(question: Question, evaluation: Evaluation) -> Finding:
    """The definition raises there; a value may be that of a convention, and else stands for a missing exception."""
    if evaluation.error:
        return Finding(Verdict.AGREES)
    scenario, known = question.scenario, None
    sentence = "returned a value for an invalid input that has to raise"
    if question.exact is not None and evaluation.primal is not None and not evaluation.structure:
        known = of_invalid(scenario, evaluation, question.exact.definition, question.conventions)
    if known is None:
        return in_words(scenario, Verdict.RAISES, NO_EXCEPTION, sentence)
    verdict = Verdict.CONVENTION if known.accepted else Verdict.RAISES
    return replace(
        in_words(scenario, verdict, known.name, f"{sentence}: {known.name}"),
        alternative=(known.name, known.name),
    )
