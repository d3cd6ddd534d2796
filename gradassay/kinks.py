"""At a tie the gradient is a set: what of an evaluation can still be judged, and which member it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import Format
from gradassay.vocabulary import Array, Enclosure, Evaluation, Truth, Verdict

#: By how much something is missed, how uncertain that is, and how much is permitted.
Miss = tuple[Array, Array, Array]


def without_ties(truth: Truth) -> Truth:
    """The truth with nothing demanded of the entries that depend on who wins a tie, but that they are finite."""
    if not truth.extremes:
        return truth
    primal, *gradients = (
        replace(enclosure, budget=np.where(tied, np.finfo(enclosure.mid.dtype).max, enclosure.budget))
        for enclosure, tied in zip((truth.primal, *truth.gradients), tied_entries(truth), strict=True)
    )
    return replace(truth, primal=primal, gradients=tuple(gradients))


def tied_entries(truth: Truth) -> list[Array]:
    """For the primal (of a pullback) and each gradient, where two members of the set differ."""
    members = truth.extremes.values()
    with np.errstate(invalid="ignore"):  # inf - inf is no difference
        return [
            np.logical_or.reduce(
                [np.abs(enclosure.mid - m[i].mid) > enclosure.rad + m[i].rad for m in members]
            )
            for i, enclosure in enumerate((truth.primal, *truth.gradients))
        ]


def membership(evaluation: Evaluation, truth: Truth, form: Format) -> tuple[Verdict, str]:
    """Verdict and cause: which member of the set the gradients are, everything beside the ties being right."""
    own = "split" if truth.split else "as the definition compares"
    members = {own: (truth.primal, *truth.gradients)}
    members |= {f"all to the {name}": member for name, member in truth.extremes.items()}
    got = (evaluation.primal, *evaluation.gradients)
    for name, member in members.items():
        if all(map(_is, got, member, [form] * len(member))):
            return Verdict.SUBGRADIENT, f"tie: {name}"
    tied = tied_entries(truth)
    if truth.alone:
        return _all_told(evaluation, truth)
    single = sum(int(np.count_nonzero(entries)) for entries in tied) == 1
    if single and _between(evaluation, truth, tied):
        return Verdict.SUBGRADIENT, "tie: between the winners"
    if single and truth.ties == 1:
        return Verdict.WRONG, "outside what the winners of a tie allow"
    return Verdict.INCONCLUSIVE, "a tie whose set was not enumerated"


def _all_told(evaluation: Evaluation, truth: Truth) -> tuple[Verdict, str]:
    """Verdict and cause where the whole set is known, because no tie has an influence on another."""
    first, last = truth.extremes["first"][1:], truth.extremes["last"][1:]
    misses: list[Miss] = []
    for got, *ends, labels in zip(
        evaluation.gradients, truth.gradients, first, last, truth.alone, strict=True
    ):
        assert got is not None  # structure is judged before
        with np.errstate(all="ignore"):
            misses += [_miss_between(got, ends, labels < 0), _miss_of_shares(got, ends, labels)]
    if any(np.any(miss - rad > budget) for miss, rad, budget in misses):
        return Verdict.WRONG, "outside what the winners of a tie allow"
    if all(np.all(miss + rad <= budget) for miss, rad, budget in misses):
        return Verdict.SUBGRADIENT, "tie: between the winners"
    return Verdict.INCONCLUSIVE, "at the edge of the budget"


def _miss_between(got: Array, ends: Sequence[Enclosure], entries: Array) -> Miss:
    """By how much entries that are tied with a constant lie outside of what the two winners give them."""
    mids, rads, budgets = (
        np.stack([getattr(end, name)[entries] for end in ends]) for name in ("mid", "rad", "budget")
    )
    value = got[entries].astype(mids.dtype)
    miss = np.maximum(np.maximum(mids.min(axis=0) - value, value - mids.max(axis=0)), 0)
    return miss, rads.max(axis=0), budgets.max(axis=0)


def _miss_of_shares(got: Array, ends: Sequence[Enclosure], labels: Array) -> Miss:
    """By how much entries that are tied with each other are no shares, of one sign, that add up to the whole.

    With c the gradient of an entry that wins nothing and g what there is to win, got - c = w g with weights w >= 0 of
    sum 1. An entry wins nothing where another one is the first winner, and the first where the last one is.
    """
    tied = labels > 0
    _, at, group = np.unique(labels[tied], return_index=True, return_inverse=True)
    split, first, last = (end.mid[tied] for end in ends)
    nothing = first.copy()
    nothing[at] = last[at]

    def total(values: Array) -> Array:
        sums = np.zeros(len(at), split.dtype)
        np.add.at(sums, group, values)
        return sums

    shares = got[tied].astype(split.dtype) - nothing
    whole = total(split - nothing)
    against = total(np.maximum(-shares * np.sign(whole)[group], 0))
    miss = np.maximum(np.abs(total(shares) - whole), against)
    rad = np.max([total(end.rad[tied]) for end in ends], axis=0)
    return miss, rad, np.max([total(end.budget[tied]) for end in ends], axis=0)


def _is(got: Array | None, gradient: Enclosure, form: Format) -> bool:
    comparison = compare_array("", got, gradient, form)
    return not (comparison.structure or comparison.outside or comparison.undecided)


def _between(evaluation: Evaluation, truth: Truth, tied: list[Array]) -> bool:
    """One tied entry alone: the convex hull is the interval between the winners."""
    for i, entries in enumerate(tied):
        got = (evaluation.primal, *evaluation.gradients)[i]
        if not entries.any() or got is None:
            continue
        ends = [member[i] for member in ((truth.primal, *truth.gradients), *truth.extremes.values())]
        low = min(float(end.mid[entries][0] - end.budget[entries][0]) for end in ends)
        high = max(float(end.mid[entries][0] + end.budget[entries][0]) for end in ends)
        return low <= float(got[entries][0]) <= high
    return False
