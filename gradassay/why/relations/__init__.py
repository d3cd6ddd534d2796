"""Simple relations of what came back to the truth, where no convention fits: ``factor 2``, ``wrong sign``.

A relation is told where it holds in every case looked at: each array that is off equals the related value within the
budget that the truth leaves to it. Where the related value cannot be told from the truth (a truth of 0, a factor of N
with N = 1) it proves nothing; two cases at least have to prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from gradassay.why.cases import Case
from gradassay.why.relations.candidates import Candidate
from gradassay.why.relations.constants import bounds, factors, terms
from gradassay.why.relations.counts import COUNTED, parameters
from gradassay.why.relations.samples import Fit, Sample, evenly, samples_of
from gradassay.why.relations.special import special
from gradassay.why.relations.table import FURTHER, LAST, SIGN, SIMPLE, ZERO
from gradassay.why.relations.varying import VARYING

#: Cases looked at, evenly chosen from first to last.
LOOKED = 32
#: Cases in which a relation has to show.
EVIDENCE = 2
#: Of what is left, the part that one of several relations has to cover.
PART = 2 / 3


@dataclass(frozen=True, eq=False)
class Relation:
    """A relation of what came back to the truth."""

    name: str
    """A cause: ``factor 2``, ``primal: zero``."""
    sentence: str
    """``the gradient is 2 times the truth``."""
    holds: Callable[[Case], bool]
    """Whether it holds in a case: all that is off in it is off by this relation."""


@dataclass(frozen=True)
class _Found:
    """The relation of each part: -1 the primal, k the k-th gradient."""

    parts: dict[int, Candidate]

    @np.errstate(all="ignore")
    def holds(self, case: Case) -> bool:
        samples = samples_of(case, ties=True)
        return bool(samples) and all(
            s.number in self.parts and self.parts[s.number].fit(s) is not Fit.NO for s in samples
        )


@np.errstate(all="ignore")
def related(cases: Sequence[Case]) -> Relation | None:
    """The simplest relation that holds in all cases looked at and shows in two of them at least; None without one.

    At most ``LOOKED`` cases are looked at, evenly chosen. Cases in which nothing but tied entries is off say nothing
    and are passed over; where they are the most, no relation is told.
    """
    return _same(cases, TABLES) or _same(cases, (_varying,))


@np.errstate(all="ignore")
def relations(cases: Sequence[Case]) -> list[tuple[Relation, list[Case]]]:
    """Several relations, each with its cases: each covers two thirds of those that the ones before it leave.

    It ends where no relation does, so the lists need not hold every case. All cases are looked at in the end, and
    ``LOOKED`` of them to find a relation.
    """
    found: list[tuple[Relation, list[Case]]] = []
    left = list(cases)
    while len(left) >= EVIDENCE:
        relation = _same(left, TABLES) or _most(evenly(left, LOOKED)) or _same(left, (_varying,))
        covered = [case for case in left if relation is not None and relation.holds(case)]
        if relation is None or len(covered) < PART * len(left):
            break
        found.append((relation, covered))
        covered_ids = set(map(id, covered))
        left = [case for case in left if id(case) not in covered_ids]
    return found


def _same(cases: Sequence[Case], tables: Sequence[Table]) -> Relation | None:
    """The relation out of these tables that holds in all of the cases that are looked at."""
    looked = evenly(cases, LOOKED)
    found = [samples for case in looked if (samples := samples_of(case))]
    if 2 * len(found) < len(looked):
        return None
    parts = _explained([sample for samples in found for sample in samples], tables)
    return None if parts is None else _relation(parts, _arguments(found))


def _explained(samples: Sequence[Sample], tables: Sequence[Table]) -> dict[int, Candidate] | None:
    """A candidate for each part that is off: one for all if there is one, else one for the gradients, else one each."""
    numbers = sorted({sample.number for sample in samples})
    alone = [(number,) for number in numbers]
    gradients = tuple(number for number in numbers if number >= 0)
    primal = [number for number in alone if number == (-1,)]
    for groups in ([tuple(numbers)], [*primal, gradients], alone):
        found: dict[int, Candidate] = {}
        for group in filter(None, groups):
            candidate = _simplest([s for s in samples if s.number in group], tables)
            if candidate is None:
                break
            found |= dict.fromkeys(group, candidate)
        else:
            return found or None
    return None


def _simple(samples: Sequence[Sample]) -> Iterator[Candidate]:
    yield from (ZERO, SIGN)
    yield from factors(samples)
    yield from SIMPLE


def _further(samples: Sequence[Sample]) -> Iterator[Candidate]:
    yield from COUNTED
    yield from parameters(samples)
    yield from terms(samples)
    yield from special(samples[0].scenario.operation)
    yield from bounds(samples)
    yield from chain(FURTHER, LAST)


def _varying(samples: Sequence[Sample]) -> Iterator[Candidate]:
    yield from VARYING


#: Candidates from the simplest on; those with a number in them are made for the samples. What differs from one input to
#: the next explains least, and is tried when each part was tried for something better.
Table = Callable[[Sequence[Sample]], Iterator[Candidate]]
TABLES: tuple[Table, ...] = (_simple, _further)


def _candidates(samples: Sequence[Sample], tables: Sequence[Table] = TABLES) -> Iterator[Candidate]:
    for table in tables:
        yield from table(samples)


def _simplest(samples: Sequence[Sample], tables: Sequence[Table]) -> Candidate | None:
    # A few entries refute soonest, but a single one is often compatible with anything.
    ordered = sorted(samples, key=lambda sample: (sample.got.size < 2, sample.got.size))
    return next((c for c in _candidates(ordered, tables) if _holds_in_all(c, ordered)), None)


def _holds_in_all(candidate: Candidate, samples: Sequence[Sample]) -> bool:
    shows = set()
    for sample in samples:
        fit = candidate.fit(sample)
        if fit is Fit.NO:
            return False
        if fit is Fit.EVIDENCE:
            shows.add(id(sample.case))
    return len(shows) >= EVIDENCE


def _most(cases: Sequence[Case]) -> Relation | None:
    """The relation that covers most of the cases, and two thirds of them; numbers are read off single cases."""
    found = [samples for case in cases if (samples := samples_of(case))]
    if not found:
        return None
    seeds = [candidate for samples in found[:: max(1, len(found) // 4)] for candidate in _candidates(samples)]
    best: tuple[int, Candidate] | None = None
    for candidate in {c.name: c for c in seeds}.values():
        count = _covers(candidate, found, len(cases))
        if count and (best is None or count > best[0]):
            best = count, candidate
    if best is None:
        return None
    numbers = {s.number for samples in found for s in samples}
    return _relation(dict.fromkeys(sorted(numbers), best[1]), _arguments(found))


def _covers(candidate: Candidate, found: Sequence[Sequence[Sample]], count: int) -> int:
    """How many cases it holds in; 0 where these are too few, or too few of them prove it."""
    holds = shows = 0
    for seen, samples in enumerate(found):
        fits = [candidate.fit(sample) for sample in samples]
        holds += min(fits) is not Fit.NO
        shows += min(fits) is not Fit.NO and max(fits) is Fit.EVIDENCE
        if seen - holds > (1 - PART) * count:
            return 0
    return holds if shows >= EVIDENCE and holds >= PART * count else 0


def _arguments(samples: Sequence[Sequence[Sample]]) -> tuple[int, ...]:
    """Positions of the differentiable arguments."""
    return samples[0][0].scenario.differentiable


def _relation(parts: dict[int, Candidate], arguments: tuple[int, ...]) -> Relation:
    groups: dict[str, list[int]] = {}
    for number, candidate in parts.items():
        groups.setdefault(candidate.name, []).append(number)
    by_name = {candidate.name: candidate for candidate in parts.values()}
    said = {name: _part(numbers, arguments) for name, numbers in groups.items()}
    sentence = "; ".join(f"{said[name]} {by_name[name].words}" for name in groups)
    if len(groups) > 1:
        names = ", ".join(f"{said[name].rpartition(' ')[0].replace('the ', '')}: {name}" for name in groups)
    else:
        name = next(iter(groups))
        names = f"primal: {name}" if list(parts) == [-1] else name
    return Relation(names, sentence, _Found(parts).holds)


def _part(numbers: Sequence[int], arguments: tuple[int, ...]) -> str:
    """``the gradient is``, ``the gradients of arguments 0 and 2 are``, ``primal and gradient are``."""
    gradients = [number for number in numbers if number >= 0]
    words = ["the primal"] if -1 in numbers else []
    if len(arguments) == 1 and gradients:
        words.append("the gradient")
    elif gradients:
        places = " and ".join(str(arguments[number]) for number in gradients)
        words.append(
            f"the gradient{'s' * (len(gradients) > 1)} of argument{'s' * (len(gradients) > 1)} {places}"
        )
    return f"{' and '.join(words)} {'is' if len(numbers) == 1 else 'are'}"
