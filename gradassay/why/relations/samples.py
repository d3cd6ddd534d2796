"""A sample: one array of one case that is off, with its truth, and how well a value explains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

import numpy as np

from comparators.exact import Exact
from comparators.exact.model import gradient_underflow
from gradassay.comparison import compare_array
from gradassay.formats import Format
from gradassay.kinks import without_ties
from gradassay.question import comparisons_with
from gradassay.vocabulary import Array, Definition, Enclosure, Evaluation, Scenario, Truth
from gradassay.why.cases import Case

#: A value is evidence where it lies this many of its budgets away from the truth, so that a wide budget alone tells
#: nothing; the same distance makes a convention one.
APART = 16
#: Roundings that a change of the truth may cost beside those of the truth: a product and a sum.
ROUNDINGS = 2


class Fit(IntEnum):
    """How a value and what came back go together."""

    NO = 0
    """An entry was shown to be another."""
    TRIVIAL = 1
    """They agree, or cannot be told apart, and so would the truth."""
    EVIDENCE = 2
    """They agree, and the truth is clearly something else."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One array of one case that is off."""

    case: Case
    number: int
    """-1 is the primal, k the k-th gradient."""
    got: Array
    truth: Enclosure
    """Nothing is demanded of entries that depend on who wins a tie: their budget is the largest number."""
    primal: Enclosure
    form: Format
    beyond: bool
    memo: dict[str, Truth | None] = field(default_factory=dict)
    """Truths of changed scenarios, shared by the arrays of one case."""
    others: tuple[Sample, ...] = ()
    """The same at a tie, the truth with other winners: each of them may be the one that was changed."""

    @property
    def scenario(self) -> Scenario:
        return self.case.scenario

    @cached_property
    def value(self) -> Array:
        """What came back, in the dtype of the truth."""
        return self.got.astype(self.truth.mid.dtype)

    @cached_property
    def y_bar(self) -> Array:
        """The cotangent in the dtype of the truth."""
        return self.scenario.cotangent.astype(self.truth.mid.dtype)

    @property
    def own(self) -> Array:
        """The argument that this is the gradient of; the first one for the primal."""
        return self.scenario.args[self.scenario.differentiable[max(self.number, 0)]]

    @cached_property
    def x(self) -> Array:
        """``own`` in the dtype of the truth."""
        return self.own.astype(self.truth.mid.dtype)

    def under(self, name: str, change: Callable[[Scenario], Scenario | None]) -> Enclosure | None:
        """This array's truth on another scenario; None where there is none, NaN where its truth is not to be had."""
        changed = change(self.scenario)
        if changed is None:
            return None
        assert self.case.question is not None  # samples_of has seen to it
        exact = self.case.question.exact
        if name not in self.memo:
            self.memo[name] = _first_truth(exact, changed)
        truth = self.memo[name]
        if truth is None:
            return self.unknown()
        return truth.primal if self.number < 0 else truth.gradients[self.number]

    def formula(self, name: str, definition: Definition) -> Enclosure | None:
        """A value and its budget from ``definition(*args, y_bar, **params)``, evaluated as a definition is."""
        asked = self.scenario
        if name not in self.memo:
            given = replace(
                asked,
                args=(*asked.args, asked.cotangent),
                cotangent=np.zeros(self.got.shape, self.form.dtype),
                differentiable=(),
            )
            self.memo[name] = _first_truth(Exact(definition), given)
        truth = self.memo[name]
        if truth is None:
            return self.unknown()
        with np.errstate(all="ignore"):
            largest = float(np.max(np.abs(self.y_bar), initial=0.0))
        underflow = gradient_underflow(self.form, largest)
        return replace(truth.primal, budget=truth.primal.budget + truth.primal.budget.dtype.type(underflow))

    def unknown(self) -> Enclosure:
        """An enclosure that nothing can be held against."""
        nothing = np.full_like(self.truth.mid, np.nan)
        return Enclosure(nothing, nothing, nothing)

    def exactly(self, mid: Array | float, reach: Array | float = 1.0) -> Enclosure:
        """A value made of the inputs by a few roundings of terms as large as ``reach``, or as itself."""
        mid = np.broadcast_to(np.asarray(mid, self.truth.mid.dtype), self.got.shape)
        budget = ROUNDINGS * self.form.u * np.abs(mid) + self.form.eta * np.maximum(1, np.abs(reach))
        return Enclosure(mid, np.zeros_like(mid), budget)

    def scaled(self, factor: Array | float) -> Enclosure:
        """The truth times ``factor``, with the budget that it leaves."""
        factor = np.asarray(factor, self.truth.mid.dtype)
        with np.errstate(all="ignore"):
            mid, size = factor * self.truth.mid, np.abs(factor)
            budget = size * self.truth.budget + ROUNDINGS * self.form.u * np.abs(mid) + self.form.eta
            return Enclosure(mid, size * self.truth.rad, budget)

    def moved(self, move: Callable[[Array], Array]) -> Enclosure | None:
        """The truth with its entries elsewhere; None where ``move`` changes the shape."""
        parts = [move(part) for part in (self.truth.mid, self.truth.rad, self.truth.budget)]
        return Enclosure(*parts) if parts[0].shape == self.got.shape else None

    def chosen(self, keep: Array) -> Enclosure:
        """The truth where ``keep``, and exactly 0 elsewhere."""
        mid, rad, budget = (
            np.where(keep, part, 0) for part in (self.truth.mid, self.truth.rad, self.truth.budget)
        )
        return Enclosure(mid, rad, budget)

    def fit(self, value: Enclosure | None) -> Fit:
        """How what came back goes together with ``value``."""
        if value is None or value.mid.shape != self.got.shape:
            return Fit.NO
        with np.errstate(all="ignore"):
            over = np.isinf(self.got) & (np.abs(self.truth.mid) + self.truth.budget >= self.form.max)
            unheld = over | np.isnan(
                self.truth.mid
            )  # what was changed may have been an infinity, or no value
            if unheld.any():
                value = replace(value, mid=np.where(unheld, np.nan, value.mid))
            found = compare_array("", self.got, value, self.form, beyond=self.beyond)
            if found.structure or found.outside:
                return Fit.NO
            doubt = np.maximum(value.budget, self.truth.budget) + value.rad + self.truth.rad
            apart = np.abs(value.mid - self.truth.mid) > APART * doubt
        return Fit.EVIDENCE if not found.undecided and apart.any() else Fit.TRIVIAL


