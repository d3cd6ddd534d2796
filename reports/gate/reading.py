"""What the approved files have in common: TOML with one statement a line, refused with file, line and remedy."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.orders import is_name, order_of
from reports.gate import FOLDER
from reports.gate.places import OURS, Place

#: What git leaves around the two sides of a conflict.
MARKS = r"(<{7}|={7}|>{7}|\|{7})"
#: What is the matter then, and what to do.
UNMERGED = (
    "a merge left its marks here; both sides of it can stay, as each line is a statement",
    "delete the marks, and of two lines about one thing the wrong one",
)


def document(path: Path, *schemas: int) -> tuple[str, Mapping[str, Any]]:
    """The text of ``path`` and what it says; UsageError where it is not there, no TOML, or of none of ``schemas``."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        remedy = f"there is no approved state to hold against; make one with: {approving(path.parent)}"
        raise UsageError(f"{path}: {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); restore it from version control") from error
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"line (\d+)", str(error))
        line = int(told[1]) if told else len(text.splitlines())  # else: at the end of the document
        conflict = line_of(text, MARKS)
        if conflict is not None:
            raise damaged(path, conflict, *UNMERGED) from error
        twice = _twice(text)
        if twice is not None:
            again, name, first = twice
            what = f"two lines name {name}, this one and line {first}, as a merge of two branches leaves them"
            raise damaged(path, again, what, "keep one; of two arrays, the entries of both") from error
        raise damaged(path, line, f"not TOML: {error}") from error
    schema = parsed.get("schema")
    if isinstance(schema, (bool, float)) or schema not in schemas:  # true and 1.0 are equal to 1
        what = f"schema is {parsed.get('schema')!r}, should be {' or '.join(map(str, schemas))}"
        raise damaged(path, line_of(text, r"schema"), what)
    return text, parsed


def entries(path: Path, text: str, parsed: Mapping[str, Any], name: str) -> list[tuple[int | None, Any]]:
    """The tables of the array ``name``, each with its line."""
    found = parsed.get(name, [])
    start = line_of(text, rf"{name}\s*=") or 0
    if not isinstance(found, list):
        raise damaged(path, start, f"{name} should be an array of tables, one a line")
    end = line_of(text, r"\]", after=start) or 0
    lines = [n for n, line in enumerate(text.splitlines()[:end], 1) if n > start and re.match(r"\s*\{", line)]
    return [(lines[i] if len(lines) == len(found) else start or None, entry) for i, entry in enumerate(found)]


def strings(path: Path, line: int | None, entry: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """The values of ``names`` in a table, all of them strings."""
    if not isinstance(entry, dict):
        raise damaged(path, line, "this entry should be a table")
    for name in names:
        if not isinstance(entry.get(name), str):
            raise damaged(path, line, f"this entry has no {name} (a string)")
    if not entry.get("reason", " reason").strip():
        raise damaged(path, line, "this entry has an empty reason")
    return tuple(entry[name] for name in names)


def named(path: Path, line: int | None, operation: str) -> str:
    """``operation``; UsageError where nothing can be called so, such as ``grad(relu``."""
    if not is_name(operation):
        what = f"{operation!r} is no name of an operation: letters, digits and _, alone or as grad(NAME)"
        raise damaged(path, line, what)
    return operation


def row(path: Path, line: int | None, operation: str, implementation: str, dtype: str) -> Place:
    """The row of those names; UsageError where none can be called so, or where the gate holds none of them."""
    place = Place(named(path, line, operation), implementation, dtype)
    if dtype not in FORMATS:
        raise damaged(path, line, f"unknown dtype {dtype!r}; known: {', '.join(FORMATS)}")
    if order_of(operation) == 2 and implementation != OURS:
        what = f"{operation} of {implementation}: the second order is held of {OURS} alone"
        raise damaged(path, line, what, "delete this entry; gradassay compare --order 2 has the others")
    return place


def line_of(text: str, pattern: str, after: int = 0) -> int | None:
    """Number of the first line that begins with ``pattern``, of those behind line ``after``."""
    lines = enumerate(text.splitlines(), 1)
    return next((n for n, line in lines if n > after and re.match(rf"\s*{pattern}", line)), None)


def _twice(text: str) -> tuple[int, str, int] | None:
    """The line that names a key again, the key, and the line that names it first."""
    first: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key = re.match(r"([\w-]+)\s*=", line)
        if key and first.setdefault(key[1], number) != number:
            return number, key[1], first[key[1]]
    return None


def damaged(path: Path, line: int | None, what: str, remedy: str | None = None) -> UsageError:
    """The error that names file, line, what is the matter and the remedy."""
    if remedy is None:
        again = approving(path.parent)
        remedy = f"correct it, restore it from version control, or delete it and run: {again}"
    where = f"{path}:{line}" if line else str(path)
    return UsageError(f"{where}: {what}; {remedy}")


def approving(folder: Path, what: str = "") -> str:
    """The command that writes the state in ``folder``, or ``what`` of it."""
    there = "" if str(folder) == FOLDER else f" --approved {shlex.quote(str(folder))}"
    return f"gradassay approve{what}{there} --reason TEXT"
