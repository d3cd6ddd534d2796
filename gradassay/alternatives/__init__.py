"""Which named alternative an evaluation is: one, two in a row, or one in the primal and another in the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, permutations

import numpy as np

from comparators.exact import Exact, Vjp
from gradassay.alternatives.probes import Look, Probe
from gradassay.comparison import Comparison
from gradassay.formats import FORMATS
from gradassay.kinks import without_ties
from gradassay.question import Question, by_path, comparisons_with
from gradassay.vocabulary import (
    Array,
    Convention,
    Definition,
    Enclosure,
    Evaluation,
    Scenario,
    Truth,
)

#: An alternative has to be this much nearer than the definition, so that a wide budget alone explains nothing.
NEARER = 16

#: The arrays of an evaluation that an alternative may explain by themselves.
PARTS = {"primal": slice(0, 1), "gradient": slice(1, None)}

#: So many alternatives of one evaluation get a certified truth; few do, but where there are no values to part them.
CLOSE_LOOKS = 16

#: Entries up to which Arb is asked about an alternative, of which there are dozens.
ARB = 1_000


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


class Matching:
    """One failing evaluation, held against alternatives of the definition that it misses."""

    def __init__(self, question: Question, evaluation: Evaluation) -> None:
        assert question.exact is not None  # what fails was held against a truth
        self.question, self.evaluation = question, evaluation
        self.definition = question.exact.definition
        self.conventions = [c for c in question.conventions if not c.on_invalid]
        budget = next(question.truths()).primal.budget
        spread = NEARER * float(np.max(budget, initial=0.0, where=np.isfinite(budget)))
        self.probe = Probe(question.scenario, evaluation, isinstance(self.definition, Vjp), spread)
        self._seen: set[tuple[object, ...]] = set()

    def named(self, *, accepted: bool) -> Alternative | None:
        """The convention that the evaluation is, or two in a row: what somebody means, or with a mistake in it."""
        one = self._first(singles(self.definition, (c for c in self.conventions if c.accepted is accepted)))
        if one is not None or not self.question.thorough:
            return one
        return self._first(pairs(self.definition, self.conventions, accepted))

    def agrees_in_primal(self) -> bool:
        """Whether the primal is that of the definition, too."""
        return _agrees(self._own[1][0])

    def differs_elsewhere(self, alternative: Alternative) -> bool:
        """Whether the alternative is no definition of the same function, but for the smallest numbers."""
        return not self.probe.same_elsewhere(self.definition, alternative.definition)

    def mixed(self) -> tuple[str, str] | None:
        """The names of what primal and gradients are, each of another alternative; one empty, of the definition.

        None where one of them has no name.
        """
        _, own = self._own
        if any(c.structure for c in own):
            return None
        off = {part: any(c.outside for c in own[entries]) for part, entries in PARTS.items()}
        names = {part: self._named(part) if off[part] else "" for part in PARTS}
        nameless = any(off[part] and not names[part] for part in PARTS)
        if isinstance(self.definition, Vjp) or nameless or not any(off.values()):
            return None
        return names["primal"], names["gradient"]

    @cached_property
    def _own(self) -> tuple[Truth, list[Comparison]]:
        """The definition's truth that decides, and the comparisons with it."""
        for truth in self.question.truths():
            found = comparisons_with(self.evaluation, without_ties(truth), self.question.form)
            if not any(c.undecided for c in found):
                break
        return truth, found

    def _first(self, candidates: Iterable[Alternative]) -> Alternative | None:
        left = CLOSE_LOOKS
        for candidate in candidates:
            look = self.probe.look(candidate.definition)
            if look is None or not self.probe.near_primal(look):
                continue
            slope: Look | None = look
            if candidate.slope is not candidate.definition:
                slope = self.probe.look(candidate.slope)
            elif look.key in self._seen:
                continue
            if slope is None or not self.probe.near_gradients(slope):
                continue
            if left == 0:
                return None
            left -= 1
            truths, apart = held(self.question.scenario, self.evaluation, candidate)
            if any(map(self._shows, truths)):
                return candidate
            if apart > math.sqrt(self.question.form.u):  # not for the way in which it is written down
                self._seen.add(look.key)
        return None

    def _named(self, part: str) -> str:
        """The single convention that only the primal, or only the gradients are; empty where there is none."""
        near = self.probe.near_primal if part == "primal" else self.probe.near_gradients
        for candidate in singles(self.definition, self.conventions):
            look = self.probe.look(candidate.definition if part == "primal" else candidate.slope)
            if look is None or look.here.shape != self.question.scenario.cotangent.shape or not near(look):
                continue
            truths, _ = held(self.question.scenario, self.evaluation, candidate, PARTS[part])
            if any(self._shows(truth, PARTS[part]) for truth in truths):
                return candidate.name
        return ""

    @property
    def telling(self) -> bool:
        """Whether something other than NaN came back where the definition is missed: NaN comes of much."""
        return any(bool(missed.any()) for _, _, missed in self._missed)

    @cached_property
    def _missed(self) -> list[tuple[Array, Array, Array]]:
        """What came back, how far it is from the definition's value, and where it is neither that nor NaN."""
        own, _ = self._own
        found = []
        for got, mine in zip(
            (self.evaluation.primal, *self.evaluation.gradients), by_path(own).values(), strict=True
        ):
            if got is None or got.shape != mine.mid.shape:
                found.append((np.zeros(0), np.zeros(0), np.zeros(0, bool)))
                continue
            with np.errstate(all="ignore"):
                wide = got.astype(mine.mid.dtype)
                off = np.where(wide == mine.mid, 0, np.abs(wide - mine.mid))
                overflown = np.isinf(wide) & (wide * mine.mid > 0)
                overflown &= np.abs(mine.mid) + mine.rad + mine.budget >= self.question.form.max
                missed = (off - mine.rad > mine.budget) & ~overflown & ~np.isnan(wide)
            found.append((wide, off, missed))
        return found

    def _shows(self, truth: Truth, entries: slice = slice(None)) -> bool:
        """Whether some entry that misses the definition lies much nearer to the alternative's own value.

        An infinity is near to itself alone, and not to a number beyond the largest.
        """
        for (wide, off, missed), other in zip(
            self._missed[entries], [*by_path(truth).values()][entries], strict=True
        ):
            if not missed.any():
                continue
            with np.errstate(all="ignore"):
                near = np.abs(wide - other.mid) * NEARER <= off
                if np.any(missed & np.where(np.isinf(wide), wide == other.mid, near)):
                    return True
        return False


