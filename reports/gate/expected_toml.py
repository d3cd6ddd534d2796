"""``expected.toml``: the approved discrepancies as a file that a person can read, edit and merge.

One statement a line, in an order that depends on the content alone, so that two branches which add to it merge line by
line.  What cannot be used is refused with file, line and remedy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gradassay.vocabulary import Verdict
from reports.gate.expectations import APPROVE, Expectations
from reports.gate.places import Known, Listed, Place
from reports.gate.reading import damaged, document, entries, line_of, named, row, strings
from reports.gate.writing import DTYPES, array, quoted, table

#: 3: the second order is held; 2: not of every operation, as at a time that did not. One line for each discrepancy and
#: each row that was measured; ties are among them. Witnesses are listed where an approval wrote the file since, and the
#: platform is an array of tables since, and a table before.
SCHEMA, FIRST_ORDER = 3, 2
FIELDS = ("operation", "implementation", "dtype", "verdict", "cause", "reason")
ROW = ("operation", "implementation", "dtypes")
WITNESS = ("operation", "id")
PART = ("name", "version")


def read(path: Path) -> Expectations:
    """Read ``path``; UsageError names file, line and remedy.

    An operation or implementation that nothing has is no error: the gate finds that it has vanished.
    """
    text, parsed = document(path, SCHEMA, FIRST_ORDER)
    numbers = {}
    for name, least in (("seed", 0), ("examples", 1)):
        value = parsed.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise damaged(
                path, line_of(text, name), f"{name} is {value!r}, should be a whole number from {least}"
            )
        numbers[name] = value
    lines: dict[Known | Place, int] = {}
    for line, entry in entries(path, text, parsed, "measured"):
        lines |= dict.fromkeys(_places(path, line, entry), line or 0)
    places = frozenset(place for place in lines if isinstance(place, Place))
    if not places:
        what = "measured is missing or empty, so nothing could be held"
        raise damaged(path, line_of(text, r"measured\b"), what)
    reasons: dict[Known, str] = {}
    for line, entry in entries(path, text, parsed, "expected"):
        operation, implementation, dtype, verdict, cause, reason = strings(path, line, entry, FIELDS)
        if verdict not in {each.value for each in Verdict}:
            raise damaged(path, line, f"unknown verdict {verdict!r}")
        known = Known(row(path, line, operation, implementation, dtype), Verdict(verdict), cause)
        if reasons.get(known, reason) != reason:
            raise damaged(path, line, "this entry stands there twice, with different reasons", "keep one")
        reasons[known], lines[known] = reason, line or 0
    listed: dict[Listed, int] = {}
    for line, entry in entries(path, text, parsed, "witnesses"):
        operation, name = strings(path, line, entry, WITNESS)
        listed[named(path, line, operation), name] = line or 0
    return Expectations(
        **numbers,
        measured=places,
        reasons=reasons,
        second_order=parsed["schema"] == SCHEMA,
        platform=_platform(path, text, parsed),
        witnesses=frozenset(listed) if "witnesses" in parsed else None,
        lines=lines,
        witness_lines=listed,
    )


def text(expectations: Expectations) -> str:
    """``expectations`` as TOML."""
    lines = [
        "# The approved discrepancies. `gradassay check` holds every run against them.",
        f"# Written by `{APPROVE}`; reasons may be edited by hand.",
        f"schema = {SCHEMA if expectations.second_order else FIRST_ORDER}",
        f"seed = {expectations.seed}",
        f"examples = {expectations.examples}",
        *array("expected", (_entry(known, expectations) for known in sorted(expectations.known, key=_order))),
        *array("measured", _measured(expectations.measured)),
    ]
    if expectations.witnesses is not None:
        lines += array("witnesses", (_strings(WITNESS, each) for each in sorted(expectations.witnesses)))
    if expectations.platform:
        lines += array("platform", (_strings(PART, each) for each in sorted(expectations.platform.items())))
    return "\n".join(lines) + "\n"


def _strings(names: Iterable[str], values: Iterable[str]) -> str:
    return table(zip(names, map(quoted, values), strict=True))


def _entry(known: Known, expectations: Expectations) -> str:
    values = (*known.place, known.verdict.value, known.cause, expectations.known[known])
    return _strings(FIELDS, values)


def _order(known: Known) -> tuple[Any, ...]:
    place = known.place
    dtype = DTYPES.index(place.dtype)
    return place.operation, place.implementation, dtype, known.verdict.rank, known.cause


def _measured(places: Collection[Place]) -> Iterator[str]:
    for operation, implementation in sorted({place[:2] for place in places}):
        dtypes = [quoted(d) for d in DTYPES if Place(operation, implementation, d) in places]
        values = (quoted(operation), quoted(implementation), f"[{', '.join(dtypes)}]")
        yield table(zip(ROW, values, strict=True))


def _places(path: Path, line: int | None, entry: Any) -> Iterator[Place]:
    operation, implementation = strings(path, line, entry, ROW[:2])
    dtypes = entry.get("dtypes")
    if not isinstance(dtypes, list) or not dtypes or not all(isinstance(dtype, str) for dtype in dtypes):
        raise damaged(path, line, "this entry has no dtypes (a list of their names)")
    for dtype in dtypes:
        yield row(path, line, operation, implementation, dtype)


def _platform(path: Path, text: str, parsed: Mapping[str, Any]) -> dict[str, str]:
    """Name -> version, of an array of tables, or of the table that an earlier approval wrote."""
    found = parsed.get("platform", [])
    if isinstance(found, dict) and all(isinstance(version, str) for version in found.values()):
        return found
    platform: dict[str, str] = {}
    for line, entry in entries(path, text, parsed, "platform"):
        name, version = strings(path, line, entry, PART)
        if platform.setdefault(name, version) != version:
            what = f"two lines name {name}, {platform[name]} and {version}"
            raise damaged(path, line, what, "keep one")
    return platform
