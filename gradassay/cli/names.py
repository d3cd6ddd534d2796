"""Names on the command line: split at commas, and completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem


class Names(click.ParamType[tuple[str, ...]]):
    """``a,b,c`` -> ("a", "b", "c"); what the names mean is judged by whoever uses them."""

    name = "a,b,..."

    def __init__(self, known: Callable[[], Iterable[str]]) -> None:
        self._known = known
        """The names to complete from, looked up when the shell asks."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the name behind the last comma."""
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(before + comma + name) for name in beginning(self._known(), last)]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas; an empty list is an error and not *all*."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        if not names:
            self.fail("expected at least one name", param, ctx)
        return names


def beginning(names: Iterable[str], with_: str) -> list[str]:
    """Those of ``names`` that begin so."""
    return [name for name in names if name.startswith(with_)]
