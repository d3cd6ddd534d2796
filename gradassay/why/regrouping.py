"""Which scenarios of a row belong together, where one alone does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradassay.alternatives import by_name, held
from gradassay.explanations import ROUNDING
from gradassay.findings import part
from gradassay.vocabulary import Verdict
from gradassay.why.cases import Case
from gradassay.why.relations import Relation, relations

#: Causes that say only which array is off.
ARRAYS = (part("y"), part("x_bar"))


def regrouped(cases: Sequence[Case]) -> tuple[Sequence[Case], dict[str, Relation]]:
    """The cases with the causes that come out side by side, and the relations among these by name."""
    return _related(_without_coincidences(_led(cases)))


def _unnamed(case: Case) -> bool:
    return case.finding.verdict is Verdict.WRONG and case.finding.cause in ARRAYS


def _alternatives(cases: Sequence[Case]) -> Counter[str]:
    return Counter(case.finding.cause for case in cases if case.finding.alternative and case.scenario.valid)


def _led(cases: Sequence[Case]) -> Sequence[Case]:
    """Where one alternative names more scenarios than anything else does, it names the others that it fits as well.

    One of them alone may be as near to another alternative, or be off by no more than rounding could do.
    """
    names = _alternatives(cases)
    if not names:
        return cases
    name, _ = max(names.items(), key=lambda found: found[1])
    verdict = next(case.finding.verdict for case in cases if case.finding.cause == name)

    def fits(case: Case) -> bool:
        open_to_it = case.finding.alternative or _unnamed(case) or case.finding.cause == ROUNDING
        if not (open_to_it and case.scenario.valid and case.question and case.evaluation):
            return False
        return any(held(case.scenario, case.evaluation, one)[0] for one in by_name(case.question, name))

    return [
        case.called(verdict, name, alternative=True) if case.finding.cause != name and fits(case) else case
        for case in cases
    ]


def _without_coincidences(cases: Sequence[Case]) -> Sequence[Case]:
    """An alternative that fits fewer scenarios than it leaves wrong is none: its cases are as wrong as the others."""
    names, unnamed = _alternatives(cases), sum(map(_unnamed, cases))

    def final(case: Case) -> Case:
        if case.finding.cause not in names or names[case.finding.cause] >= unnamed:
            return case
        assert case.finding.example is not None  # what leaves its budget shows where
        return case.called(Verdict.WRONG, part(case.finding.example.path))

    return list(map(final, cases))


def _related(cases: Sequence[Case]) -> tuple[Sequence[Case], dict[str, Relation]]:
    """The cases with the names of their relations to the truth as causes, and the relations by name."""
    wrong = [case for case in cases if case.finding.verdict is Verdict.WRONG and not case.finding.alternative]
    named: dict[int, Relation] = {}
    for relation, members in relations(list(filter(_unnamed, wrong))):
        # What holds everywhere is the reason at a tie as well: a factor 2 makes weights sum to 2.
        tied = (case for case in wrong if not _unnamed(case) and relation.holds(case))
        named |= {id(case): relation for case in (*members, *tied) if id(case) not in named}

    def final(case: Case) -> Case:
        relation = named.get(id(case))
        return case if relation is None else case.called(case.finding.verdict, relation.name)

    return list(map(final, cases)), {relation.name: relation for relation in named.values()}
