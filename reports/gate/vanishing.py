"""Rows that were measured when the state was approved and are not now, and the other way about; names that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from gradassay.orders import operation_of, order_of
from gradassay.vocabulary import Run
from reports.gate.breaches import Breach, File, Kind
from reports.gate.expectations import Expectations, measured, seen
from reports.gate.places import Known, Place
from reports.numbers import count

#: Names as alike as this may be of one operation: ``softmax`` and ``soft_max``, not ``max`` and ``min``.
ALIKE = 0.6


def vanished(
    run: Run, expectations: Expectations, lost: Collection[Place], unknown: Collection[Place]
) -> Iterator[Breach]:
    """A breach for each operation or row that is only in the approved state (``lost``), or only here (``unknown``).

    An operation that is gone is renamed where one came, under a name alike, whose rows say the same.
    """
    gone = _operations(lost) - _operations(measured(run))
    came = _operations(unknown) - _operations(expectations.measured)
    then, now = frozenset(expectations.known), frozenset(seen(run))
    renamed: dict[str, str] = {}
    for old in sorted(gone):
        was = _profile(old, expectations.measured, then)
        left = sorted(came - set(renamed.values()))
        same = [
            name
            for name in left
            if order_of(name) == order_of(old) and _fits(was, _profile(name, measured(run), now))
        ]
        best = max(same, key=lambda name: _alike(old, name), default=None)
        if best is not None and _alike(old, best) >= ALIKE:
            renamed[old] = best
    for place, places in _gathered(lost, gone):
        kind, what = Kind.VANISHED, f"{count(len(places), 'row')} measured when approved, and not in this run"
        if place.operation in renamed:
            kind, what = Kind.RENAMED, f"it is {renamed[place.operation]} now, approved under its old name"
        lines = [expectations.lines[each] for each in places if each in expectations.lines]
        new = renamed.get(place.operation, "")
        yield Breach(kind, place, what, File.EXPECTED, min(lines, default=None), renamed=new)
    for place, places in _gathered([p for p in unknown if p.operation not in renamed.values()], came):
        what = f"{count(len(places), 'row')} measured now, and unknown to the approved state"
        yield Breach(Kind.UNLISTED, place, what)


class _Profile(NamedTuple):
    """All that is told of an operation, but for its name."""

    rows: frozenset[tuple[str, str]]
    found: frozenset[tuple[str, ...]]


def _profile(operation: str, places: Collection[Place], known: Collection[Known]) -> _Profile:
    rows = frozenset((p.implementation, p.dtype) for p in places if p.operation == operation)
    found = frozenset(
        (*known.place[1:], known.verdict, known.cause)
        for known in known
        if known.place.operation == operation
    )
    return _Profile(rows, found)


def _fits(old: _Profile, new: _Profile) -> bool:
    """Whether what both have says the same; a framework's function may not have found the new name yet."""
    common = old.rows & new.rows
    there = [{each for each in profile.found if each[:2] in common} for profile in (old, new)]
    return bool(common) and there[0] == there[1]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, operation_of(one), operation_of(other)).ratio()


def _operations(places: Collection[Place]) -> set[str]:
    return {place.operation for place in places}


def _gathered(places: Collection[Place], whole: Collection[str]) -> Iterator[tuple[Place, list[Place]]]:
    """The places one by one, but all of an operation together where all of it is concerned."""
    for name in sorted(_operations(places) & set(whole)):
        yield Place(name, "", ""), [place for place in sorted(places) if place.operation == name]
    for place in sorted(places):
        if place.operation not in whole:
            yield place, [place]
