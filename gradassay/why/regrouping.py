"""Which scenarios of a row belong together, where one alone does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from gradassay.alternatives import PARTS, by_name, held
from gradassay.errors import UsageError
from gradassay.explanations import FLUSH, ROUNDING
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


#: Of the cases that an alternative might name, so many are asked which one it is, evenly chosen.
ASKED = 24


def _led(cases: Sequence[Case]) -> Sequence[Case]:
    """The alternative that fits the most scenarios names all that it fits.

    One scenario alone may be as near to another alternative, where both are equal, or be off by no more than rounding
    could do.
    """
    names = {
        case.finding.alternative: case.finding
        for case in cases
        if case.finding.alternative is not None and case.scenario.valid
    }
    if not names:
        return cases
    asked = [case for case in cases if _open(case)]
    asked = asked[:: 1 + len(asked) // ASKED]
    # Of two that fit as many, the milder one: found first, and one for both parts before one for each.
    leading = max(names, key=lambda parts: (sum(_fits(case, parts) for case in asked), parts[0] == parts[1]))
    verdict, cause = names[leading].verdict, names[leading].cause
    return [
        case.called(verdict, cause, alternative=leading)
        if _open(case) and case.finding.alternative != leading and _fits(case, leading)
        else case
        for case in cases
    ]


def _open(case: Case) -> bool:
    """Whether an alternative may be the reason."""
    return case.scenario.valid and (
        case.finding.alternative is not None or _unnamed(case) or case.finding.cause in (ROUNDING, FLUSH)
    )


def _fits(case: Case, parts: tuple[str, str]) -> bool:
    """Whether primal and gradient are those of the alternatives, or of the definition where there is none."""
    question, evaluation = case.question, case.evaluation
    if question is None or evaluation is None:
        return False
    arrays = zip(parts, PARTS.values(), strict=True)
    if parts[0] == parts[1]:
        arrays = zip(parts[:1], (slice(None),), strict=True)
    with suppress(UsageError):  # an alternative with another shape does not fit
        return all(
            any(held(case.scenario, evaluation, one, entries)[0] for one in by_name(question, name))
            for name, entries in arrays
        )
    return False


def _without_coincidences(cases: Sequence[Case]) -> Sequence[Case]:
    """An alternative that fits fewer scenarios than it leaves wrong is none: its cases are as wrong as the others."""
    fits = Counter(case.finding.alternative for case in cases if case.scenario.valid)
    wrong = sum(case.finding.verdict is Verdict.WRONG and case.finding.alternative is None for case in cases)

    def final(case: Case) -> Case:
        named = case.finding.alternative is not None and case.scenario.valid
        if not named or fits[case.finding.alternative] >= wrong:
            return case
        assert case.finding.before is not None  # every alternative stands in the place of something
        return case.called(*case.finding.before)

    return list(map(final, cases))


def _related(cases: Sequence[Case]) -> tuple[Sequence[Case], dict[str, Relation]]:
    """The cases with the names of their relations to the truth as causes, and the relations by name."""
    wrong = [
        case for case in cases if case.finding.verdict is Verdict.WRONG and case.finding.alternative is None
    ]
    rounded = [case for case in cases if case.finding.cause == ROUNDING]
    named: dict[int, Relation] = {}
    for relation, members in relations(list(filter(_unnamed, wrong))):
        # What holds everywhere is the reason at a tie as well (a factor 2 makes weights sum to 2), and where the error
        # is small enough for rounding.
        others = (case for case in (*wrong, *rounded) if not _unnamed(case) and relation.holds(case))
        named |= {id(case): relation for case in (*members, *others) if id(case) not in named}

    def final(case: Case) -> Case:
        relation = named.get(id(case))
        return case if relation is None else case.called(Verdict.WRONG, relation.name)

    return list(map(final, cases)), {relation.name: relation for relation in named.values()}
