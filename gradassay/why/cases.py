"""A case: one scenario, what came back, and what was found; rows are explained from their cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from gradassay.findings import Finding
from gradassay.question import Question
from gradassay.vocabulary import Evaluation, Scenario, Verdict


@dataclass(frozen=True, eq=False)
class Case:
    """One judged scenario of a row; evaluation and question are kept where something has to be explained."""

    scenario: Scenario
    finding: Finding
    evaluation: Evaluation | None = None
    question: Question | None = None
    """The scenario with its truths: ``next(question.truths())`` is the cheapest."""
    alone: tuple[Verdict, str] | None = None
    """What it showed by itself, where the finding has verdict or cause from the other scenarios of the row."""

    @property
    def kept(self) -> Case:
        """The case without what nobody will ask for: what agrees needs no explanation."""
        return Case(self.scenario, self.finding) if self.finding.verdict is Verdict.AGREES else self

    def called(self, verdict: Verdict, cause: str, *, alternative: tuple[str, str] | None = None) -> Case:
        """The case as the other scenarios of its row have it."""
        finding = replace(self.finding, verdict=verdict, cause=cause, alternative=alternative)
        return replace(self, finding=finding, alone=self.alone or (self.finding.verdict, self.finding.cause))

    @property
    def entries(self) -> int:
        """How many entries its arguments have together."""
        return sum(x.size for x in self.scenario.args)


class Judge(Protocol):
    """Judges scenarios; the same one judges those that are drawn and those that an example shrinks to."""

    @property
    def quick(self) -> Judge:
        """The judge without conventions, which cost most of the time; itself where it knows none."""
        ...

    def __call__(self, scenario: Scenario, question: Question | None = None) -> Case | str:
        """The case, or the reason why the scenario cannot be judged.

        ``question``, where there is one already, is the scenario with its truths, which implementations share.
        """
        ...
