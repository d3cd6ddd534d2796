"""A run held against the approved state: whatever differs is a breach."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradassay.vocabulary import Discrepancy, Run, Witness
from reports.gate.accuracy import Accuracy, elsewhere, without_regions
from reports.gate.breaches import Breach, File, Kind, order
from reports.gate.expectations import (
    Expectations,
    absent,
    measured,
    place_of,
    platform_of,
    seen,
    unheld,
    within,
)
from reports.gate.held_accuracy import held_accuracy
from reports.gate.held_witnesses import held_witnesses
from reports.gate.places import EVERYTHING, Known, Place, Scope
from reports.gate.vanishing import vanished
from reports.numbers import count

#: The comparator whose verdicts are about the subjects' rules, and about no framework.
OF_THE_SUBJECTS = "finite_differences"
#: What of the platform the last bits of the subjects' rules hang on.
ARITHMETIC = {"blas", "numpy", "simd"}


@dataclass(frozen=True)
class State:
    """The approved state."""

    expectations: Expectations
    accuracy: Accuracy
    witnesses: Mapping[str, Witness]
    """Id -> witness."""
    position: Callable[[str], tuple[str, int]] = lambda _: (File.WITNESSES, 0)
    """File and line of the witness with that id."""


@dataclass(frozen=True)
class Holding:
    """The outcome of the gate."""

    breaches: tuple[Breach, ...]
    unchecked: Mapping[str, int]
    """Framework that is not installed here -> how many approved rows could not be checked for that."""
    elsewhere: tuple[Breach, ...] = ()
    """Differences that do not count: it was approved with another version, or on another processor, or it is finite
    differences alone that say so."""
    other: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What of the platform is another one -> then, now."""
    rows: frozenset[Place] = frozenset()
    """The rows that were measured, then or now."""
    without_regions: frozenset[Place] = frozenset()
    """Those that were held as a whole and not by region: the file is of a time that did not hold regions."""
    without_second_order: frozenset[Place] = frozenset()
    """Those of second order that were not held: the file is of a time that held none."""

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to hold them against."""
        return not self.breaches and self.rows == self.without_second_order


def held(run: Run, state: State, scope: Scope = EVERYTHING) -> Holding:
    """Every difference between ``run`` and the approved state, as far as they are in ``scope``, the gravest first."""
    run = within(run, scope)
    rows, untold = measured(run), unheld(run, state.expectations)
    run = replace(run, rows=tuple(row for row in run.rows if place_of(row) not in untold))
    approved = frozenset(place for place in state.expectations.measured if place in scope)
    lost, unknown = approved - measured(run), measured(run) - approved
    missing = {place: framework for place in lost if (framework := absent(run, place))}
    here, then = platform_of(run), state.expectations.platform
    other = {name: (was, here[name]) for name, was in then.items() if here.get(name, was) != was}
    accuracy = elsewhere(state.accuracy) if ARITHMETIC & other.keys() else state.accuracy
    further = [
        *held_accuracy(run, accuracy, state.witnesses, scope),
        *held_witnesses(run, state.witnesses, state.position, scope, state.expectations),
    ]
    breaches = [
        *_discrepancies(run, state.expectations, measured(run) & approved),
        *vanished(run, state.expectations, lost - missing.keys(), unknown),
        *(breach for breach in further if not _follows(breach, lost, unknown)),
    ]
    ours = {breach.place.operation for breach in breaches if breach.place.implementation in run.subjects}
    counting = [breach for breach in breaches if _counts(breach, run, other) and not _alone(breach, ours)]
    uncounted = [breach for breach in breaches if breach not in counting]
    unchecked = {name: list(missing.values()).count(name) for name in sorted(set(missing.values()))}
    return Holding(
        tuple(sorted(counting, key=order)),
        unchecked,
        tuple(sorted(uncounted, key=order)),
        other,
        rows | approved,
        frozenset(without_regions(state.accuracy)) & rows,
        untold,
    )


def _follows(breach: Breach, lost: Collection[Place], unknown: Collection[Place]) -> bool:
    """Whether the breach is told by the row's own: what is not measured has no errors and no votes either."""
    return (breach.kind is Kind.VANISHED and breach.place in lost) or (
        breach.kind is Kind.UNLISTED and breach.place in unknown
    )


def _alone(breach: Breach, ours: Collection[str]) -> bool:
    """Whether finite differences alone say so: truth, which has judged the same rule, is as it was."""
    by_differences = breach.place.implementation == OF_THE_SUBJECTS and breach.verdict is not None
    return by_differences and breach.place.operation not in ours


def _counts(breach: Breach, run: Run, other: Mapping[str, object]) -> bool:
    """Whether the breach is the code's, and not that of another platform.

    A rule of ours has to give the same verdicts everywhere, and keeps its bounds with the exp and log of other vector
    extensions too (docs/gate.md).  But the error on a witness whose truth cancels is what BLAS makes of it by its order
    of addition, and is held where one was recorded of this platform.  What a framework does depends on its version and
    the processor.  Both may look otherwise on other scenarios, which another Hypothesis draws.
    """
    implementation = breach.place.implementation
    if breach.platform:
        return False
    if breach.file == File.ACCURACY and (breach.kind is Kind.WORSE or breach.region):
        return "hypothesis" not in other
    if breach.verdict is None or implementation in (*run.subjects, OF_THE_SUBJECTS):
        return True
    return not {"simd", "hypothesis", implementation.partition(".")[0]} & other.keys()


def _discrepancies(run: Run, expectations: Expectations, places: Iterable[Place]) -> Iterator[Breach]:
    """What is new, worse or stale in the rows that were measured then and now."""
    places = set(places)
    found = {known: number for known, number in seen(run).items() if known.place in places}
    shown = _examples(run)
    stale = {known for known in expectations.known if known.place in places} - found.keys()
    for known in sorted(found.keys() - expectations.known.keys(), key=_by_place):
        better = _replaced(known, stale)
        number = count(found[known], "scenario")
        if better is None:
            kind, what, line = Kind.NEW, f"{known}: {number}, not approved", None
        else:
            stale -= {better}
            kind, line = Kind.WORSE, expectations.lines.get(better)
            what = f"{known}: {number}, where {better} was approved"
        yield Breach(kind, known.place, what, File.EXPECTED, line, known.verdict, shown.get(known))
    for known in sorted(stale, key=_by_place):
        what, line = f"{known}: approved, but no longer seen", expectations.lines.get(known)
        yield Breach(Kind.STALE, known.place, what, File.EXPECTED, line, known.verdict)


def _examples(run: Run) -> dict[Known, Discrepancy]:
    return {
        Known(place_of(row), found.verdict, found.cause): found
        for row in run.rows
        for found in row.discrepancies
    }


def _by_place(known: Known) -> tuple[Place, str]:
    return known.place, known.cause


def _replaced(known: Known, stale: set[Known]) -> Known | None:
    """The approved discrepancy of the same row that ``known``, being worse, took the place of."""
    candidates = [old for old in stale if old.place == known.place and old.verdict.rank < known.verdict.rank]
    return max(
        candidates, key=lambda old: (old.cause == known.cause, old.verdict.rank, old.cause), default=None
    )
