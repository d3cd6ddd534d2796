"""At a tie the gradient is a set: what of an evaluation can still be judged, and which member it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import Format
from gradassay.kinks.alone import where_alone
from gradassay.kinks.hull import Hull, Member, flat, flat_of, hull_of, matters, member_with
from gradassay.kinks.mixes import fits, free_weights, nearest
from gradassay.kinks.weights import (
    BETWEEN,
    EDGE,
    FULL,
    NOTHING,
    ONE_EACH,
    OUTSIDE,
    Told,
    Weights,
    even_words,
    fault_of,
    listed,
)
from gradassay.vocabulary import Array, Enclosure, Evaluation, Truth, Verdict, Winners

#: Why nothing is concluded: not all members were tried; their mixes are not all members.
SAMPLED = "a tie of which only a sample of the winners was tried"
NOT_ENUMERATED = "a tie whose set was not enumerated"


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


def membership(evaluation: Evaluation, truth: Truth, form: Format) -> Told:
    """Which member of the set the gradients are, everything beside the ties being right."""
    assert truth.winners is not None
    own = "tie: split" if truth.split else "tie: as the definition compares"
    if _is_member(evaluation, (truth.primal, *truth.gradients), form):
        return Told(Verdict.SUBGRADIENT, own, even_words(truth.winners) if truth.split else "")
    for name, member in truth.extremes.items():
        if _is_member(evaluation, member, form):
            return Told(Verdict.SUBGRADIENT, f"tie: all to the {name}")
    return where_alone(evaluation, truth) if truth.alone else enumerated(evaluation, truth, form)


# -- ties that depend on each other ------------------------------------------------------------------------


def enumerated(evaluation: Evaluation, truth: Truth, form: Format) -> Told:
    """Where the set has to be enumerated, which costs up to a few dozen evaluations of the definition."""
    assert truth.winners is not None
    hull = hull_of(truth)
    if hull is None:
        return Told(Verdict.INCONCLUSIVE, NOT_ENUMERATED)
    hull, got = hull.beside(_flat(evaluation))
    found, inside = nearest(hull, got)
    if inside:
        return _named(hull, truth.winners, got, found)
    fault = _known_fault(evaluation, truth, form)
    if fault is not None:
        return fault
    if inside is None:
        return Told(Verdict.INCONCLUSIVE, EDGE)
    if not hull.complete:
        sampled = hull.tried < hull.many
        words = f"{hull.tried} of {hull.many} choices of winners were tried" if sampled else ""
        return Told(Verdict.INCONCLUSIVE, SAMPLED if sampled else NOT_ENUMERATED, words)
    free = free_weights(hull, got) if hull.affine else None
    return Told(Verdict.WRONG, *(fault_of(_of_arguments(truth.winners, *free)) if free else (OUTSIDE, "")))


def beside_members(evaluation: Evaluation, truth: Truth, form: Format) -> Told | None:
    """What a tie has to do with entries outside of all three members that the truth holds; None where nothing.

    Ties that depend on each other may cancel where all go to the first, or to the last, and not in a mix of them.
    """
    if truth.alone or not matters(truth):
        return None
    told = enumerated(evaluation, truth, form)
    if told.cause in (SAMPLED, NOT_ENUMERATED):
        return told if _all_vary(evaluation, truth) else None
    return None if told.verdict is Verdict.WRONG and told.cause not in (FULL, NOTHING) else told


def _all_vary(evaluation: Evaluation, truth: Truth) -> bool:
    """Whether every entry outside its budget is one that some choice of winners moves."""
    hull, own = hull_of(truth), (truth.primal, *truth.gradients)
    mid, rad, budget = (flat_of(own, name) for name in ("mid", "rad", "budget"))
    with np.errstate(invalid="ignore"):
        outside = np.abs(_flat(evaluation) - mid) - rad > budget
    return hull is not None and bool(np.all(hull.varies[outside]))


def _flat(evaluation: Evaluation) -> Array:
    return flat([x for x in (evaluation.primal, *evaluation.gradients) if x is not None])


def _named(hull: Hull, winners: Winners, got: Array, weights: Array) -> Told:
    """The choice that the weights of the hull's columns are."""
    tried = ""
    if not hull.affine and hull.tried < hull.many:
        tried = f"; {hull.tried} of {hull.many} choices of winners were tried"
    single = np.zeros(len(weights))
    for group in np.unique(hull.groups):
        of = np.flatnonzero(hull.groups == group)
        single[of[np.argmax(weights[of])]] = 1
    if fits(hull, got, single):
        return Told(Verdict.SUBGRADIENT, ONE_EACH, tried.removeprefix("; "))
    values = hull.choices.T @ weights
    shown = _of_arguments(winners, values, np.full(len(values), 0.005)).ties()
    mixed = next((tie for tie in shown if not tie.single), shown[0])
    return Told(Verdict.SUBGRADIENT, BETWEEN, listed(mixed.values) + tried)


def _of_arguments(winners: Winners, values: Array, uncertain: Array) -> Weights:
    """The weights of contenders that are no constants."""
    beside = np.isin(winners.ties, winners.ties[winners.constant])
    whole = np.bincount(winners.ties, np.nan_to_num(uncertain.astype(np.float64)))
    kept = ~winners.constant
    return Weights(winners.ties[kept], values[kept], whole[winners.ties][kept], beside[kept])


def _known_fault(evaluation: Evaluation, truth: Truth, form: Format) -> Told | None:
    """The commonest mistakes, tried as they are: every winner gets the full cotangent, or none gets anything."""
    winners = truth.winners
    assert winners is not None
    beside = np.isin(winners.ties, winners.ties[winners.constant])
    if winners.conditions or beside.all():
        return None
    k = int(np.bincount(winners.ties[~beside]).max())
    for cause, weight in ((FULL, 1.0), (NOTHING, 0.0)):
        for share in (0.0, 0.5, 1.0) if beside.any() else (0.0,):
            member = member_with(truth, np.where(beside, share, weight))
            if member is not None and _is_member(evaluation, member, form):
                words = f"the weights of {k} winners sum to {k if weight else 0}"
                return Told(Verdict.WRONG, cause, words)
    return None


def _is_member(evaluation: Evaluation, member: Member, form: Format) -> bool:
    return all(
        _is(got, gradient, form)
        for got, gradient in zip((evaluation.primal, *evaluation.gradients), member, strict=True)
    )


def _is(got: Array | None, gradient: Enclosure, form: Format) -> bool:
    comparison = compare_array("", got, gradient, form)
    return not (comparison.structure or comparison.outside or comparison.undecided)
