"""The simple relations of what came back to the truth, one line each, the simplest first.

With g the truth of the array, y_bar the cotangent, x the argument, y the primal. ``docs/relations.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Definition, Enclosure, Scenario
from gradassay.why.relations_formulas import FORMULAS, PRIMAL_FORMULAS, Formula
from gradassay.why.samples import Fit, Sample

Value = Callable[[Sample], Enclosure | None]


@dataclass(frozen=True)
class Candidate:
    """A relation that may hold."""

    name: str
    words: str
    """What the array is: ``0 everywhere``, after "the gradient is"."""
    fit: Callable[[Sample], Fit]


def valued(name: str, words: str, value: Value, *, primal: bool = True) -> Candidate:
    """The relation of being equal to ``value``; without ``primal`` of a gradient alone."""

    def fit(sample: Sample) -> Fit:
        return Fit.NO if sample.number < 0 and not primal else sample.fit(value(sample))

    return Candidate(name, words, fit)


# ---- the truth of another cotangent or argument


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
    return np.broadcast_to(wide.mean(axis=axis, keepdims=True), y_bar.shape) if y_bar.size else wide


def _total(y_bar: Array) -> Array:
    return np.broadcast_to(y_bar.astype(np.float64).sum(), y_bar.shape)


def _row(y_bar: Array, at: int) -> Array:
    only = np.zeros_like(y_bar)
    if y_bar.ndim and len(y_bar):
        only[at] = y_bar[at]
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
    _cotangent("the cotangent off by one", "the truth for y_bar shifted by one entry", lambda g: np.roll(g, 1)),
)
ARGUMENTS = (
    _argument("y in place of x", "the truth at y in place of x", _at_y),
    _argument("-x in place of x", "the truth at -x", lambda scenario, _: -scenario.args[0]),
)

# ---- the truth with its entries elsewhere


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
    _moved("read in Fortran order", "the truth read column by column", lambda g: g.ravel("F").reshape(g.shape)),
)


def _in_another_order(sample: Sample) -> Fit:
    """Sorted, both are the same; entries that are the same either way are no evidence."""
    truth = sample.truth
    at, there = np.argsort(truth.mid, axis=None), np.argsort(sample.value, axis=None)
    sorted_truth = Enclosure(*(part.ravel()[at] for part in (truth.mid, truth.rad, truth.budget)))
    moved = Enclosure(*(np.empty_like(part) for part in (truth.mid, truth.rad, truth.budget)))
    for part, source in zip(
        (moved.mid, moved.rad, moved.budget),
        (sorted_truth.mid, sorted_truth.rad, sorted_truth.budget),
        strict=True,
    ):
        part.reshape(-1)[there] = source
    return sample.fit(moved)


# ---- the truth times something


def _times(name: str, words: str, factor: Callable[[Sample], Array | None], *, primal: bool = False) -> Candidate:
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


def _squared(sample: Sample) -> Enclosure:
    g = sample.truth
    size = np.abs(g.mid)
    budget = 2 * size * g.budget + g.budget**2 + sample.form.u * size**2 + sample.form.eta
    return Enclosure(g.mid**2, 2 * size * g.rad + g.rad**2, budget)


# ---- a part of the truth


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


PARTS = (
    _only("0 where the cotangent is negative", "the truth, but 0 where y_bar < 0", lambda s: s.y_bar >= 0),
    _only("0 where the cotangent is positive", "the truth, but 0 where y_bar > 0", lambda s: s.y_bar <= 0),
    _only("0 where the argument is negative", "the truth, but 0 where x < 0", lambda s: s.x >= 0),
    _only("0 where the argument is positive", "the truth, but 0 where x > 0", lambda s: s.x <= 0),
    _only("0 where negative", "the positive part of the truth", lambda s: s.truth.mid >= 0),
    _only("0 where positive", "the negative part of the truth", lambda s: s.truth.mid <= 0),
    _only("the first entry alone", "the truth in its first entry, 0 elsewhere", _end(0, None)),
    _only("the last entry alone", "the truth in its last entry, 0 elsewhere", _end(-1, None)),
    _only("the first row alone", "the truth in its first row, 0 elsewhere", _end(0, 0)),
    _only("the last row alone", "the truth in its last row, 0 elsewhere", _end(-1, 0)),
    _only("the first column alone", "the truth first on the last axis, 0 elsewhere", _end(0, -1)),
    _only("the last column alone", "the truth last on the last axis, 0 elsewhere", _end(-1, -1)),
)


def _absolute(sample: Sample) -> Enclosure:
    return replace(sample.truth, mid=np.abs(sample.truth.mid))


def _some_zero(sample: Sample) -> Enclosure | None:
    return sample.chosen(sample.value != 0) if (sample.value != 0).any() else None


def _some_signs(sample: Sample) -> Enclosure:
    turned = np.where(np.signbit(sample.value) != np.signbit(sample.truth.mid), -1, 1)
    return replace(sample.truth, mid=sample.truth.mid * turned)


# ---- mixed rows


def _mixed(name: str, words: str, over: Callable[..., Any], axis: int) -> Candidate:
    def value(sample: Sample) -> Enclosure | None:
        g = sample.truth
        if g.mid.ndim < 2 or not g.mid.size:
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

# ---- a lower precision


def _in(narrow: str) -> Candidate:
    """The truth rounded to a narrower format: representable in it, and as near as its roundings leave."""
    form = FORMATS[narrow]

    def fit(sample: Sample) -> Fit:
        got, truth = sample.value, sample.truth
        with np.errstate(all="ignore"):
            if form.u <= sample.form.u or not (got.astype(form.dtype).astype(got.dtype) == got).all():
                return Fit.NO
            budget = truth.budget * (form.u / sample.form.u) + form.u * np.abs(truth.mid) + form.eta
            near = sample.fit(replace(truth, budget=budget))
            visible = np.abs(truth.mid) > APART_FROM_0 * form.eta
        return Fit.EVIDENCE if near is not Fit.NO and visible.any() and got.any() else near

    return Candidate(f"computed in {narrow}", f"the truth rounded to {narrow}", fit)


#: A number has to be this many smallest numbers of a format large for its rounding to say anything.
APART_FROM_0 = 16
PRECISIONS = tuple(_in(name) for name in ("float32", "float16", "bfloat16"))

# ---- single operations


def _of_formula(formula: Formula, order: int) -> Candidate:
    """One of the formulas of an operation, on the tape."""

    def value(sample: Sample) -> Enclosure | None:
        if sample.number != order:
            return None
        assert sample.case.question is not None  # samples_of has seen to both
        assert sample.case.question.exact is not None
        definition = sample.case.question.exact.definition
        return sample.formula(f"{order} {formula.name}", _wrong(definition, formula, primal=order < 0))

    return valued(formula.name, formula.words, value)


def _wrong(definition: Definition, formula: Formula, *, primal: bool) -> Definition:
    def wrong(*given: Any, **params: Any) -> Any:
        *args, y_bar = given
        if primal:
            return formula.value(*args, **params)
        return formula.value(definition(*args, **params), y_bar, *args, **params)

    return wrong


def special(operation: str) -> Iterator[Candidate]:
    """The relations of one operation alone."""
    for formula in FORMULAS.get(operation, ()):
        yield _of_formula(formula, formula.argument)
    for formula in PRIMAL_FORMULAS.get(operation, ()):
        yield _of_formula(formula, -1)


# ---- the table

ZERO = valued("zero", "0 everywhere", lambda s: s.exactly(0.0))
SIGN = valued("wrong sign", "minus the truth", lambda s: s.scaled(-1.0))

SIMPLE: tuple[Candidate, ...] = (
    *COTANGENTS[:1],
    valued("the cotangent itself", "y_bar as it came", lambda s: s.exactly(s.y_bar) if s.y_bar.shape == s.got.shape else None, primal=False),
    valued("the argument itself", "x as it came", lambda s: s.exactly(s.x) if s.x.shape == s.got.shape else None),
    valued(
        "the rest of the cotangent",
        "y_bar minus the truth",
        lambda s: _rest(s) if s.y_bar.shape == s.got.shape else None,
        primal=False,
    ),
    *MOVED,
)
FURTHER: tuple[Candidate, ...] = (
    *COTANGENTS[1:],
    *ARGUMENTS,
    *TIMES,
    valued("squared", "the square of the truth", _squared),
    valued("absolute value", "the absolute value of the truth", _absolute),
    *PARTS,
    *MIXED,
    *PRECISIONS,
)
LAST: tuple[Candidate, ...] = (
    valued("some entries 0", "the truth in some entries, 0 in the others", _some_zero),
    valued("some signs wrong", "the truth, but for the sign of some entries", _some_signs),
    Candidate("entries in another order", "the truth with its entries in another order", _in_another_order),
)


def _rest(sample: Sample) -> Enclosure:
    mid = sample.y_bar - sample.truth.mid
    size = np.abs(sample.y_bar) + np.abs(sample.truth.mid)
    return Enclosure(mid, sample.truth.rad, sample.truth.budget + 2 * sample.form.u * size + sample.form.eta)


def named() -> Mapping[str, str]:
    """Every relation of the table by name, with its words."""
    general = (ZERO, SIGN, *SIMPLE, *FURTHER, *LAST)
    own = (c for name in {**FORMULAS, **PRIMAL_FORMULAS} for c in special(name))
    return {c.name: c.words for c in (*general, *own)}
