"""Three ways to judge an implementation: against truth, against differences of its own forward, by laws alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from comparators.exact import Exact
from comparators.finite_differences import FiniteDifferences
from comparators.interface import Comparator
from gradassay.findings import Finding
from gradassay.laws import judge_without_truth
from gradassay.question import Question
from gradassay.verdicts import judge_evaluation
from gradassay.vocabulary import Convention, Definition, Example, Scenario, Verdict
from gradassay.why.cases import Case
from gradassay.why.shrinking.windows import parts_of

#: Wrong scenarios without a name after which pairs of conventions are no longer looked for.
PATIENCE = 12


@dataclass(eq=False)
class AgainstTruth:
    """An implementation held against the certified truth of a definition."""

    comparator: Comparator
    definition: Definition
    conventions: Sequence[Convention] = ()
    unnamed: int = 0
    """How many scenarios were wrong so far, and no alternative."""

    @property
    def quick(self) -> AgainstTruth:
        return AgainstTruth(self.comparator, self.definition)

    def question(self, scenario: Scenario) -> Question:
        """The scenario with its truths."""
        return Question(scenario, Exact(self.definition), self.conventions)

    def __call__(self, scenario: Scenario, question: Question | None = None) -> Case | str:
        reason = self.comparator.supports(scenario)
        if reason is not None:
            return reason
        question = question or self.question(scenario)
        question.thorough = self.unnamed < PATIENCE
        question.parts = partial(parts_of, scenario, self.definition)
        evaluation = self.comparator.evaluate(scenario)
        finding = judge_evaluation(question, self.comparator, evaluation)
        self.unnamed += finding.verdict is Verdict.WRONG and finding.alternative is None
        return Case(scenario, finding, evaluation, question).kept


@dataclass(frozen=True, eq=False)
class AgainstDifferences:
    """A rule's pullback held against the differences of its own forward."""

    differences: FiniteDifferences

    @property
    def quick(self) -> AgainstDifferences:
        return self

    def __call__(self, scenario: Scenario, question: Question | None = None) -> Case | str:
        reason = self.differences.supports(scenario)
        if reason is not None:
            return reason
        found = self.differences.judge(scenario)
        example = Example(scenario, found.path or "", found.index, found.expected, found.got, found.error)
        cause = f"{found.verdict} by finite differences"
        if not found.verdict.fails:  # the reason without the numbers before it, so that scenarios group
            cause = found.sentence.rpartition("cannot be told: ")[2].split(":")[0].split(" (")[0]
        return Case(scenario, Finding(found.verdict, cause, found.sentence, example))


@dataclass(frozen=True, eq=False)
class ByLaws:
    """A rule without a definition: what holds for every pullback, and then the differences of its own forward."""

    comparator: Comparator
    differences: AgainstDifferences

    @property
    def quick(self) -> ByLaws:
        return self

    def __call__(self, scenario: Scenario, question: Question | None = None) -> Case | str:
        reason = self.comparator.supports(scenario)
        if reason is not None:
            return reason
        finding = judge_without_truth(self.comparator, scenario)
        return Case(scenario, finding) if finding.verdict.fails else self.differences(scenario)
