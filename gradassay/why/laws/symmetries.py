"""Laws that compare a result with that of a changed input: shifted, reversed, mirrored, a row alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Scenario
from gradassay.why.laws.probe import Arrays, Law, Probe, bound, first_of, violation
from gradassay.why.laws.sums import distributions

Change = Callable[[Probe], Scenario | None]
Same = Callable[[Probe, Arrays], Arrays]
Scales = Callable[[Probe, Arrays], tuple[Any, ...]]


def _symmetry(change: Change, same: Same, scales: Scales) -> Callable[[Probe], float | None]:
    """f and its gradient at a changed input are what ``same`` makes of those at the input itself."""

    def broken(probe: Probe) -> float | None:
        if probe.base is None or (changed := probe.at(change(probe))) is None:
            return None
        terms = max(x.size for x in probe.scenario.args)
        expected = same(probe, probe.base)
        sizes = scales(probe, probe.base)
        return first_of(
            violation(got, right, bound(size, terms))
            for got, right, size in zip(changed, expected, sizes, strict=True)
        )

    return broken


def _with(probe: Probe, *first: Array, y_bar: Array | None = None) -> Scenario:
    """The probe's scenario with other first arguments, and another cotangent."""
    args = (*first, *probe.scenario.args[len(first) :])
    return replace(probe.scenario, args=args, cotangent=probe.y_bar if y_bar is None else y_bar)


def _as_they_are(probe: Probe, base: Arrays) -> Arrays:
    return base


def _logit_scales(probe: Probe, base: Arrays) -> tuple[Any, ...]:
    """Rounding x + 1 moves every logit by u (|x| + 1), and p and log p by twice that at most."""
    shifted = 1 + np.max(np.abs(probe.x), initial=0)
    return shifted, shifted * np.abs(probe.y_bar).sum()


def _flipped(probe: Probe) -> Scenario:
    return _with(probe, np.flip(probe.x, probe.axes).copy(), y_bar=np.flip(probe.y_bar, probe.axes).copy())


def _entry_scales(probe: Probe, base: Arrays) -> tuple[Any, ...]:
    """Entry by entry; a slope of 1 - s and its like is off by roundoffs of the cotangent."""
    y, g = base
    return np.max(np.abs(y), initial=0), np.max(np.abs(g) + np.abs(probe.y_bar), initial=0)


def _row_scales(probe: Probe, base: Arrays) -> tuple[Any, ...]:
    return 1 + np.max(np.abs(base[0]), initial=0), np.abs(probe.y_bar).sum()


def _batch_axis(probe: Probe) -> int | None:
    """An axis of more than one row that the softmax does not run over."""
    return next((i for i, n in enumerate(probe.x.shape) if n > 1 and i not in probe.axes), None)


def _first_row(probe: Probe) -> Callable[[Array], Array] | None:
    axis = _batch_axis(probe)
    return None if axis is None else lambda x: np.take(x, [0], axis)


def _row_alone(probe: Probe) -> Scenario | None:
    row = _first_row(probe)
    return None if row is None else _with(probe, row(probe.x), y_bar=row(probe.y_bar))


def _of_the_row(probe: Probe, base: Arrays) -> Arrays:
    row = _first_row(probe)
    assert row is not None  # the change has seen to it
    return tuple(row(array) for array in base)


def _rows_reversed(x: Array) -> Array:
    return np.flip(x, 0).copy()


def _samples_reversed(probe: Probe) -> Scenario | None:
    x, labels = probe.scenario.args
    if x.ndim < 2 or labels.shape[:1] != x.shape[:1]:
        return None
    return _with(probe, _rows_reversed(x), _rows_reversed(labels), y_bar=_reversed_if_rows(probe.y_bar))


def _reversed_if_rows(y: Array) -> Array:
    return _rows_reversed(y) if y.ndim else y


