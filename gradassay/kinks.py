"""At a tie the gradient is a set: what of an evaluation can still be judged, and which member it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import Format
from gradassay.vocabulary import Array, Enclosure, Evaluation, Truth, Verdict


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
    single = sum(int(np.count_nonzero(entries)) for entries in tied) == 1
    if single and _between(evaluation, truth, tied):
        return Verdict.SUBGRADIENT, "tie: between the winners"
    if single and truth.ties == 1:
        return Verdict.WRONG, "outside what the winners of a tie allow"
    return Verdict.INCONCLUSIVE, "a tie whose set was not enumerated"


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
