"""The tape: what was computed in one evaluation of a definition, and the way back through it.

A ``Taped`` holds a ball array and, where it depends on a differentiable argument, the operation that made it.  The
backward pass is itself made of taped operations: with ``retain=True`` it is recorded too, so a gradient can be
differentiated again and second order comes for free.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from comparators.exact.taped import Pullback, Taped
from comparators.exact.ties import Given, Ties
from gradassay.errors import UnsupportedFunctionError
from gradassay.formats import is_floating
from gradassay.vocabulary import Array


class Tape:
    """One evaluation of a definition: its arithmetic, and what was noticed on the way."""

    def __init__(self, arithmetic: Any, given: Given = "split") -> None:
        self.arithmetic = arithmetic
        self.ties = Ties(given)
        """The decisions of the definition that compared two equal values, and whom the backward pass gives them to."""
        self._recording = True
        self._made = 0

    def leaf(self, x: Array, *, differentiable: bool) -> Taped:
        """An input of the definition, or a cotangent."""
        leaf = Taped(self, self.arithmetic.leaf(x), self.count(), needed=differentiable)
        leaf.origin = leaf if differentiable else None
        return leaf

    def lift(self, x: Any) -> Taped:
        """``x`` as it is when taped, else a constant of the definition."""
        if isinstance(x, Taped):
            return x
        array = np.asarray(x)
        if array.dtype.kind == "V" and is_floating(
            array.dtype
        ):  # bfloat16, as x.dtype.type(constant) makes it
            array = array.astype(np.float64)
        if array.dtype.kind not in "biuf":
            raise UnsupportedFunctionError(
                f"a definition works on numbers; this constant is {array.dtype}: {x!r:.60}"
            )
        return Taped(self, self.arithmetic.constant(array), self.count())

    def make(self, ball: Any, parents: tuple[Taped, ...], pullback: Pullback) -> Taped:
        """The result of an operation; recorded only where a gradient will pass."""
        if self._recording and any(parent.needed for parent in parents):
            return Taped(self, ball, self.count(), parents, pullback, needed=True)
        return Taped(self, ball, self.count())

    def count(self) -> int:
        self._made += 1
        return self._made

    @contextmanager
    def _record(self, on: bool) -> Iterator[None]:
        before, self._recording = self._recording, on
        try:
            yield
        finally:
            self._recording = before

    def backward(
        self, y: Taped, y_bar: Taped, wanted: Sequence[Taped], *, retain: bool = False
    ) -> list[Taped]:
        """Cotangents of ``wanted``: each entry the sum over all paths from ``y``.

        Without ``retain`` the graph is taken apart on the way, so that memory is freed as early as possible.
        """
        pending: dict[int, tuple[Taped, Taped]] = {y.serial: (y, y_bar)}
        order = [-y.serial]
        found: dict[int, Taped] = {}
        keep = {x.serial for x in wanted}
        with self._record(retain):
            while order:
                node, g = pending.pop(-heapq.heappop(order))
                if node.serial in keep:
                    found[node.serial] = g
                if node.pullback is None:
                    continue
                parents, pullback = node.parents, node.pullback
                if not retain:
                    node.parents, node.pullback = (), None
                for parent, part in zip(parents, pullback(g, node), strict=True):
                    if part is None or not parent.needed:
                        continue
                    if parent.serial in pending:
                        pending[parent.serial] = (parent, pending[parent.serial][1] + part)
                    else:
                        pending[parent.serial] = (parent, part)
                        heapq.heappush(order, -parent.serial)
                del node, g, parents, pullback
        return [found[x.serial] if x.serial in found else self.lift(np.zeros(x.shape)) for x in wanted]