def _loss_scales(probe: Probe, base: Arrays) -> tuple[Any, ...]:
    y, g = base
    shifted = 1 + np.max(np.abs(probe.x), initial=0) + np.max(np.abs(y), initial=0)
    return shifted, np.max(np.abs(g), initial=0) + np.max(np.abs(probe.y_bar), initial=0)


def _affine_rows(probe: Probe) -> Scenario | None:
    if probe.x.ndim < 2:
        return None
    return _with(probe, _rows_reversed(probe.x), y_bar=_rows_reversed(probe.y_bar))


def _affine_scales(probe: Probe, base: Arrays) -> tuple[Any, ...]:
    x, W, b = map(np.abs, probe.scenario.args)
    g = np.abs(probe.y_bar)
    rows, bars = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
    return x @ W + b, g @ W.T, rows.T @ bars, bars.sum(axis=0)


def _no_ties(x: Array) -> bool:
    return np.unique(x).size == x.size


_ROWS = ("softmax", "log_softmax")
_EXTREMA = ("max", "min")
_LOSS = ("softmax_cross_entropy",)
_ENTRIES = ("exp", "log", "clip", "relu", "sigmoid", "tanh")

SYMMETRIES = (
    Law(
        "shift",
        "adding 1 to every logit changes the result",
        _symmetry(lambda p: _with(p, p.x + 1), _as_they_are, _logit_scales),
        _ROWS,
    ),
    Law(
        "loss shift",
        "adding 1 to every logit changes the loss or its gradient",
        _symmetry(
            lambda p: _with(p, p.x + 1) if p.x.ndim and distributions(p.x, p.scenario.args[-1]) else None,
            _as_they_are,
            _loss_scales,
        ),
        _LOSS,
    ),
    Law(
        "order in the slice",
        "reversing the entries along the axis does not just reverse the result",
        _symmetry(_flipped, lambda p, base: tuple(np.flip(a, p.axes) for a in base), _row_scales),
        _ROWS,
    ),
    Law(
        "order of entries",
        "reversing the entries does not just reverse the result",
        _symmetry(
            lambda p: _with(p, np.flip(p.x).copy(), y_bar=np.flip(p.y_bar).copy()),
            lambda p, base: tuple(np.flip(a) for a in base),
            _entry_scales,
        ),
        _ENTRIES,
    ),
    Law(
        "order in the reduced slice",
        "reversing the entries along the axis changes more than their order",
        _symmetry(
            lambda p: _with(p, np.flip(p.x, p.axes).copy()) if _no_ties(p.x) else None,
            lambda p, base: (base[0], np.flip(base[1], p.axes)),
            lambda p, base: (np.abs(p.x).sum(), np.max(np.abs(base[1]), initial=0)),
        ),
        ("sum", "mean", *_EXTREMA),
    ),
    Law(
        "order of samples",
        "reversing the samples changes more than their order",
        _symmetry(
            _samples_reversed,
            lambda p, base: (_reversed_if_rows(base[0]), _rows_reversed(base[1])),
            _loss_scales,
        ),
        _LOSS,
    ),
    Law(
        "order of rows",
        "reversing the rows changes more than their order",
        _symmetry(
            _affine_rows,
            lambda p, base: (_rows_reversed(base[0]), _rows_reversed(base[1]), *base[2:]),
            _affine_scales,
        ),
        ("affine",),
    ),
    Law("batch", "a row alone gives another result", _symmetry(_row_alone, _of_the_row, _row_scales), _ROWS),
    Law(
        "oddness",
        "f(-x) is not -f(x), or its slope not that at x",
        _symmetry(lambda p: _with(p, -p.x), lambda p, base: (-base[0], base[1]), _entry_scales),
        ("tanh",),
    ),
    Law(
        "reflection",
        "f(-x) is not 1 - f(x), or its slope not that at x",
        _symmetry(
            lambda p: _with(p, -p.x),
            lambda p, base: (1 - base[0], base[1]),
            lambda p, base: (1.0, np.max(np.abs(base[1]) + np.abs(p.y_bar), initial=0)),
        ),
        ("sigmoid",),
    ),
)
