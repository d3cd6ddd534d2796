"""A definition with conventions in it: one, or two in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, permutations

from gradassay.question import Question
from gradassay.vocabulary import Convention, Definition


@dataclass(frozen=True, eq=False)
class Alternative:
    """A definition with conventions in it."""

    name: str
    definition: Definition
    slope: Definition
    """What its gradient is the gradient of: the same, unless a convention says otherwise."""
    accepted: bool


def singles(definition: Definition, conventions: Iterable[Convention]) -> Iterator[Alternative]:
    """Each convention alone."""
    for convention in conventions:
        changed = convention.change(definition)
        slope = changed if convention.gradient is None else convention.gradient(definition)
        yield Alternative(convention.name, changed, slope, convention.accepted)


def pairs(definition: Definition, conventions: Iterable[Convention], accepted: bool) -> Iterator[Alternative]:
    """Two conventions in the order in which they are applied to the data, both of them meant or just one.

    Those that stand first among the conventions come first; two whose names begin alike are two of one kind.
    """
    usual = [convention for convention in conventions if convention.gradient is None]
    for i, j in sorted(permutations(range(len(usual)), 2), key=sum):
        a, b = usual[i], usual[j]
        if a.accepted + b.accepted == 1 + accepted and _kind(a) != _kind(b):
            changed = a.change(b.change(definition))
            yield Alternative(f"{a.name}, {b.name}", changed, changed, accepted)


def _kind(convention: Convention) -> str:
    return convention.name.partition(" ")[0]


def by_name(question: Question, name: str) -> list[Alternative]:
    """The alternatives of that name; two may be written down in different ways, and without a name it is itself."""
    if question.exact is None:
        return []
    definition, conventions = question.exact.definition, question.conventions
    if not name:
        return [Alternative("", definition, definition, accepted=True)]
    both = (pairs(definition, conventions, accepted) for accepted in (True, False))
    return [found for found in chain(singles(definition, conventions), *both) if found.name == name]
