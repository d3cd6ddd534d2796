"""Lines of TOML that merge: one table a line.

tomlkit writes inline tables inside of an array on one line for all of them, so the lines are made here; the strings
are TOML's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import tomlkit

from gradassay.formats import FORMATS

#: In the order of the report.
DTYPES = tuple(FORMATS)


def quoted(value: str) -> str:
    """``value`` as a string of TOML."""
    return tomlkit.item(value).as_string()


def key(name: str) -> str:
    """``name`` as a key of TOML, bare where it may be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)


def table(entries: Iterable[tuple[str, str]]) -> str:
    """``{ a = 1, b = "two" }`` of names and values as TOML has them."""
    inner = ", ".join(f"{name} = {value}" for name, value in entries)
    return f"{{ {inner} }}" if inner else "{}"


def array(name: str, tables: Iterable[str]) -> list[str]:
    """An array of tables, one a line."""
    return [f"{name} = [", *(f"  {each}," for each in tables), "]"]
