"""Ties that stand alone: entry by entry, the weights that a gradient gives the winners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradassay.kinks.weights import EDGE, Told, Weights, choice_of, fault_of
from gradassay.vocabulary import Array, Enclosure, Evaluation, Truth, Verdict

#: By how much something is missed, how uncertain that is, and how much is permitted.
Miss = tuple[Array, Array, Array]


def where_alone(evaluation: Evaluation, truth: Truth) -> Told:
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
