"""One scenario and its truths, and what an evaluation's numbers say when held against them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from comparators.exact import Exact
from gradassay.comparison import Comparison, compare_array
from gradassay.findings import Finding, at_entry, at_tie, in_words, infinities, part
from gradassay.formats import FORMATS, Format
from gradassay.kinks import beside_members, membership, tied_entries, without_ties
from gradassay.kinks.weights import EDGE
from gradassay.vocabulary import (
    Convention,
    Enclosure,
    Evaluation,
    Example,
    Scenario,
    Truth,
    Verdict,
    Worst,
)


class Question:
    """One scenario with its truths, computed once and narrowed only as far as somebody needs."""

    def __init__(self, scenario: Scenario, exact: Exact | None, conventions: Sequence[Convention]) -> None:
        self.scenario = scenario
        self.form: Format = FORMATS[scenario.dtype]
        self.conventions = conventions
        self.exact = exact
        self._source: Iterator[Truth] = iter(())
        if exact is not None and exact.supports(scenario) is None:
            self._source = exact.truths(scenario)
        self._truths: list[Truth] = []
        self.thorough = True
        """Whether pairs of conventions are worth their price: where many scenarios had none, one more has none."""
        self.parts: Callable[[Example | None], Iterable[Scenario]] = lambda at: ()
        """Parts of a large scenario about an entry of it, the smallest first."""

    def truths(self) -> Iterator[Truth]:
        """From the cheapest truth to the narrowest."""
        yield from self._truths
        for truth in self._source:
            self._truths.append(truth)
            yield truth


def hold(question: Question, evaluation: Evaluation) -> Finding:
    """Hold the evaluation against truths of growing precision until one decides."""
    best: Finding | None = None
    comparisons: list[Comparison] = []
    for truth in question.truths():
        comparisons = comparisons_with(evaluation, without_ties(truth), question.form)
        best = _verdict(question.scenario, evaluation, truth, comparisons, question.form)
        if best.verdict.fails or not (best.cause == EDGE or any(c.undecided for c in comparisons)):
            return best
    if best is not None and best.verdict is Verdict.INCONCLUSIVE:
        return best
    if best is not None and best.example is not None:
        return replace(best, verdict=Verdict.INCONCLUSIVE, cause=EDGE)
    if best is not None:
        edge = next(c for c in comparisons if c.undecided)
        return at_entry(question.scenario, Verdict.INCONCLUSIVE, EDGE, edge, best.worst)
    sentence = "the truth could not be certified"
    return in_words(question.scenario, Verdict.INCONCLUSIVE, sentence, sentence)


def _verdict(
    scenario: Scenario, evaluation: Evaluation, truth: Truth, comparisons: list[Comparison], form: Format
) -> Finding:
    worst = _join([c.worst for c in comparisons])
    broken = next((c for c in comparisons if c.structure), None)
    if broken:
        cause = (
            str(broken.structure)
            if "dtype" in str(broken.structure)
            else str(broken.structure).split(" (")[0]
        )
        return replace(
            in_words(scenario, Verdict.STRUCTURE, cause, f"{broken.path}: {broken.structure}"), worst=worst
        )
    bad = [c for c in comparisons if c.outside]
    if bad:
        shown = max(bad, key=lambda c: (c.nonfinite, c.worst.budget_ratio))
        told = None if shown.nonfinite else beside_members(evaluation, truth, form)
        return (
            _outside(scenario, bad, shown, worst) if told is None else at_tie(scenario, *told, shown, worst)
        )
    if truth.extremes:
        told = membership(evaluation, truth, form)
        return at_tie(scenario, *told, _at_the_tie(evaluation, truth), worst)
    empty = next((c for c in comparisons if c.undefined), None)
    if empty:
        return at_entry(scenario, Verdict.UNDEFINED, f"no value in {part(empty.path)}", empty, worst)
    return Finding(Verdict.AGREES, worst=worst)


def _outside(scenario: Scenario, bad: list[Comparison], shown: Comparison, worst: Worst) -> Finding:
    """What is said where entries are outside their budgets, and no tie has to do with it."""
    if shown.nonfinite:
        value = "NaN" if math.isnan(shown.got or 0.0) else "infinity"
        cause = f"{value} in {part(shown.path)}{infinities(scenario)}"
        return at_entry(scenario, Verdict.NONFINITE, cause, shown, worst)
    if all(c.flushed for c in bad):
        return at_entry(scenario, Verdict.IMPRECISE, "flush to zero", shown, worst)
    return at_entry(scenario, Verdict.WRONG, part(shown.path), shown, worst)


def _at_the_tie(evaluation: Evaluation, truth: Truth) -> Comparison:
    """The entry that depends on who wins and is furthest, in budgets, from its value in the even split."""
    parts = (evaluation.primal, *evaluation.gradients)
    shown: list[tuple[float, Comparison]] = []
    for (path, enclosure), got, tied in zip(by_path(truth).items(), parts, tied_entries(truth), strict=True):
        if got is not None and tied.any():
            with np.errstate(all="ignore"):
                apart = np.abs(got.astype(enclosure.mid.dtype) - enclosure.mid) / enclosure.budget
            apart = np.where(tied, np.nan_to_num(apart, nan=0.0), -1)
            index = tuple(int(i) for i in np.unravel_index(np.argmax(apart), apart.shape))
            mid, budget = float(enclosure.mid[index]), float(enclosure.budget[index])
            entry = Comparison(path, index=index, expected=mid, got=float(got[index]), budget=budget)
            shown.append((float(apart[index]), entry))
    return max(shown, key=lambda found: found[0])[1]


def comparisons_with(evaluation: Evaluation, truth: Truth, form: Format) -> list[Comparison]:
    """Primal and gradients, each against its enclosure; a primal of the wrong structure has no gradients."""
    paths = path_names(len(truth.gradients))[1:]
    pairs = zip(paths, evaluation.gradients or (None,) * len(paths), truth.gradients, strict=True)
    beyond = truth.beyond
    primal = compare_array(
        "y", evaluation.primal, truth.primal, form, flush_below=2 * form.tiny * truth.reach, beyond=beyond
    )
    if primal.structure:
        return [primal]
    reach = 2 * form.tiny * (1 + truth.cotangent_max)
    return [
        primal,
        *(
            compare_array(path, got, gradient, form, flush_below=reach, beyond=beyond)
            for path, got, gradient in pairs
        ),
    ]


def path_names(n: int) -> tuple[str, ...]:
    """The paths of a primal and ``n`` gradients."""
    return ("y", *(f"x_bar[{i}]" if n > 1 else "x_bar" for i in range(n)))


def by_path(truth: Truth) -> dict[str, Enclosure]:
    """The enclosures under the names of their paths."""
    return dict(zip(path_names(len(truth.gradients)), (truth.primal, *truth.gradients), strict=True))


def _join(parts: list[Worst]) -> Worst:
    return Worst(
        *(max((getattr(p, f) for p in parts), default=0.0) for f in ("budget_ratio", "ulp", "normwise"))
    )
