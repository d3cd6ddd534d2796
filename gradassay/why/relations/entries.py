"""The truth with its entries elsewhere, or with a part of them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Enclosure
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.samples import Fit, Sample

# ---- elsewhere


def _moved(name: str, words: str, move: Callable[[Array], Array]) -> Candidate:
    return valued(name, words, lambda sample: sample.moved(move))


def _flip(axis: int) -> Callable[[Array], Array]:
    return lambda g: np.flip(g, axis) if g.ndim > 1 else g


def _roll(shift: int, axis: int) -> Callable[[Array], Array]:
    return lambda g: np.roll(g, shift, axis) if g.ndim > 1 else g


MOVED = (
    _moved("transposed", "the truth transposed", np.transpose),
    _moved("reversed", "the truth with its entries reversed", np.flip),
    _moved("reversed along the last axis", "the truth reversed along the last axis", _flip(-1)),
    _moved("reversed along the first axis", "the truth reversed along the first axis", _flip(0)),
    _moved("off by one", "the truth shifted by one entry", lambda g: np.roll(g, 1)),
    _moved("off by one backwards", "the truth shifted back by one entry", lambda g: np.roll(g, -1)),
    _moved("off by one along the last axis", "the truth shifted along the last axis", _roll(1, -1)),
    _moved("off by one along the first axis", "the truth shifted along the first axis", _roll(1, 0)),
    _moved(
        "read in Fortran order", "the truth read column by column", lambda g: g.ravel("F").reshape(g.shape)
    ),
)


def in_another_order(sample: Sample) -> Fit:
    """Sorted, both are the same. Neighbours that are nearly equal may have changed places by their rounding."""
    truth = sample.truth
    at, there = np.argsort(truth.mid, axis=None), np.argsort(sample.value, axis=None)
    budgets = np.pad(truth.budget.ravel()[at], 1)
    wide = budgets[1:-1] + np.maximum(budgets[:-2], budgets[2:])
    moved = [np.empty(part.shape, part.dtype) for part in (truth.mid, truth.rad, truth.budget)]
    for part, source in zip(moved, (truth.mid.ravel()[at], truth.rad.ravel()[at], wide), strict=True):
        part.reshape(-1)[there] = source
    found = sample.fit(Enclosure(*moved))
    # Where one winner has it all, every gradient is another order of every other.
    telling = np.unique(truth.mid).size > 2
    return Fit.TRIVIAL if found is Fit.EVIDENCE and not telling else found


# ---- a part of them


def _only(name: str, words: str, keep: Callable[[Sample], Array | None]) -> Candidate:
    """The truth where ``keep`` holds, 0 elsewhere."""

    def value(sample: Sample) -> Enclosure | None:
        kept = keep(sample)
        return None if kept is None or kept.shape != sample.got.shape else sample.chosen(kept)

    return valued(name, words, value)


def _end(at: int, axis: int | None) -> Callable[[Sample], Array | None]:
    def keep(sample: Sample) -> Array | None:
        kept = np.zeros(sample.got.shape, np.bool_)
        if axis is None:
            kept.reshape(-1)[at : at + 1 or None] = True
        elif kept.ndim > 1:
            np.moveaxis(kept, axis, 0)[at : at + 1 or None] = True
        return kept

    return keep


def _end_of_slice(at: int) -> Callable[[Sample], Array | None]:
    """As ``_end`` along the axis that the scenario reduces."""

    def keep(sample: Sample) -> Array | None:
        axis = sample.scenario.params.get("axis")
        kept = np.zeros(sample.got.shape, np.bool_)
        if (isinstance(axis, int) and not -kept.ndim <= axis < kept.ndim) or isinstance(axis, tuple):
            return None
        whole = axis is None
        along = kept.reshape(-1) if whole else np.moveaxis(kept, int(axis or 0), 0)
        along[at : at + 1 or None] = True
        return kept

    return keep


PARTS = (
    _only("0 where the cotangent is negative", "the truth, but 0 where y_bar < 0", lambda s: s.y_bar >= 0),
    _only("0 where the cotangent is positive", "the truth, but 0 where y_bar > 0", lambda s: s.y_bar <= 0),
    _only("0 where the argument is negative", "the truth, but 0 where x < 0", lambda s: s.x >= 0),
    _only("0 where the argument is positive", "the truth, but 0 where x > 0", lambda s: s.x <= 0),
    _only("0 where negative", "the positive part of the truth", lambda s: s.truth.mid >= 0),
    _only("0 where positive", "the negative part of the truth", lambda s: s.truth.mid <= 0),
    _only("the first entry alone", "the truth in its first entry, 0 elsewhere", _end(0, None)),
    _only("the last entry alone", "the truth in its last entry, 0 elsewhere", _end(-1, None)),
    _only("the first of each slice alone", "the truth first along the axis, 0 elsewhere", _end_of_slice(0)),
    _only("the last of each slice alone", "the truth last along the axis, 0 elsewhere", _end_of_slice(-1)),
    _only("the first row alone", "the truth in its first row, 0 elsewhere", _end(0, 0)),
    _only("the last row alone", "the truth in its last row, 0 elsewhere", _end(-1, 0)),
    _only("the first column alone", "the truth first on the last axis, 0 elsewhere", _end(0, -1)),
    _only("the last column alone", "the truth last on the last axis, 0 elsewhere", _end(-1, -1)),
)

# ---- mixed rows


def _mixed(name: str, words: str, over: Callable[..., Any], axis: int) -> Candidate:
    def value(sample: Sample) -> Enclosure | None:
        g = sample.truth
        if g.mid.ndim < 2 or not g.mid.size:  # over nothing there is no mean
            return None
        mid, rad, budget = (over(part, axis=axis, keepdims=True) for part in (g.mid, g.rad, g.budget))
        reach = g.mid.shape[axis] * sample.form.u * over(np.abs(g.mid), axis=axis, keepdims=True)
        spread = [np.broadcast_to(part, g.mid.shape) for part in (mid, rad, budget + reach + sample.form.eta)]
        return Enclosure(*spread)

    return valued(name, words, value)


MIXED = (
    _mixed("summed over the batch", "the sum of the truth over axis 0", np.sum, 0),
    _mixed("averaged over the batch", "the mean of the truth over axis 0", np.mean, 0),
    _mixed("summed over the last axis", "the sum of the truth over the last axis", np.sum, -1),
    _mixed("averaged over the last axis", "the mean of the truth over the last axis", np.mean, -1),
)
