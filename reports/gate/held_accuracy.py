"""The subjects' errors held against their bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gradassay.vocabulary import Row, Run, Scenario, Witness
from reports.gate.accuracy import Accuracy, Bound, region_margin, rows
from reports.gate.breaches import Breach, File, Kind
from reports.gate.expectations import measured, place_of
from reports.gate.places import EVERYTHING, Place, Scope
from reports.gate.votes import risen, votes
from reports.numbers import apart


def held_accuracy(
    run: Run, accuracy: Accuracy, stored: Mapping[str, Witness], scope: Scope = EVERYTHING
) -> Iterator[Breach]:
    """Every bound that is not kept, and every row, region or bound without its other half.

    ``stored`` are the approved witnesses: the one whose error rose most shows where.
    """
    now = {place_of(row): row for row in rows(run)}
    for place, row in now.items():
        bound = accuracy.bounds.get(place)
        if bound is None:
            yield Breach(Kind.UNLISTED, place, "its errors have no bound", File.ACCURACY)
            continue
        line = accuracy.lines.get(place)
        if not bound.keeps(row):
            broken = bound.broken(row)
            only = [] if _as_a_whole(row, bound) else broken
            shown = _witness(run, place, stored, only)
            said = f"{_errors(row, bound)}{f'; witness {shown.id} shows it' if shown else ''}"
            told = votes(stored[shown.id], shown) if shown else ()
            scenario = shown.scenario if shown else _example(row, only)
            region = broken[0] if broken else ""
            yield Breach(
                Kind.WORSE, place, said, File.ACCURACY, line, scenario=scenario, votes=told, region=region
            )
        yield from _unpaired(row, bound, line)
    for place in sorted(accuracy.bounds.keys() - now.keys()):
        if place in scope and place not in measured(run):
            what, line = "its errors have a bound, and it was not measured", accuracy.lines.get(place)
            yield Breach(Kind.VANISHED, place, what, File.ACCURACY, line)


def _errors(row: Row, bound: Bound) -> str:
    """What is beyond the bounds."""
    broken = bound.broken(row)
    told = [part for part in (_as_a_whole(row, bound),) if part]
    if broken:
        region = broken[0]
        error, limit = row.typical_by_region[region], (bound.regions or {})[region]
        more = f", and so is {', '.join(broken[1:])}" if broken[1:] else ""
        told.append(f"less accurate in region {region}: {_against(error, limit, ' u')}{more}")
    return "; ".join(told)


def _as_a_whole(row: Row, bound: Bound) -> str:
    """What is beyond the bounds on all scenarios together."""
    told = []
    if not row.typical <= bound.normwise:
        errors = _against(row.typical, bound.normwise, " u")
        told.append(f"less accurate: the typical norm-wise error is {errors}")
    if not row.worst.budget_ratio <= bound.budget_ratio:
        now, limit = apart(row.worst.budget_ratio, bound.budget_ratio, 3)
        told.append(f"the largest error is {now} of its budget, bound {limit}")
    return ", and ".join(told)


def _against(error: float, bound: float, unit: str) -> str:
    now, limit = apart(error, bound, 3)
    return f"{now}{unit}, bound {limit}{unit}"


def _unpaired(row: Row, bound: Bound, line: int | None) -> Iterator[Breach]:
    """Regions that have no bound, and bounds that have no region, where regions are held at all."""
    if bound.regions is None:
        return
    held = {region for region in row.typical_by_region if region_margin(row.regions.get(region, 0))}
    place = place_of(row)
    for region in sorted(held - bound.regions.keys()):
        what = f"the errors of region {region} have no bound"
        yield Breach(Kind.UNLISTED, place, what, File.ACCURACY, line, region=region)
    for region in sorted(bound.regions.keys() - row.typical_by_region.keys()):
        what = f"the errors of region {region} have a bound, and it was not measured"
        yield Breach(Kind.VANISHED, place, what, File.ACCURACY, line, region=region)


def _example(row: Row, only: Sequence[str]) -> Scenario | None:
    """What shows it: of the first of those regions, where they alone show it, or what fails, or else the hardest."""
    if only:
        return row.hardest_by_region.get(only[0])
    return row.discrepancies[0].example.scenario if row.fails and row.discrepancies else row.hardest


def _witness(
    run: Run, place: Place, stored: Mapping[str, Witness], regions: Collection[str]
) -> Witness | None:
    """The replayed witness of that row, and of those regions if there are any, whose error rose most, if one did."""
    of_row = [
        witness
        for witness in run.replayed
        if (witness.scenario.operation, witness.scenario.dtype) == (place.operation, place.dtype)
        and witness.id in stored
        and (not regions or witness.scenario.region in regions)
        and risen(stored[witness.id], witness, place.implementation) > 1
    ]
    return max(of_row, key=lambda w: risen(stored[w.id], w, place.implementation), default=None)
