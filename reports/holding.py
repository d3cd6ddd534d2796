"""A run held against the approved expectations: whatever differs is a breach."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gradassay.vocabulary import Run, Verdict
from reports.expectations import APPROVE, Expectations, Known, Place, absent, measured, platform_of, seen
from reports.numbers import count

#: The comparator whose verdicts are about the subjects' rules, and about no framework.
OF_THE_SUBJECTS = "finite_differences"


class Kind(StrEnum):
    """How a run can differ from what was approved."""

    WORSE = "worse"
    """An approved discrepancy turned into a worse verdict."""
    NEW = "new"
    """A discrepancy that was never approved."""
    STALE = "stale"
    """An approved discrepancy that is no longer there."""
    VANISHED = "vanished"
    """Measured when it was approved, and not now."""
    UNLISTED = "unlisted"
    """Measured now, and not known to the approved state."""


@dataclass(frozen=True)
class Breach:
    """One difference."""

    kind: Kind
    operation: str
    implementation: str
    dtype: str
    verdict: Verdict | None
    """None where rows and not verdicts differ."""
    sentence: str
    """What differs, and the command that would approve it."""


@dataclass(frozen=True)
class Holding:
    """The outcome of the gate."""

    breaches: tuple[Breach, ...]
    unchecked: dict[str, int]
    """Framework that is not installed here -> how many approved rows could not be checked for that."""
    elsewhere: tuple[Breach, ...] = ()
    """Differences of the frameworks that do not count here: it was approved with other versions or processors."""


def hold(run: Run, expectations: Expectations) -> list[Breach]:
    """Every difference between ``run`` and ``expectations``, the gravest kind first."""
    return list(holding(run, expectations).breaches)


def holding(run: Run, expectations: Expectations) -> Holding:
    """Like :func:`hold`, with what could not be checked."""
    found, here = seen(run), measured(run)
    expected = {known for known in expectations.known if known.place in here}
    stale = expected - found.keys()
    breaches: list[Breach] = []
    for known in sorted(
        found.keys() - expectations.known.keys(), key=lambda known: (known.place, known.cause)
    ):
        better = _replaced(known, stale)
        number = count(found[known], "scenario")
        if better is None:
            breaches.append(_breach(Kind.NEW, known, f"{number}, not approved"))
        else:
            stale = stale - {better}
            was = f"{number}, where {_what(better)} was approved"
            breaches.append(_breach(Kind.WORSE, known, was))
    for known in sorted(stale, key=lambda known: (known.place, known.cause)):
        breaches.append(_breach(Kind.STALE, known, "approved, but no longer seen"))
    unchecked: dict[str, int] = {}
    for place in sorted(expectations.measured - here):
        framework = absent(run, place)
        if framework is None:
            breaches.append(
                _breach(Kind.VANISHED, place, "measured when it was approved, but not in this run")
            )
        else:
            unchecked[framework] = unchecked.get(framework, 0) + 1
    for place in sorted(here - expectations.measured):
        breaches.append(_breach(Kind.UNLISTED, place, "measured now, but unknown to the approved state"))
    breaches.sort(key=lambda breach: list(Kind).index(breach.kind))
    here_now = platform_of(run)  # a framework that is missing here makes no difference to the others
    same = all(here_now.get(name, value) == value for name, value in expectations.platform.items())
    counting = [
        breach
        for breach in breaches
        if same or breach.verdict is None or breach.implementation in (*run.subjects, OF_THE_SUBJECTS)
    ]
    return Holding(tuple(counting), unchecked, tuple(breach for breach in breaches if breach not in counting))


def _replaced(known: Known, stale: set[Known]) -> Known | None:
    """The approved discrepancy of the same row that ``known``, being worse, took the place of."""
    candidates = [old for old in stale if old.place == known.place and old.verdict.rank < known.verdict.rank]
    return max(
        candidates, key=lambda old: (old.cause == known.cause, old.verdict.rank, old.cause), default=None
    )


def _breach(kind: Kind, what: Known | Place, why: str) -> Breach:
    place = what.place if isinstance(what, Known) else what
    verdict = what.verdict if isinstance(what, Known) else None
    subject = f"{place.implementation} {place.operation} {place.dtype}"
    if isinstance(what, Known):
        subject += f" {_what(what)}"
    sentence = f"{kind}: {subject}: {why}; if this is right: {APPROVE}"
    return Breach(kind, place.operation, place.implementation, place.dtype, verdict, sentence)


def _what(known: Known) -> str:
    return f"{known.verdict} ({known.cause})" if known.cause else str(known.verdict)
