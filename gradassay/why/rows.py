"""A row explained from its cases: which of them belong together, what they have in common, and the smallest example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from comparators.interface import Comparator
from gradassay.findings import Finding
from gradassay.vocabulary import Condition, Definition, Rule, Scenario, Verdict
from gradassay.why.cases import Case, Judge
from gradassay.why.laws import broken_laws
from gradassay.why.purity import remarks_of
from gradassay.why.regrouping import regrouped
from gradassay.why.relations import Relation
from gradassay.why.separation import Separation, separate
from gradassay.why.shrinking import STEPS, shrink
from gradassay.why.shrinking.windows import parts_of

#: Verdicts of scenarios in which an implementation that fails elsewhere is right.
RIGHT = (Verdict.AGREES, Verdict.SUBGRADIENT, Verdict.CONVENTION)
#: What does not fail is shown by an input of so many entries as it was drawn.
SMALL = 4
#: Nothing is the matter there, and one example is as good as another.
UNDECIDED = (Verdict.UNDEFINED, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, eq=False)
class Group:
    """Cases of one verdict and cause: a discrepancy."""

    verdict: Verdict
    cause: str
    count: int
    shown: Finding
    """What the smallest scenario that shows it comes to."""
    condition: Condition | None = None
    remarks: tuple[str, ...] = ()


class Explained(NamedTuple):
    """A row's cases with their final verdicts and causes, its discrepancies, and what else there is to say."""

    cases: Sequence[Case]
    groups: Sequence[Group]
    remarks: tuple[str, ...] = ()


def plain(cases: Sequence[Case]) -> Explained:
    """The groups as the scenarios one by one make them."""
    return Explained(
        cases,
        [Group(*key, len(members), min(members, key=_size).finding) for key, members in _grouped(cases)],
    )


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains the rows of one implementation of one operation."""

    operation: str
    judge: Judge
    definition: Definition
    """Gives the primal's shape for smaller scenarios."""
    comparator: Comparator | None = None
    """None where there is nothing but a forward and its differences."""
    rule: Rule | None = None
    """A NumPy rule, whose memory can be looked into."""
    steps: int = STEPS
    """How many smaller scenarios may be tried for each discrepancy."""
    failures_alone: bool = False
    """Whether what does not fail is left as it was drawn."""

    def explained(self, cases: Sequence[Case]) -> Explained:
        """The row's cases with the causes that come out only side by side, and its discrepancies."""
        cases, found = regrouped(cases, self.judge.quick)
        groups = []
        for (verdict, cause), members in _grouped(cases):
            right = RIGHT if verdict.fails else (Verdict.AGREES,)
            passing = [case.scenario for case in cases if case.finding.verdict in right]
            others = [case.scenario for case in cases if _key(case) != (verdict, cause)]
            groups.append(self._group(members, passing, others, found.get(cause)))
        return Explained(cases, groups, self._remarks(cases))

    def _remarks(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """What the rule's memory has to tell, asked where there is enough to be told."""
        case = next(
            (case for case in cases if case.scenario.valid and case.scenario.cotangent.size > 1), None
        )
        if case is None or self.rule is None:
            return ()
        part = next(parts_of(case.scenario, self.definition), case.scenario)
        return remarks_of(self.rule, part)

    def _group(
        self,
        members: Sequence[Case],
        passing: Sequence[Scenario],
        others: Sequence[Scenario],
        relation: Relation | None,
    ) -> Group:
        first = members[0].finding
        separation = None
        asked = first.verdict not in UNDECIDED and (first.verdict.fails or not self.failures_alone)
        if asked:
            failing = [case.scenario for case in members]
            separation = separate(failing, passing, self.operation, otherwise=others)
        shown = min(
            members,
            key=lambda case: (separation is not None and not separation.holds(case.scenario), *_size(case)),
        )
        small = not first.verdict.fails and shown.entries <= SMALL and shown.alone is None
        if asked and not small:
            shown = self._smallest(shown, separation, relation)
        remarks = [] if relation is None else [relation.sentence]
        if first.verdict is Verdict.WRONG and self.comparator is not None:
            remarks += broken_laws(self.comparator, shown.scenario, self.operation)
        return Group(
            first.verdict,
            first.cause,
            len(members),
            shown.finding,
            None if separation is None else separation.condition,
            tuple(remarks),
        )

    def _smallest(self, case: Case, separation: Separation | None, relation: Relation | None) -> Case:
        """The smallest case with the verdict, the cause, the relation and the condition of this one."""
        wanted = _told(self.judge(case.scenario, case.question))
        # A condition that passing scenarios meet as well is no cause that could be held fixed.
        fixed = separation if separation is not None and separation.condition.precision == 1 else None

        quick = self.judge.quick
        plain = quick is self.judge or case.finding.alternative is not None

        def same(scenario: Scenario) -> bool:
            if not plain and _told(quick(scenario)) != wanted:
                return False
            found = self.judge(scenario)
            return (
                not isinstance(found, str)
                and _told(found) == wanted
                and (fixed is None or fixed.holds(scenario))
                and (relation is None or relation.holds(found))
            )

        if wanted is None:
            return case
        smallest = shrink(case.scenario, same, self.definition, steps=self.steps, at=case.finding.example)
        shrunk = self.judge(smallest)
        # What depends on the calls before need not show again.
        return shrunk if not isinstance(shrunk, str) and _told(shrunk) == wanted else case


def _told(judged: Case | str) -> tuple[Verdict, str] | None:
    """What one scenario alone shows; None where that is nothing."""
    if isinstance(judged, str) or judged.finding.verdict is Verdict.AGREES:
        return None
    return _key(judged)


def _grouped(cases: Sequence[Case]) -> list[tuple[tuple[Verdict, str], list[Case]]]:
    """The cases that do not agree, by verdict and cause."""
    groups: dict[tuple[Verdict, str], list[Case]] = {}
    for case in cases:
        if case.finding.verdict is not Verdict.AGREES:
            groups.setdefault(_key(case), []).append(case)
    return list(groups.items())


def _key(case: Case) -> tuple[Verdict, str]:
    return case.finding.verdict, case.finding.cause


def _size(case: Case) -> tuple[bool, int, int]:
    """What shows the verdict alone first, then fewest entries, then the plain memory layout."""
    otherwise = case.alone is not None and case.alone[0] is not case.finding.verdict
    return otherwise, case.entries, int(case.scenario.layout != "C")
