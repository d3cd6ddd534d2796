"""A failing evaluation held against alternatives, cheap looks before certified truths."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from comparators.exact import Vjp
from gradassay.alternatives.candidates import Alternative, pairs, singles
from gradassay.alternatives.holding import PARTS, agrees, held
from gradassay.alternatives.probes import Look, Probe
from gradassay.comparison import Comparison
from gradassay.kinks import without_ties
from gradassay.question import Question, by_path, comparisons_with
from gradassay.vocabulary import Array, Evaluation, Truth

#: An alternative has to be this much nearer than the definition, so that a wide budget alone explains nothing.
NEARER = 16

#: So many alternatives of one evaluation get a certified truth; few do, but where there are no values to part them.
CLOSE_LOOKS = 16


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
        return agrees(self._own[1][0])

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
