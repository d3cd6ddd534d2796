"""Pieces of Markdown, in GitHub's dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, and an empty one; cells are escaped already."""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def bullets(items: Iterable[str]) -> Iterator[str]:
    """A line for each item, and an empty one where there are any."""
    lines = [f"- {item}" for item in items]
    if lines:
        yield from lines
        yield ""


def code(text: str) -> str:
    """As it is, in the type of programs."""
    return f"`{text}`"


def escape(text: str) -> str:
    """Keep what a library wrote in an error message from becoming markup."""
    for sign, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("|", "\\|"),
        ("*", "\\*"),
        ("_", "\\_"),
    ):
        text = text.replace(sign, entity)
    return " ".join(text.split())
