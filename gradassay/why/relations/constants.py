"""Relations with a number in them: a factor, a term, a bound. The number is read off and then held against all entries.

What came back is known to within its budget, so each entry gives an interval for the number; it is the simplest
number in the intersection of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array, Enclosure
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.samples import ROUNDINGS, Sample

#: Denominators tried: those of short fractions, then those of short decimals.
DENOMINATORS = (*range(1, 17), 100, 1000, 10_000)
CONSTANTS: Mapping[str, float] = {
    "log 2": math.log(2),
    "1 / log 2": 1 / math.log(2),
    "log 10": math.log(10),
    "1 / log 10": 1 / math.log(10),
    "sqrt 2": math.sqrt(2),
    "pi": math.pi,
}
#: An interval narrower than this part of its number tells a number from its neighbours, to the digits that are shown.
NARROW = 2.0**-4
EXACT = 2.0**-14


class Interval(NamedTuple):
    """Numbers that a constant may be."""

    low: float
    high: float

    @property
    def narrow(self) -> bool:
        """Whether it holds numbers of one sign, and hardly different ones."""
        size = min(abs(self.low), abs(self.high))
        return self.low <= self.high and self.low * self.high > 0 and self.high - self.low <= NARROW * size


class Constant(NamedTuple):
    """A number, and how it is written."""

    words: str
    value: np.longdouble


def simplest(interval: Interval) -> Constant | None:
    """The number with the shortest name in the interval; None where no number is alone in it."""
    if not interval.narrow:
        return None
    sign, low, high = (1, *interval) if interval.low > 0 else (-1, -interval.high, -interval.low)
    for q in DENOMINATORS:
        p = math.ceil(low * q)
        if 0 < p <= high * q:
            c = sign * Fraction(p, q)
            words = str(c) if q <= 16 else f"{float(c):.6g}"
            return Constant(words, np.longdouble(c.numerator) / np.longdouble(c.denominator))
    for name, value in CONSTANTS.items():
        if low <= value <= high:
            return Constant(name if sign > 0 else f"-{name}", np.longdouble(sign * value))
    middle = (interval.low + interval.high) / 2
    if interval.high - interval.low > EXACT * abs(middle):
        return None
    return Constant(f"{middle:.4g}", np.longdouble(middle))


def _meet(intervals: Sequence[Interval]) -> Interval:
    return Interval(max(i.low for i in intervals), min(i.high for i in intervals))


# ---- a factor


def ratio(sample: Sample) -> Interval | None:
    """got / truth at the entry that tells most; None where none tells anything."""
    g = sample.truth
    with np.errstate(all="ignore"):
        doubt = g.budget + g.rad
        tells = np.where(np.isfinite(g.mid) & np.isfinite(sample.value), np.abs(g.mid) / doubt, 0)
    if not tells.size or not np.max(tells, initial=0) > 0:
        return None
    at = np.unravel_index(np.argmax(tells), tells.shape)
    mid, got = g.mid[at], sample.value[at]
    with np.errstate(all="ignore"):
        c = got / mid
        wide = (abs(c) * doubt[at] + ROUNDINGS * sample.form.u * abs(got) + sample.form.eta) / abs(mid)
    return Interval(float(c - wide), float(c + wide)) if np.isfinite(wide) else None


def factors(samples: Sequence[Sample]) -> Iterator[Candidate]:
    """``factor c``: got = c g, the same c everywhere."""
    found = [interval for interval in map(ratio, samples) if interval is not None]
    c = simplest(_meet(found)) if found else None
    if c is not None and c.value not in (0, 1, -1):
        value = c.value
        yield valued(f"factor {c.words}", f"{c.words} times the truth", lambda s: s.scaled(np.asarray(value)))


# ---- a term


def difference(sample: Sample) -> Interval:
    """got - truth, as far as all entries allow the same number."""
    g = sample.truth
    with np.errstate(all="ignore"):
        tells = np.isfinite(g.mid) & np.isfinite(sample.value)
        off = np.where(tells, sample.value - g.mid, 0)
        wide = g.budget + g.rad + ROUNDINGS * sample.form.u * np.abs(sample.value) + sample.form.eta
        wide = np.where(tells, wide, np.inf)
    return Interval(float(np.max(off - wide, initial=-np.inf)), float(np.min(off + wide, initial=np.inf)))


def plus(sample: Sample, c: Array | np.longdouble) -> Enclosure:
    """The truth with ``c`` added, and the budget that it leaves."""
    g = sample.truth
    mid = g.mid + np.asarray(c).astype(g.mid.dtype)
    budget = g.budget + ROUNDINGS * sample.form.u * np.maximum(np.abs(mid), np.abs(g.mid)) + sample.form.eta
    return Enclosure(mid, g.rad, budget)


def terms(samples: Sequence[Sample]) -> Iterator[Candidate]:
    """``+c in every entry``: got = g + c, the same c everywhere."""
    c = simplest(_meet([difference(sample) for sample in samples])) if samples else None
    if c is not None:
        value, words = c.value, c.words if c.words.startswith("-") else f"+{c.words}"
        yield valued(f"{words} in every entry", f"the truth {words} in every entry", lambda s: plus(s, value))


# ---- a bound


def bounds(samples: Sequence[Sample]) -> Iterator[Candidate]:
    """``clipped at c``: got = min(max(g, -c), c), the same c everywhere."""
    reached = []
    for sample in samples:
        largest = float(np.max(np.abs(sample.value), initial=0.0, where=np.isfinite(sample.value)))
        reached.append(Interval(largest * (1 - 2 * sample.form.u), largest * (1 + 2 * sample.form.u)))
    c = simplest(_meet(reached)) if len(reached) > 1 else None
    if c is None:
        return
    value = c.value

    def clipped(sample: Sample) -> Enclosure:
        g = sample.truth
        bound = np.asarray(value).astype(g.mid.dtype)
        at_bound = sample.form.u * bound + sample.form.eta
        return Enclosure(np.clip(g.mid, -bound, bound), g.rad, np.maximum(g.budget, at_bound))

    yield valued(f"clipped at {c.words}", f"the truth clipped at {c.words}", clipped)


#: Names of the relations with a number in them, as the page shows them.
TEMPLATES = (
    "factor c",
    "factor N",
    "factor 1/N",
    "factor N/(N - 1)",
    "factor N/M",
    "without the factor p",
    "the factor p twice",
    "+c in every entry",
    "clipped at c",
)