def samples_of(case: Case, *, ties: bool = False) -> tuple[Sample, ...]:
    """The arrays of a case that were shown to be off beside its ties; none where there are no numbers to hold.

    With ``ties`` also, where nothing is off beside them, the arrays that equal it with none of the winners tried.
    """
    question, evaluation = case.question, case.evaluation
    if question is None or evaluation is None or evaluation.error or evaluation.structure:
        return ()
    memo: dict[str, Truth | None] = {}
    for truth in question.truths():
        found = _off(case, evaluation, without_ties(truth), memo)
        if found or found is None:
            return found or ()
        if ties and truth.extremes:
            members = [(truth.primal, *truth.gradients), *truth.extremes.values()]
            by_member = [
                _off(case, evaluation, replace(truth, primal=y, gradients=tuple(x_bars)), memo)
                for y, *x_bars in members
            ]
            return _together([found or () for found in by_member])
    return ()


def _off(
    case: Case, evaluation: Evaluation, truth: Truth, memo: dict[str, Truth | None]
) -> tuple[Sample, ...] | None:
    """The arrays that are outside of that truth; None where they are no numbers."""
    assert case.question is not None  # samples_of has seen to it
    form = case.question.form
    compared = comparisons_with(evaluation, truth, form)
    if any(c.structure or c.nonfinite for c in compared):
        return None
    arrays = zip(
        compared, (evaluation.primal, *evaluation.gradients), (truth.primal, *truth.gradients), strict=True
    )
    return tuple(
        Sample(case, k - 1, got, enclosure, truth.primal, form, truth.beyond, memo)
        for k, (c, got, enclosure) in enumerate(arrays)
        if c.outside and got is not None
    )


def _together(by_member: Sequence[Sequence[Sample]]) -> tuple[Sample, ...]:
    """One sample for each array that is off for all members, which has the others with it."""
    first, *rest = by_member
    together = []
    for sample in first:
        others = tuple(s for member in rest for s in member if s.number == sample.number)
        if len(others) == len(rest):
            together.append(replace(sample, others=others))
    return tuple(together)


def evenly(cases: Sequence[Case], count: int) -> list[Case]:
    """At most ``count`` of the cases, the same ones each time, from the first to the last."""
    if len(cases) <= count:
        return list(cases)
    return [cases[i] for i in np.linspace(0, len(cases) - 1, count).round().astype(int)]


def _first_truth(exact: Exact | None, scenario: Scenario) -> Truth | None:
    if exact is None:
        return None
    try:
        truth = exact.evaluate(scenario)
    except Exception:  # a changed scenario may be none that the definition takes
        return None
    return None if truth is None else without_ties(truth)
