"""The error for a function that a definition may not use."""

from __future__ import annotations

from gradassay.errors import UnsupportedFunctionError


def refuse(name: str) -> UnsupportedFunctionError:
    """The error for a function that the tape does not know."""
    return UnsupportedFunctionError(f"a definition may not use np.{name}; supported are: {supported()}")


def supported() -> str:
    """The names of everything that a definition may use."""
    from comparators.exact.functions import FUNCTIONS, UFUNCS

    names = {ufunc.__name__ for ufunc in UFUNCS} | {function.__name__ for function in FUNCTIONS}
    return ", ".join(sorted(names))
