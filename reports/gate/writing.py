"""Lines of TOML that merge: one table a line.

tomlkit writes inline tables inside of an array on one line for all of them, so the lines are made here; the strings
are TOML's own.
"""

from __future__ import annotations

from collections.abc import Iterable

import tomlkit

from gradassay.formats import FORMATS

#: In the order of the report.
DTYPES = tuple(FORMATS)


def quoted(value: str) -> str:
    """``value`` as a string of TOML."""
    return tomlkit.item(value).as_string()


def table(entries: Iterable[tuple[str, str]]) -> str:
    """``{ a = 1, b = "two" }`` of names and values as TOML has them."""
    return f"{{ {', '.join(f'{name} = {value}' for name, value in entries)} }}"


def array(name: str, tables: Iterable[str]) -> list[str]:
    """An array of tables, one a line."""
    return [f"{name} = [", *(f"  {each}," for each in tables), "]"]