def by_name(question: Question, name: str) -> list[Alternative]:
    """The alternatives of that name; two may be written down in different ways, and without a name it is itself."""
    if question.exact is None:
        return []
    definition, conventions = question.exact.definition, question.conventions
    if not name:
        return [Alternative("", definition, definition, accepted=True)]
    both = (pairs(definition, conventions, accepted) for accepted in (True, False))
    return [found for found in chain(singles(definition, conventions), *both) if found.name == name]


def of_invalid(
    scenario: Scenario, evaluation: Evaluation, definition: Definition, conventions: Iterable[Convention]
) -> Alternative | None:
    """The convention that gives an invalid input the value that came back, alone or beside another one."""
    given = replace(scenario, valid=True)
    probe = Probe(given, evaluation, isinstance(definition, Vjp), 0.0)
    invalid = [c for c in conventions if c.on_invalid]
    usual = [c for c in conventions if not c.on_invalid]

    def fits(candidate: Alternative) -> bool:
        look = probe.look(candidate.definition)  # None as long as the input is invalid
        if look is None or look.here.shape != scenario.cotangent.shape or not probe.near_primal(look):
            return False
        found, _ = held(given, evaluation, candidate)
        return any(_nan_alike(evaluation, member) for member in found)

    alone = [candidate for candidate in singles(definition, invalid) if fits(candidate)]
    if alone:
        # The mean over nothing is NaN, and so is what is filled with it: NaN alone does not tell which it was.
        tells = evaluation.primal is not None and not np.isnan(evaluation.primal.astype(np.float64)).all()
        return alone[0] if tells or len(alone) == 1 else None
    return next(filter(fits, pairs(definition, (*invalid, *usual), accepted=True)), None)


def shape_of(question: Question, evaluation: Evaluation) -> str:
    """The convention that the wrong shape and the values of a primal are of; empty where there is none."""
    primal = evaluation.primal
    if question.exact is None or primal is None or primal.shape == question.scenario.cotangent.shape:
        return ""
    probe = Probe(question.scenario, evaluation, False, 0.0)
    for candidate in singles(question.exact.definition, question.conventions):
        look = probe.look(candidate.definition)
        if look is not None and look.here.shape == primal.shape and probe.near_primal(look):
            return candidate.name
    return ""


def held(
    scenario: Scenario, evaluation: Evaluation, candidate: Alternative, entries: slice = slice(None)
) -> tuple[list[Truth], float]:
    """The members of the alternative's truth that the arrays of the evaluation agree with, and how near one is.

    First as if every decision were taken as the truth takes it; then with the doubts of the budget.
    """
    nearest = math.inf
    for doubts in (False, True):
        for truth in _truths(candidate, scenario, doubts):
            members = [
                truth,
                *(replace(truth, primal=y, gradients=tuple(g)) for y, *g in truth.extremes.values()),
            ]
            good, decided = [], True
            for member in members:
                found = comparisons_with(evaluation, member, FORMATS[scenario.dtype])[entries]
                if found and all(map(_agrees, found)):
                    good.append(member)
                decided &= any(c.structure or c.outside for c in found)
                nearest = min(nearest, max((_apart(c) for c in found), default=math.inf))
            if good:
                return good, nearest
            if decided:
                break
    return [], nearest


def _truths(candidate: Alternative, scenario: Scenario, doubts: bool) -> Iterator[Truth]:
    values = Exact(candidate.definition, doubts=doubts, arb=ARB).truths(scenario)
    if candidate.slope is candidate.definition:
        yield from values
        return
    slopes = Exact(candidate.slope, doubts=doubts, arb=ARB).truths(scenario)
    for value, slope in zip(values, slopes, strict=False):
        yield replace(value, gradients=slope.gradients, extremes={})


def _agrees(c: Comparison) -> bool:
    return not (c.structure or c.outside or c.undecided)


def _apart(c: Comparison) -> float:
    """The largest error, as a part of the largest entry."""
    if c.structure or c.nonfinite or c.scale == 0 < c.error:
        return math.inf
    return c.error / c.scale if c.error else 0.0


def _nan_alike(evaluation: Evaluation, truth: Truth) -> bool:
    """Whether NaN came back where the alternative has no value: that it has none is what some conventions say."""
    parts = zip((evaluation.primal, *evaluation.gradients), by_path(truth).values(), strict=True)
    return all(got is None or bool(np.isnan(_at_nan(got, enclosure)).all()) for got, enclosure in parts)


def _at_nan(got: Array, truth: Enclosure) -> Array:
    return got[np.isnan(truth.mid)].astype(np.float64)
