"""``expected.toml``: the approved state as a file that a person can read, edit and merge.

What cannot be used is refused with file, line and remedy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from gradassay.errors import UsageError
from gradassay.vocabulary import Verdict
from reports.expectations import APPROVE, Expectations, Known, Place

SCHEMA = 1


def read(path: Path, known: Mapping[str, Collection[str]] | None = None) -> Expectations:
    """Read ``path``; UsageError names file, line and remedy.

    ``known`` holds the names that exist, for each field of a Place; any other is an error then. Whoever writes
    the file anew, and so drops what is no longer there, leaves it out.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no approved state to hold against; make one with: {APPROVE}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); restore it from version control") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"line (\d+)", str(error))
        line = int(told[1]) if told else len(text.splitlines())  # else: at the end of the document
        raise _damaged(path, line, f"not TOML: {error}") from error
    return _parse(path, text, document, known or {})


def text(expectations: Expectations) -> str:
    """``expectations`` as TOML, in an order that depends on the content alone."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("The approved state of the comparison. `gradassay check` holds every run against it.")
    )
    document.add(tomlkit.comment(f"Written by `{APPROVE}`; reasons may be edited by hand."))
    document.add("schema", tomlkit.item(SCHEMA))
    document.add("seed", tomlkit.item(expectations.seed))
    document.add("examples", tomlkit.item(expectations.examples))
    if expectations.platform:
        platform = tomlkit.table()
        for name, value in expectations.platform.items():
            platform.add(name, tomlkit.item(value))
        document.add("platform", platform)
    table = tomlkit.table(is_super_table=True)
    for operation in sorted({place.operation for place in expectations.measured}):
        inner = tomlkit.table()
        places = [place for place in expectations.measured if place.operation == operation]
        for implementation in sorted({place.implementation for place in places}):
            dtypes = sorted((p.dtype for p in places if p.implementation == implementation), key=_dtype_order)
            inner.add(tomlkit.key(implementation), tomlkit.item(dtypes))
        table.add(operation, inner)
    document.add("measured", table)
    entries = tomlkit.aot()
    for known in sorted(expectations.known, key=_order):
        entry = tomlkit.table()
        for name, value in (
            *known.place._asdict().items(),
            ("verdict", known.verdict.value),
            ("cause", known.cause),
        ):
            entry.add(name, tomlkit.item(value))
        entry.add("reason", tomlkit.item(expectations.known[known]))
        entries.append(entry)
    if entries:
        document.add("expected", entries)
    return tomlkit.dumps(document)


def _dtype_order(name: str) -> tuple[int, str]:
    order = ("float64", "float32", "float16", "bfloat16")
    return (order.index(name) if name in order else len(order), name)


def _order(known: Known) -> tuple[Any, ...]:
    place = known.place
    return place.operation, place.implementation, _dtype_order(place.dtype), known.verdict.rank, known.cause


def _parse(
    path: Path, text: str, document: Mapping[str, Any], names: Mapping[str, Collection[str]]
) -> Expectations:
    if document.get("schema") != SCHEMA:
        raise _damaged(
            path, _line(text, r"schema"), f"schema is {document.get('schema')!r}, should be {SCHEMA}"
        )
    numbers = {}
    for name, least in (("seed", 0), ("examples", 1)):
        value = document.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise _damaged(
                path, _line(text, name), f"{name} is {value!r}, should be a whole number from {least}"
            )
        numbers[name] = value
    places = frozenset(_places(path, text, document.get("measured", {}), names))
    if not places:
        raise _damaged(
            path, _line(text, r"\[measured"), "[measured] is missing or empty, so nothing could be held"
        )
    reasons: dict[Known, str] = {}
    entries = document.get("expected", [])
    starts = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(r"\s*\[\[\s*expected\s*\]\]", line)
    ]
    if not isinstance(entries, list):
        raise _damaged(path, _line(text, r"\[?expected"), "expected should be [[expected]] entries")
    for i, entry in enumerate(entries):
        line = starts[i] if i < len(starts) else None
        known, reason = _entry(path, line, entry)
        _insist_on_names(path, line, names, **known.place._asdict())
        if known in reasons:
            raise _damaged(path, line, "this [[expected]] entry stands there twice")
        reasons[known] = reason
    platform = document.get("platform", {})
    if not isinstance(platform, dict) or not all(isinstance(value, str) for value in platform.values()):
        raise _damaged(path, _line(text, r"\[?platform"), "[platform] should be a table of strings")
    return Expectations(**numbers, measured=places, reasons=reasons, platform=platform)


def _places(path: Path, text: str, table: Any, names: Mapping[str, Collection[str]]) -> Iterable[Place]:
    for operation, implementations in table.items() if isinstance(table, dict) else ():
        where = _line(text, rf"\[measured\.\"?{re.escape(operation)}")
        _insist_on_names(path, where, names, operation=operation)
        if not isinstance(implementations, dict):
            raise _damaged(
                path, where, f"measured.{operation} should be a table of implementation = [dtypes]"
            )
        for implementation, dtypes in implementations.items():
            if not isinstance(dtypes, list) or not all(isinstance(dtype, str) for dtype in dtypes):
                raise _damaged(
                    path, where, f"measured.{operation}.{implementation} should be a list of dtypes"
                )
            line = _line(text, rf"\"?{re.escape(implementation)}\"?\s*=", after=where or 0) or where
            for dtype in dtypes:
                _insist_on_names(path, line, names, implementation=implementation, dtype=dtype)
                yield Place(operation, implementation, dtype)


def _insist_on_names(
    path: Path, line: int | None, names: Mapping[str, Collection[str]], **given: str
) -> None:
    for kind, name in given.items():
        if kind in names and name not in names[kind]:
            what = f"unknown {kind} {name!r}; known: {', '.join(names[kind])}"
            raise _damaged(path, line, what, f"correct it, or run: {APPROVE}")


def _entry(path: Path, line: int | None, entry: Any) -> tuple[Known, str]:
    names = ("operation", "implementation", "dtype", "verdict", "cause", "reason")
    if not isinstance(entry, dict):
        raise _damaged(path, line, "an [[expected]] entry should be a table")
    for name in names:
        if not isinstance(entry.get(name), str):
            raise _damaged(path, line, f"an [[expected]] entry has no {name} (a string)")
    operation, implementation, dtype, verdict, cause, reason = (entry[name] for name in names)
    if verdict not in {each.value for each in Verdict}:
        raise _damaged(path, line, f"unknown verdict {verdict!r}")
    if not reason.strip():
        raise _damaged(path, line, "an [[expected]] entry has an empty reason")
    return Known(Place(operation, implementation, dtype), Verdict(verdict), cause), reason


def _line(text: str, pattern: str, after: int = 0) -> int | None:
    """Number of the first line that begins with ``pattern``, of those behind line ``after``."""
    lines = enumerate(text.splitlines(), 1)
    return next((n for n, line in lines if n > after and re.match(rf"\s*{pattern}", line)), None)


def _damaged(
    path: Path,
    line: int | None,
    what: str,
    remedy: str = f"restore it from version control, or delete it and run: {APPROVE}",
) -> UsageError:
    where = f"{path}:{line}" if line else str(path)
    return UsageError(f"{where}: {what}; {remedy}")
