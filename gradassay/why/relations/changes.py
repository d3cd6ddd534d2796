"""The truth of another cotangent, at another argument, or times something that the rule has at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Enclosure, Scenario
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.samples import Sample

# ---- another cotangent or argument


def _cotangent(name: str, words: str, change: Callable[[Array], Any]) -> Candidate:
    """The gradient of another cotangent, made of the given one in its dtype."""

    def changed(scenario: Scenario) -> Scenario | None:
        y_bar = scenario.cotangent
        with np.errstate(all="ignore"):
            other = np.asarray(change(y_bar))
        return replace(scenario, cotangent=other.astype(y_bar.dtype)) if other.shape == y_bar.shape else None

    return valued(name, words, lambda sample: sample.under(name, changed), primal=False)


def _argument(name: str, words: str, change: Callable[[Scenario, Array | None], Array | None]) -> Candidate:
    """The gradient at another first argument."""

    def value(sample: Sample) -> Enclosure | None:
        assert sample.case.evaluation is not None  # samples_of has seen to it
        primal = sample.case.evaluation.primal

        def changed(scenario: Scenario) -> Scenario | None:
            x = change(scenario, primal)
            return None if x is None else replace(scenario, args=(x, *scenario.args[1:]))

        return sample.under(name, changed)

    return valued(name, words, value, primal=False)


def _at_y(scenario: Scenario, primal: Array | None) -> Array | None:
    return primal if primal is not None and primal.shape == scenario.args[0].shape else None


def _mean(y_bar: Array, *, axis: int | None = None) -> Array:
    wide = y_bar.astype(np.float64)
    return np.broadcast_to(wide.mean(axis=axis, keepdims=True), y_bar.shape) if wide.size else wide


def _total(y_bar: Array) -> Array:
    return np.broadcast_to(y_bar.astype(np.float64).sum(), y_bar.shape)


def _row(y_bar: Array, at: int) -> Array:
    only = np.zeros(y_bar.shape, y_bar.dtype)
    if only.size and only.ndim:
        rows = only.reshape(-1, only.shape[-1])
        rows[at] = y_bar.reshape(rows.shape)[at]
    return only if y_bar.ndim else y_bar


COTANGENTS = (
    _cotangent("the cotangent ignored", "the truth for a cotangent of ones", np.ones_like),
    _cotangent("the cotangent squared", "the truth for the cotangent's square", lambda g: g * g),
    _cotangent("the cotangent's absolute value", "the truth for |y_bar|", np.abs),
    _cotangent("the cotangent's sign", "the truth for the signs of y_bar", np.sign),
    _cotangent(
        "negative cotangents dropped", "the truth for max(y_bar, 0)", lambda g: np.where(g > 0, g, 0 * g)
    ),
    _cotangent("the cotangent's first row alone", "the truth for y_bar[0] alone", lambda g: _row(g, 0)),
    _cotangent("the cotangent's last row alone", "the truth for y_bar[-1] alone", lambda g: _row(g, -1)),
    _cotangent("the cotangent averaged", "the truth for the mean of y_bar in every entry", _mean),
    _cotangent("the cotangent summed", "the truth for the sum of y_bar in every entry", _total),
    _cotangent(
        "the cotangent averaged over the batch",
        "the truth for the mean of y_bar over axis 0",
        lambda g: _mean(g, axis=0) if g.ndim else g,
    ),
    _cotangent("the cotangent transposed", "the truth for y_bar transposed", np.transpose),
    _cotangent("the cotangent reversed", "the truth for y_bar reversed", np.flip),
    _cotangent(
        "the cotangent off by one", "the truth for y_bar shifted by one entry", lambda g: np.roll(g, 1)
    ),
)
ARGUMENTS = (
    _argument("y in place of x", "the truth at y in place of x", _at_y),
    _argument("-x in place of x", "the truth at -x", lambda scenario, _: -scenario.args[0]),
)

# ---- times something


def _times(
    name: str, words: str, factor: Callable[[Sample], Array | None], *, primal: bool = False
) -> Candidate:
    def value(sample: Sample) -> Enclosure | None:
        with np.errstate(all="ignore"):
            c = factor(sample)
        if c is None or c.shape not in ((), sample.got.shape):
            return None
        return sample.scaled(c)

    return valued(name, words, value, primal=primal)


TIMES = (
    _times("multiplied by the primal", "the truth times y", lambda s: s.primal.mid),
    _times("divided by the primal", "the truth over y", lambda s: 1 / s.primal.mid),
    _times("multiplied by the argument", "the truth times x", lambda s: s.x, primal=True),
    _times("divided by the argument", "the truth over x", lambda s: 1 / s.x, primal=True),
)
