"""How exact the subjects have to stay (``accuracy.toml``): bounds on the errors of each of their rows.

``budget_ratio`` is the largest |error| / budget.  ``normwise`` is the typical norm-wise error in units of u: the
interquartile mean over the scenarios.  ``regions`` has, in the same units, the geometric mean over the scenarios of
each region, for what only a part of the inputs shows.  A run with the approved seed has the same scenarios, so
unchanged code has the same errors to the last bit; a bound leaves room for roundings that fall otherwise, and those of
whole rows leave none for a further one (docs/gate.md has what that finds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradassay.orders import operation_of, order_of
from gradassay.vocabulary import Row, Run
from reports.gate.expectations import given, place_of
from reports.gate.places import EVERYTHING, Place, Scope
from reports.numbers import count

#: The bound on a typical error is so many times what was measured.
MARGIN = 1.05
#: Order -> so many times that bound, for what BLAS adds up on another platform than that of the state.  Under the
#: kernels of OpenBLAS for processors without AVX2 unchanged code was up to 1.114 times as far off (affine, Prescott),
#: and at second order 1.137 times (grad(sigmoid_classifier), Nehalem); all other operations up to 1.044 times.
ELSEWHERE = {1: 1.07, 2: 1.09}
BY_BLAS = frozenset({"affine", "sigmoid_classifier", "softmax_regression", "sum"})

#: And that on the largest error/budget so many times.  The largest of a sample is an accident of its last bits: without
#: AVX512 it is 1.08 times as large in one row of 84, and with OpenBLAS's kernels for Nehalem up to 1.33 times in three.
RATIO_MARGIN = 1.35

#: From so many scenarios on: the factor of the bound of a region; of fewer there is none.  Without AVX512 and AVX2,
#: with sums in another order and other kernels of BLAS, regions of ten scenarios or more became worse by up to 1.49
#: times, and those of four by up to 6.9 times (long products in OpenBLAS's kernels for AVX512).  What one to three
#: scenarios show, taken out of a region, is up to 18 times worse then.
REGION_MARGINS = {10: 1.5, 4: 7.0}


@dataclass(frozen=True)
class Bound:
    """What the errors of one row may be."""

    budget_ratio: float
    normwise: float
    reason: str
    regions: Mapping[str, float] | None = None
    """Region -> what its typical norm-wise error may be; None in files of a time that did not hold them."""

    def keeps(self, row: Row) -> bool:
        """Whether ``row`` was shown to be as exact as this."""
        as_a_whole = row.worst.budget_ratio <= self.budget_ratio and row.typical <= self.normwise
        return as_a_whole and not self.broken(row)

    def broken(self, row: Row) -> list[str]:
        """The regions that were not shown to be as exact as this, the furthest off first."""
        bounds = self.regions or {}
        errors = {region: error for region, error in row.typical_by_region.items() if region in bounds}
        off = [region for region, error in errors.items() if not error <= bounds[region]]
        return sorted(off, key=lambda region: (bounds[region] / errors[region], region))


@dataclass(frozen=True)
class Accuracy:
    """The content of ``accuracy.toml``."""

    bounds: Mapping[Place, Bound]
    lines: Mapping[Place, int] = field(default_factory=dict, compare=False)
    """Where each of them stands in the file that it was read from."""


def approve(
    run: Run, before: Accuracy, reason: str, *, scope: Scope = EVERYTHING, new_only: bool = False
) -> Accuracy:
    """Accept the errors of the subjects of ``run``: a bound that is kept stays, unless it is too wide by now.

    A bound that is not kept, or wider than what would be written today, is written anew, with ``reason``; with
    ``new_only`` none is.  What lies outside of ``scope`` stays.
    """
    reason = given(reason)
    now = {place_of(row): row for row in rows(run)}
    bounds = {p: b for p, b in before.bounds.items() if p in now or p not in scope or new_only}
    for place, row in now.items():
        old, bound = before.bounds.get(place), bound_of(row, reason)
        if old is None:
            bounds[place] = bound
        elif new_only:
            bounds[place] = replace(old, regions={**(bound.regions or {}), **(old.regions or {})})
        else:
            bounds[place] = _renewed(old, row, bound)
    return Accuracy(bounds)


def _renewed(old: Bound, row: Row, new: Bound) -> Bound:
    """``old``, but ``new`` for an error that does not keep it, or is held closer today, and for regions without bounds.

    Where the regions were not held at all before, and nothing else changes, the reason stays.
    """

    def tighter(error: float, was: float | None, now: float) -> float:
        return was if was is not None and error <= was <= now else now

    then = old.regions or {}
    bound = replace(
        old,
        budget_ratio=tighter(row.worst.budget_ratio, old.budget_ratio, new.budget_ratio),
        normwise=tighter(row.typical, old.normwise, new.normwise),
        regions={
            region: tighter(row.typical_by_region[region], then.get(region), now)
            for region, now in (new.regions or {}).items()
        },
    )
    same = replace(old, regions=bound.regions) if old.regions is None else old
    return bound if bound == same else replace(bound, reason=new.reason)


def bound_of(row: Row, reason: str) -> Bound:
    """The bound that ``row`` asks for; at most the budget itself, unless it fails."""
    worst = row.worst.budget_ratio
    ratio = _up(worst * RATIO_MARGIN)
    regions = {
        region: _up(error * margin)
        for region, error in row.typical_by_region.items()
        if (margin := region_margin(row.regions.get(region, 0))) is not None
    }
    typical = _up(row.typical * MARGIN)
    return Bound(min(ratio, 1.0) if worst <= 1 else ratio, typical, reason, regions)


def elsewhere(accuracy: Accuracy) -> Accuracy:
    """The bounds for another BLAS or other vector extensions, which add up in another order."""
    wider = {
        place: replace(bound, normwise=_up(bound.normwise * ELSEWHERE[order_of(place.operation)]))
        for place, bound in accuracy.bounds.items()
        if operation_of(place.operation) in BY_BLAS
    }
    return replace(accuracy, bounds={**accuracy.bounds, **wider})


def region_margin(scenarios: int) -> float | None:
    """The factor of the bound of a region with so many scenarios; None where they are too few to say anything."""
    return next((margin for least, margin in REGION_MARGINS.items() if scenarios >= least), None)


def without_regions(accuracy: Accuracy) -> list[Place]:
    """The rows whose regions have no bounds, as the file is of a time that did not hold them."""
    return sorted(place for place, bound in accuracy.bounds.items() if bound.regions is None)


def change(old: Bound, new: Bound) -> str:
    """What became of a bound, in words."""
    told = []
    if (old.budget_ratio, old.normwise) != (new.budget_ratio, new.normwise):
        was = f"error/budget {old.budget_ratio}, norm-wise {old.normwise} u"
        told.append(f"{was} -> {new.budget_ratio}, {new.normwise} u")
    then, now = old.regions or {}, new.regions or {}
    moved = [
        f"{region} {then.get(region, 'none')} -> {now.get(region, 'none')}"
        for region in sorted(then.keys() | now.keys())
        if then.get(region) != now.get(region)
    ]
    if old.regions is None and moved:
        told.append(f"bounds for {count(len(now), 'region')}")
    elif moved:
        told.append(f"regions {', '.join(moved)} u")
    return "; ".join(told) or f"reason {old.reason!r} -> {new.reason!r}"


def rows(run: Run) -> Iterator[Row]:
    """The rows whose accuracy is held: those of the subjects."""
    return (row for row in run.rows if row.implementation in run.subjects and row.scenarios)


def _up(value: float) -> float:
    """``value`` rounded up to a thousandth: an error that is no more than that of a unit is none."""
    return max(math.ceil(value * 1000), 1) / 1000 if math.isfinite(value) else value
