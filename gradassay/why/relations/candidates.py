"""A candidate: a relation that may hold, and how it is tested on one array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradassay.vocabulary import Enclosure
from gradassay.why.relations.samples import Fit, Sample

Value = Callable[[Sample], Enclosure | None]


@dataclass(frozen=True)
class Candidate:
    """A relation that may hold."""

    name: str
    words: str
    """What the array is: ``0 everywhere``, after "the gradient is"."""
    test: Callable[[Sample], Fit]
    """How it goes together with an array and one truth."""

    def fit(self, sample: Sample) -> Fit:
        """How it goes together with an array; at a tie, with the winners that it suits best."""
        return max(self.test(one) for one in (sample, *sample.others))


def valued(name: str, words: str, value: Value, *, primal: bool = True) -> Candidate:
    """The relation of being equal to ``value``; without ``primal`` of a gradient alone."""

    def fit(sample: Sample) -> Fit:
        return Fit.NO if sample.number < 0 and not primal else sample.fit(value(sample))

    return Candidate(name, words, fit)
