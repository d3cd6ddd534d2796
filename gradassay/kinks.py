"""At a tie the gradient is a set: what of an evaluation can still be judged, and which member it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import Format
from gradassay.hull import (
    Hull,
    Member,
    fits,
    flat,
    flat_of,
    free_weights,
    hull_of,
    matters,
    member_with,
    nearest,
)
from gradassay.vocabulary import Array, Enclosure, Evaluation, Truth, Verdict, Winners
from gradassay.weights import (
    BETWEEN,
    FULL,
    NOTHING,
    ONE_EACH,
    OUTSIDE,
    Weights,
    choice_of,
    even_words,
    fault_of,
    listed,
)

#: By how much something is missed, how uncertain that is, and how much is permitted.
Miss = tuple[Array, Array, Array]

#: Why nothing is concluded: more precision would tell; not all members were tried; their mixes are not all members.
EDGE = "at the edge of the budget"
SAMPLED = "a tie of which only a sample of the winners was tried"
NOT_ENUMERATED = "a tie whose set was not enumerated"


class Told(NamedTuple):
    """What is to be thought of a gradient at a tie."""

    verdict: Verdict
    cause: str
    weights: str = ""
    """Those that were found, for the sentence."""


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
    return _where_alone(evaluation, truth) if truth.alone else enumerated(evaluation, truth, form)


# -- ties that stand alone ---------------------------------------------------------------------------------


def _where_alone(evaluation: Evaluation, truth: Truth) -> Told:
    """Where the whole set is known, because no tie has an influence on another."""
    first, last = truth.extremes["first"][1:], truth.extremes["last"][1:]
    misses: list[Miss] = []
    found: list[Weights] = []
    for i, (got, *ends, labels) in enumerate(
        zip(evaluation.gradients, truth.gradients, first, last, truth.alone, strict=True)
    ):
        assert got is not None  # structure is judged before
        with np.errstate(all="ignore"):
            for judged in (_beside_constants(got, ends, labels), _shares(got, ends, labels)):
                misses.append(judged[0])
                # An entry is in one argument alone: ties of different ones are different, whatever their numbers.
                found.append(replace(judged[1], of=judged[1].of * len(truth.alone) + i))
    weights = Weights.join(found)
    if any(np.any(miss - rad > budget) for miss, rad, budget in misses):
        return Told(Verdict.WRONG, *fault_of(weights))
    if all(np.all(miss + rad <= budget) for miss, rad, budget in misses):
        return Told(Verdict.SUBGRADIENT, *choice_of(weights))
    return Told(Verdict.INCONCLUSIVE, EDGE)


def _beside_constants(got: Array, ends: Sequence[Enclosure], labels: Array) -> tuple[Miss, Weights]:
    """By how much entries that are tied with a constant lie outside of what the two winners give them."""
    entries = labels < 0
    mids, rads, budgets = (
        np.stack([getattr(end, name)[entries] for end in ends]) for name in ("mid", "rad", "budget")
    )
    value = got[entries].astype(mids.dtype)
    miss = np.maximum(np.maximum(mids.min(axis=0) - value, value - mids.max(axis=0)), 0)
    rad, budget = rads.max(axis=0), budgets.max(axis=0)
    _, first, last = mids
    numbers = -1 - np.arange(len(value))
    weights = (value - last) / (first - last)
    return (miss, rad, budget), Weights(
        numbers, weights, (rad + budget) / np.abs(first - last), np.ones(len(value), bool)
    )


def _shares(got: Array, ends: Sequence[Enclosure], labels: Array) -> tuple[Miss, Weights]:
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
    budget = np.max([total(end.budget[tied]) for end in ends], axis=0)
    slack = (rad + budget) / np.abs(whole)
    return (miss, rad, budget), Weights(
        group, shares / whole[group], slack[group], np.zeros(len(group), bool)
    )


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
