"""Relative errors planted in the gradients of a rule, and the smallest of a ladder of them that is found.

``x_bar -> fl(x_bar (1 + delta))`` with ``delta = 2^-k``: unless ``delta x_bar`` underflows it is exact, and the sum
is rounded once, into the dtype (in float64 it is exact for narrower ones, and for bfloat16 it fits float32, by way of
which it is cast). An entry moves away from 0 and further with every larger delta; what is accepted of it is an interval
(or a convex set, at a tie), so that it leaves it once and does not come back. That is why a larger error is found
wherever a smaller one is. (Where it overflows to an infinity that is right within the budget, it does come back: such
entries lie at the end of the range.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradassay.formats import Format, is_floating
from gradassay.vocabulary import Array, Evaluation, Rule


def ladder(form: Format) -> tuple[float, ...]:
    """1, 1/2, ..., u/2. The last one changes nothing: less than half a unit in the last place of every number."""
    return tuple(2.0**-k for k in range(round(-np.log2(form.u)) + 2))


@dataclass(frozen=True)
class Plant:
    """A relative error in all entries of the gradients, or in one of them."""

    delta: float
    """A power of two, or 0."""
    place: float | None = None
    """None for every entry; else from 0 to 1, the one entry's place among all entries of all gradients."""

    def __call__(self, gradients: tuple[Array | None, ...]) -> tuple[Array | None, ...]:
        """The gradients with the error in them; shapes and dtypes stay. None and integers are left alone."""
        arrays = [None if g is None else np.asarray(g) for g in gradients]
        sizes = [g.size if g is not None and is_floating(g.dtype) else 0 for g in arrays]
        chosen = None if self.place is None else int(self.place * sum(sizes))
        begins = np.cumsum([0, *sizes])
        return tuple(
            g if g is None or not size else self._in_array(g, None if chosen is None else chosen - begun)
            for g, size, begun in zip(arrays, sizes, begins, strict=False)
        )

    def into(self, evaluation: Evaluation) -> Evaluation:
        """What the rule with the error in its gradients returns, where the rule returned ``evaluation``."""
        return replace(evaluation, gradients=self(evaluation.gradients))

    def into_rule(self, rule: Rule) -> Rule:
        """The rule with the error in its gradients."""

        def planted(*args: Any, **params: Any) -> Any:
            y, pullback = rule(*args, **params)

            def pulled(y_bar: Array) -> Any:
                x_bar = pullback(y_bar)
                return self(x_bar) if isinstance(x_bar, tuple) else self((x_bar,))[0]

            return y, pulled

        return planted

    def _in_array(self, x_bar: Array, entry: int | None) -> Array:
        """The array with the error in all of it, or in the entry of that number if it has so many."""
        if entry is None:
            return self._grown(x_bar)
        if not 0 <= entry < x_bar.size:
            return x_bar
        planted = x_bar.copy()
        at = np.unravel_index(entry, x_bar.shape)
        planted[at] = self._grown(x_bar[at])
        return planted

    def _grown(self, x_bar: Array) -> Array:
        wide = np.asarray(x_bar).astype(np.float64)
        with np.errstate(all="ignore"):
            step = np.where(np.isfinite(wide), self.delta * wide, 0.0)
            grown: Array = (wide + step).astype(x_bar.dtype)
        return grown


def smallest_found(found: Callable[[float], bool], deltas: tuple[float, ...], near: int) -> int:
    """Position of the smallest of the falling ``deltas`` that is found; -1 where none is.

    Searches from position ``near`` in steps that double, and between what is found and what is not by halves: two
    questions where ``near`` is right, about twice the logarithm of the distance else.
    """
    here, beyond, at, step = -1, len(deltas), max(near, 0), 1
    while beyond - here > 1:
        if found(deltas[at]):
            here, at = at, at + step
        else:
            beyond, at = at, at - step
        step *= 2
        if not here < at < beyond:
            at = (here + beyond) // 2
    return here
