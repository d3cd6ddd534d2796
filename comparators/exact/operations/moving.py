"""Entries moved, repeated and added up again: broadcasting and the sum are each other's pullbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparators.exact.operations.decision import Decision
from comparators.exact.taped import Taped
from gradassay.vocabulary import Array


def restructure(a: Taped, f: Callable[[Array], Array], back: Callable[[Taped], Taped]) -> Taped:
    """``f`` moves entries without computing; ``back`` pulls a cotangent back."""
    return a.tape.make(a.tape.arithmetic.restructure(a.ball, f), (a,), lambda g, y: [back(g)])


def reshape(a: Taped, shape: tuple[int, ...]) -> Taped:
    """The entries in C order in another shape; one length may be -1."""
    return restructure(a, lambda x: x.reshape(shape), lambda g: reshape(g, a.shape))


def transpose(a: Taped, axes: Sequence[int]) -> Taped:
    """Axis i of the result is axis axes[i]."""
    return restructure(a, lambda x: x.transpose(axes), lambda g: transpose(g, np.argsort(axes).tolist()))


def broadcast_to(a: Taped, shape: tuple[int, ...]) -> Taped:
    """Repeat along new axes and axes of length 1."""
    return restructure(a, lambda x: np.broadcast_to(x, shape), lambda g: unbroadcast(g, a.shape))


def total(a: Taped, axis: tuple[int, ...]) -> Taped:
    """Sum over ``axis`` (non-negative, sorted), kept with length 1."""
    ball = a.tape.arithmetic.sum(a.ball, axis)
    return a.tape.make(ball, (a,), lambda g, y: [broadcast_to(g, a.shape)])


def unbroadcast(g: Taped, shape: tuple[int, ...]) -> Taped:
    """The pullback of broadcasting: sum over what was repeated."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    repeated = tuple(i for i in range(g.ndim) if i < extra or shape[i - extra] == 1 != g.shape[i])
    return reshape(total(g, repeated), shape)


def getitem(a: Taped, index: Any) -> Taped:
    """a[index] for any NumPy index."""
    index = _plain(index)
    return restructure(a, lambda x: x[index], lambda g: scatter(g, index, a.shape))


def scatter(g: Taped, index: Any, shape: tuple[int, ...]) -> Taped:
    """Zeros with ``g`` added at ``index``: the pullback of getitem, and getitem is its own."""
    ball = g.tape.arithmetic.scatter(g.ball, index, shape)
    return g.tape.make(ball, (g,), lambda h, y: [getitem(h, index)])


def _plain(index: Any) -> Any:
    """A decision indexes by the branch it takes."""
    if isinstance(index, tuple):
        return tuple(_plain(part) for part in index)
    return index.taken if isinstance(index, Decision) else index


def join(
    parts: Sequence[Taped], f: Callable[[list[Array]], Array], split: Callable[[Taped], list[Taped]]
) -> Taped:
    """``f`` concatenates or stacks; ``split`` takes the cotangent apart again."""
    tape = parts[0].tape
    return tape.make(tape.arithmetic.join([p.ball for p in parts], f), tuple(parts), lambda g, y: split(g))
