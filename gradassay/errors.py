"""The errors that are the caller's to mend; the command line turns each into one line and exit code 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class UsageError(ValueError):
    """Input that cannot be used: names the thing, the value and the remedy."""

    @classmethod
    def unknown(cls, kind: str, name: str, known: Sequence[str]) -> UsageError:
        """The error for a name that is not among ``known``, with the closest of them."""
        from difflib import get_close_matches  # only a mistake pays for the import

        close = get_close_matches(name, known, n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        return cls(f"unknown {kind} {name!r}; known: {', '.join(known)}{guess}")


class UnsupportedFunctionError(UsageError):
    """A definition used a NumPy function that the ``exact`` comparator does not know."""


def types_of(returned: Any) -> str:
    """What a function returned, in the words of an error: ``ndarray``, or ``(ndarray, list)`` of a tuple."""
    if isinstance(returned, tuple):
        return f"({', '.join(type(part).__name__ for part in returned)})"
    return type(returned).__name__
