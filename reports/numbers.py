"""Numbers for people: short, but never 0 or 1 (or the expected value) where it is not exactly that."""

from __future__ import annotations

import math
from collections.abc import Iterator


def short(value: float | None, digits: int = 3) -> str:
    """``value`` to ``digits`` significant digits; a few more, or ``<``, where that would read 0 or ±1 falsely."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(float(value))
    for text in _texts(value, digits):
        if float(text) == value or float(text) not in (0.0, 1.0, -1.0):
            return text
        if len(text) > digits + 2 or float(text) in (1.0, -1.0):
            return f"{'<' if value < float(text) else '>'}{text}"
    return repr(float(value))


def apart(first: float | None, second: float | None, digits: int = 6) -> tuple[str, str]:
    """Two values with as many digits as it takes to tell them apart."""
    if (
        first is None
        or second is None
        or first == second
        or not (math.isfinite(first) and math.isfinite(second))
    ):
        return short(first, digits), short(second, digits)
    for more in range(digits, 18):
        texts = short(first, more), short(second, more)
        if texts[0] != texts[1]:
            return texts
    return repr(float(first)), repr(float(second))


def count(number: int, singular: str, plural: str | None = None) -> str:
    """``1 scenario``, ``1,200 scenarios``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _texts(value: float, digits: int) -> Iterator[str]:
    """Longer and longer texts of ``value``; the last one is exact."""
    for more in range(digits, 17):
        yield _tidy(f"{value:.{more}g}")
    yield repr(float(value))


def _tidy(text: str) -> str:
    """``1.5e+07`` -> ``1.5e7``."""
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa
