"""``accuracy.toml``: the bounds on the subjects' errors as a file that a person can read, edit and merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.gate.accuracy import Accuracy, Bound, without_regions
from reports.gate.expectations import APPROVE
from reports.gate.places import Place
from reports.gate.reading import approving, damaged, document, entries, row, strings
from reports.gate.writing import DTYPES, array, key, quoted, table

#: 2: every bound has ``regions``; 1: not every one has, as at a time that did not hold them.
SCHEMA, WITHOUT_REGIONS = 2, 1
FIELDS = ("operation", "implementation", "dtype", "reason")
ERRORS = ("budget_ratio", "normwise")


def read(path: Path) -> Accuracy:
    """Read ``path``; UsageError names file, line and remedy."""
    text, parsed = document(path, SCHEMA, WITHOUT_REGIONS)
    if "bounds" not in parsed:
        raise damaged(path, None, "bounds is missing, so nothing could be held")
    bounds: dict[Place, Bound] = {}
    lines: dict[Place, int] = {}
    for line, entry in entries(path, text, parsed, "bounds"):
        operation, implementation, dtype, reason = strings(path, line, entry, FIELDS)
        place = row(path, line, operation, implementation, dtype)
        errors = {name: _error(path, line, entry, name) for name in ERRORS}
        bound = Bound(**errors, reason=reason, regions=_regions(path, line, entry, parsed["schema"]))
        if bounds.get(place, bound) != bound:
            raise damaged(path, line, f"there are two bounds for {' '.join(place)}", "keep one")
        bounds[place], lines[place] = bound, line or 0
    return Accuracy(bounds, lines)


def text(accuracy: Accuracy) -> str:
    """``accuracy`` as TOML, in an order that depends on the content alone."""
    places = sorted(accuracy.bounds, key=lambda p: (p.operation, p.implementation, DTYPES.index(p.dtype)))
    lines = [
        "# How exact the rules have to stay: bounds on the largest error/budget, and on the typical norm-wise error",
        f"# in u, also of each region (docs/gate.md). Written by `{APPROVE}`; may be edited by hand.",
        f"schema = {WITHOUT_REGIONS if without_regions(accuracy) else SCHEMA}",
        *array("bounds", (_entry(place, accuracy.bounds[place]) for place in places)),
    ]
    return "\n".join(lines) + "\n"


def _entry(place: Place, bound: Bound) -> str:
    values = {
        **{name: quoted(value) for name, value in place._asdict().items()},
        **{name: repr(float(getattr(bound, name))) for name in ERRORS},
        "reason": quoted(bound.reason),
    }
    if bound.regions is not None:
        regions = ((key(name), repr(float(value))) for name, value in sorted(bound.regions.items()))
        values["regions"] = table(regions)
    return table(values.items())


def _regions(path: Path, line: int | None, entry: Any, schema: int) -> dict[str, float] | None:
    found = entry.get("regions")
    if found is None and schema == WITHOUT_REGIONS:
        return None
    if not isinstance(found, dict):
        what = "this entry has no regions (a table of numbers)"
        raise damaged(
            path,
            line,
            what,
            f"restore them, or make it schema = {WITHOUT_REGIONS} and run: {approving(path.parent)}",
        )
    return {region: _error(path, line, found, region, "the bound of region ") for region in found}


def _error(path: Path, line: int | None, entry: Any, name: str, what: str = "") -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise damaged(path, line, f"{what}{name} is {value!r}, should be a number from 0")
    return float(value)
