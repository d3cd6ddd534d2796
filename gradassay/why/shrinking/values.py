"""Simpler numbers: 0, 1, -1, 2, small integers, then one, two, three digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Scenario
from gradassay.why.shrinking.parts import COTANGENT, arrays_of, with_arrays

#: Simplest first; a cotangent of 0 hides what it meets, so that its simplest is 1.
PLAIN = (0.0, 1.0, -1.0, 2.0)
PLAIN_COTANGENT = (1.0, 0.0, -1.0, 2.0)
DIGITS = (1, 2, 3)


@dataclass(frozen=True)
class Span:
    """Entries ``start`` to ``stop`` of one array, flat."""

    name: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many entries."""
        return self.stop - self.start


def whole_spans(scenario: Scenario) -> list[Span]:
    """All entries of each array of numbers."""
    arrays = arrays_of(scenario).items()
    return [Span(name, 0, x.size) for name, x in arrays if x.size and x.dtype.kind != "b"]


def halves(span: Span) -> list[Span]:
    """The two halves of a span; none of a single entry."""
    middle = (span.start + span.stop) // 2
    return [Span(span.name, span.start, middle), Span(span.name, middle, span.stop)] if span.size > 1 else []


def rounded_together(scenario: Scenario) -> Iterator[Scenario]:
    """Every floating number of the scenario with few digits, fewest first."""
    arrays = {name: x for name, x in arrays_of(scenario).items() if x.size and is_floating(x.dtype)}
    for change in (_whole, *map(_to_digits, DIGITS)):
        yield with_arrays(scenario, {name: _changed(x, change) for name, x in arrays.items()})


def simpler_values(scenario: Scenario, span: Span) -> Iterator[Scenario]:
    """The scenario with the entries of a span simpler, the simplest first."""
    array = arrays_of(scenario)[span.name]
    plain = PLAIN_COTANGENT if span.name == COTANGENT else PLAIN
    old = _flat(array)[span.start : span.stop]
    options = [np.full(old.shape, value) for value in (plain if span.size == 1 else plain[:2])]
    if is_floating(array.dtype):
        options += [
            np.array([change(v) for v in old.tolist()]) for change in (_whole, *map(_to_digits, DIGITS))
        ]
    for option in options:
        with np.errstate(all="ignore"):
            new = option.astype(array.dtype)
        if _weight(_flat(new), plain) < _weight(old, plain):
            changed = array.copy(order="C").reshape(-1)
            changed[span.start : span.stop] = new
            yield with_arrays(scenario, {span.name: changed.reshape(array.shape)})


def _weight(values: Array, plain: tuple[float, ...]) -> int:
    """How long the numbers are to write and to grasp, all together."""
    return sum(plain.index(v) if v in plain else len(plain) + _length(v) for v in values.tolist())


def _length(value: float) -> int:
    """Characters of the shortest text; NaN and infinities weigh as much as a long number."""
    return len(f"{value:.9g}") if np.isfinite(value) else 20


def _whole(value: float) -> float:
    return float(round(value)) if np.isfinite(value) else value


def _to_digits(digits: int) -> Callable[[float], float]:
    return lambda value: float(f"{value:.{digits}g}")


def _changed(array: Array, change: Callable[[float], float]) -> Array:
    with np.errstate(all="ignore"):
        return np.array([change(v) for v in _flat(array).tolist()]).astype(array.dtype).reshape(array.shape)


def _flat(array: Array) -> Array:
    """The entries in order; float64 holds every format under test, and integers stay what they are."""
    return np.ravel(array.astype(np.float64) if is_floating(array.dtype) else array)
