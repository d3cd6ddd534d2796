"""``expected.toml``: the approved discrepancies as a file that a person can read, edit and merge.

One statement a line, in an order that depends on the content alone, so that two branches which add to it merge line by
line.  What cannot be used is refused with file, line and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradassay.formats import FORMATS
from gradassay.vocabulary import Verdict
from reports.gate.expectations import APPROVE, Expectations, Known, Place
from reports.gate.reading import damaged, document, entries, line_of, strings
from reports.gate.writing import DTYPES, array, quoted, table

#: 2: one line for each discrepancy; ties are among them.
SCHEMA = 2
FIELDS = ("operation", "implementation", "dtype", "verdict", "cause", "reason")


def read(path: Path) -> Expectations:
    """Read ``path``; UsageError names file, line and remedy.

    An operation or implementation that nothing has is no error: the gate finds that it has vanished.
    """
    text, parsed = document(path, SCHEMA)
    numbers = {}
    for name, least in (("seed", 0), ("examples", 1)):
        value = parsed.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise damaged(
                path, line_of(text, name), f"{name} is {value!r}, should be a whole number from {least}"
            )
        numbers[name] = value
    lines: dict[Known | Place, int] = {}
    places = frozenset(_places(path, text, parsed.get("measured", {}), lines))
    if not places:
        what = "[measured] is missing or empty, so nothing could be held"
        raise damaged(path, line_of(text, r"\[measured"), what)
    reasons: dict[Known, str] = {}
    for line, entry in entries(path, text, parsed, "expected"):
        operation, implementation, dtype, verdict, cause, reason = strings(path, line, entry, FIELDS)
        if verdict not in {each.value for each in Verdict}:
            raise damaged(path, line, f"unknown verdict {verdict!r}")
        known = Known(Place(operation, implementation, _dtype(path, line, dtype)), Verdict(verdict), cause)
        if reasons.get(known, reason) != reason:
            raise damaged(path, line, "this entry stands there twice, with different reasons", "keep one")
        reasons[known], lines[known] = reason, line or 0
    platform = parsed.get("platform", {})
    if not isinstance(platform, dict) or not all(isinstance(value, str) for value in platform.values()):
        raise damaged(path, line_of(text, r"\[?platform"), "[platform] should be a table of strings")
    return Expectations(**numbers, measured=places, reasons=reasons, platform=platform, lines=lines)


def text(expectations: Expectations) -> str:
    """``expectations`` as TOML."""
    lines = [
        "# The approved discrepancies. `gradassay check` holds every run against them.",
        f"# Written by `{APPROVE}`; reasons may be edited by hand.",
        f"schema = {SCHEMA}",
        f"seed = {expectations.seed}",
        f"examples = {expectations.examples}",
        *array("expected", (_entry(known, expectations) for known in sorted(expectations.known, key=_order))),
    ]
    if expectations.platform:
        lines += ["", "[platform]", *(f"{name} = {quoted(v)}" for name, v in expectations.platform.items())]
    places = expectations.measured
    for operation in sorted({place.operation for place in places}):
        lines += ["", f"[measured.{quoted(operation, key=True)}]"]
        for implementation in sorted({p.implementation for p in places if p.operation == operation}):
            dtypes = [d for d in DTYPES if Place(operation, implementation, d) in places]
            lines.append(f"{quoted(implementation, key=True)} = [{', '.join(map(quoted, dtypes))}]")
    return "\n".join(lines) + "\n"


def _entry(known: Known, expectations: Expectations) -> str:
    values = (*known.place, known.verdict.value, known.cause, expectations.known[known])
    return table(zip(FIELDS, map(quoted, values), strict=True))


def _order(known: Known) -> tuple[Any, ...]:
    place = known.place
    dtype = DTYPES.index(place.dtype)
    return place.operation, place.implementation, dtype, known.verdict.rank, known.cause


def _places(path: Path, text: str, given: Any, lines: dict[Known | Place, int]) -> Iterable[Place]:
    for operation, implementations in given.items() if isinstance(given, dict) else ():
        where = line_of(text, rf"\[measured\.\"?{re.escape(operation)}") or 0
        if not isinstance(implementations, dict):
            what = f"measured.{operation} should be a table of implementation = [dtypes]"
            raise damaged(path, where, what)
        for implementation, dtypes in implementations.items():
            line = line_of(text, rf"\"?{re.escape(implementation)}\"?\s*=", after=where) or where
            if not isinstance(dtypes, list) or not all(isinstance(dtype, str) for dtype in dtypes):
                what = f"measured.{operation}.{implementation} should be a list of dtypes"
                raise damaged(path, line, what)
            for dtype in dtypes:
                place = Place(operation, implementation, _dtype(path, line, dtype))
                lines[place] = line
                yield place


def _dtype(path: Path, line: int | None, name: str) -> str:
    if name not in FORMATS:
        raise damaged(path, line, f"unknown dtype {name!r}; known: {', '.join(FORMATS)}")
    return name
