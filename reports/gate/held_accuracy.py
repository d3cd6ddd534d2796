"""The subjects' errors held against their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradassay.vocabulary import Row, Run, Witness
from reports.gate.accuracy import Accuracy, Bound, rows
from reports.gate.breaches import Breach, File, Kind
from reports.gate.expectations import EVERYTHING, Place, Scope, measured, place_of
from reports.gate.votes import risen, votes
from reports.numbers import short


def held_accuracy(
    run: Run, accuracy: Accuracy, stored: Mapping[str, Witness], scope: Scope = EVERYTHING
) -> Iterator[Breach]:
    """Every bound that is not kept, and every row or bound without its other half.

    ``stored`` are the approved witnesses: the one whose error rose most shows where.
    """
    now = {place_of(row): row for row in rows(run)}
    for place, row in now.items():
        bound = accuracy.bounds.get(place)
        if bound is None:
            yield Breach(Kind.UNLISTED, place, "its errors have no bound", File.ACCURACY)
        elif not bound.keeps(row):
            line = accuracy.lines.get(place)
            shown = _witness(run, place, stored)
            said = f"{_errors(row, bound)}{f'; witness {shown.id} shows it' if shown else ''}"
            told = votes(stored[shown.id], shown) if shown else ()
            failing = row.discrepancies[0].example.scenario if row.fails and row.discrepancies else None
            scenario = shown.scenario if shown else failing or row.hardest
            yield Breach(Kind.WORSE, place, said, File.ACCURACY, line, scenario=scenario, votes=told)
    for place in sorted(accuracy.bounds.keys() - now.keys()):
        if place in scope and place not in measured(run):
            what, line = "its errors have a bound, and it was not measured", accuracy.lines.get(place)
            yield Breach(Kind.VANISHED, place, what, File.ACCURACY, line)


def _errors(row: Row, bound: Bound) -> str:
    """What is beyond the bound."""
    told = []
    if not row.typical <= bound.normwise:
        errors = f"{short(row.typical, 3)} u, bound {short(bound.normwise, 3)} u"
        told.append(f"less accurate: the typical norm-wise error is {errors}")
    if not row.worst.budget_ratio <= bound.budget_ratio:
        errors = f"{short(row.worst.budget_ratio, 3)} of its budget, bound {short(bound.budget_ratio, 3)}"
        told.append(f"the largest error is {errors}")
    return ", and ".join(told)


def _witness(run: Run, place: Place, stored: Mapping[str, Witness]) -> Witness | None:
    """The replayed witness of that row whose error rose most; None where none did."""
    of_row = [
        witness
        for witness in run.replayed
        if (witness.scenario.operation, witness.scenario.dtype) == (place.operation, place.dtype)
        and witness.id in stored
        and risen(stored[witness.id], witness, place.implementation) > 1
    ]
    return max(of_row, key=lambda w: risen(stored[w.id], w, place.implementation), default=None)
