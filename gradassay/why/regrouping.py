"""Which scenarios of a row belong together, where one alone does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from gradassay.alternatives import PARTS, by_name, held, of_invalid
from gradassay.errors import UsageError
from gradassay.explanations import FLUSH, ROUNDING
from gradassay.findings import part
from gradassay.verdicts import NO_EXCEPTION
from gradassay.vocabulary import Verdict
from gradassay.why.cases import Case, Judge
from gradassay.why.relations import Relation, relations

#: Causes that say only which array is off.
ARRAYS = (part("y"), part("x_bar"))


def regrouped(cases: Sequence[Case], plainly: Judge) -> tuple[Sequence[Case], dict[str, Relation]]:
    """The cases with the causes that come out side by side, and the relations among these by name.

    ``plainly`` judges without any convention.
    """
    return _related(_without_coincidences(_led(_led_where_invalid(cases)), plainly))


def _unnamed(case: Case) -> bool:
    return case.finding.verdict is Verdict.WRONG and case.finding.cause in ARRAYS


#: A relation that says no more than that the gradient is off.
VAGUE = "proportional to the truth"
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


def _led_where_invalid(cases: Sequence[Case]) -> Sequence[Case]:
    """Of what is done with invalid inputs, the most frequent names all that it fits: one alone may be ambiguous."""
    names = Counter(
        case.finding.cause for case in cases if case.finding.alternative and not case.scenario.valid
    )
    if not names:
        return cases
    (name, _), *_ = names.most_common(1)
    verdict = next(case.finding.verdict for case in cases if case.finding.cause == name)

    def fits(case: Case) -> bool:
        question, evaluation = case.question, case.evaluation
        named = case.finding.alternative is not None or case.finding.cause == NO_EXCEPTION
        if case.scenario.valid or case.finding.cause == name or not named:
            return False
        if question is None or question.exact is None or evaluation is None:
            return False
        own = [convention for convention in question.conventions if convention.name == name]
        return of_invalid(case.scenario, evaluation, question.exact.definition, own) is not None

    return [case.called(verdict, name, alternative=(name, name)) if fits(case) else case for case in cases]


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


def _without_coincidences(cases: Sequence[Case], plainly: Judge) -> Sequence[Case]:
    """An alternative that fits fewer scenarios than it leaves off is none: its cases are as much off as the others."""
    fits = Counter(case.finding.alternative for case in cases if case.scenario.valid)
    off = (Verdict.WRONG, Verdict.IMPRECISE)
    others = sum(case.finding.verdict in off and case.finding.alternative is None for case in cases)

    def final(case: Case) -> Case:
        named = case.finding.alternative is not None and case.scenario.valid
        if not named or fits[case.finding.alternative] >= others:
            return case
        found = plainly(case.scenario)
        return case if isinstance(found, str) else case.called(found.finding.verdict, found.finding.cause)

    return list(map(final, cases))


def _related(cases: Sequence[Case]) -> tuple[Sequence[Case], dict[str, Relation]]:
    """The cases with the names of their relations to the truth as causes, and the relations by name."""
    wrong = [
        case for case in cases if case.finding.verdict is Verdict.WRONG and case.finding.alternative is None
    ]
    rounded = [case for case in cases if case.finding.cause == ROUNDING]
    named: dict[int, Relation] = {}
    for relation, members in relations(list(filter(_unnamed, wrong))):
        if relation.name.endswith(VAGUE):
            continue
        # What holds everywhere is the reason at a tie as well (a factor 2 makes weights sum to 2), and where the error
        # is small enough for rounding.
        others = (case for case in (*wrong, *rounded) if not _unnamed(case) and relation.holds(case))
        named |= {id(case): relation for case in (*members, *others) if id(case) not in named}

    def final(case: Case) -> Case:
        relation = named.get(id(case))
        return case if relation is None else case.called(Verdict.WRONG, relation.name)

    return list(map(final, cases)), {relation.name: relation for relation in named.values()}
