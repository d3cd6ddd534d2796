"""What a comparison says of the frameworks, held against what has been proven of them."""

from __future__ import annotations

from collections.abc import Iterator

from gradassay.vocabulary import Run
from gradassay.vocabulary.audit import Framework
from reports.gate.expectations import Expectations, seen
from reports.gate.places import Known

#: Not frameworks: our rules are counted by themselves, and differences are an approximation that nobody has to prove.
_OURS = ("numpy", "finite_differences")


def frameworks(run: Run, expectations: Expectations) -> tuple[Framework, ...]:
    """One for each implementation that is not ours."""
    names = dict.fromkeys(row.implementation for row in run.rows if row.implementation not in _OURS)
    failing = {known: number for known, number in seen(run).items() if known.verdict.fails}
    return tuple(_framework(name, run, failing, expectations) for name in names)


def _framework(name: str, run: Run, failing: dict[Known, int], expectations: Expectations) -> Framework:
    own = {known: number for known, number in failing.items() if known.place.implementation == name}
    told = {_told_of(known) for known in expectations.known}
    new = {known: number for known, number in own.items() if _told_of(known) not in told}
    return Framework(
        name,
        sum(row.scenarios for row in run.rows if row.implementation == name),
        sum(own.values()),
        sum(own.values()) - sum(new.values()),
        tuple(_told(new)),
    )


def _told_of(known: Known) -> tuple[str, str, str, str]:
    """What docs/findings.md tells a discrepancy by; which dtypes show it is a matter of the sample."""
    return known.place.operation, known.place.implementation, known.verdict, known.cause


def _told(found: dict[Known, int]) -> Iterator[str]:
    for known, number in sorted(found.items()):
        place = known.place
        yield f"{place.operation} {place.dtype} {known.verdict} ({known.cause}): {number}"
