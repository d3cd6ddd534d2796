"""Operators on rules that choose: masks, winners of a tie, indices, axes, the links of a chain."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule
from reference_impls.chain import chain
from reference_impls.defects.operators.frame import Call, Operator, forwards, pullbacks
from reference_impls.reductions import sum_

# ---- masks and winners

inverted_mask = pullbacks(lambda call, y_bar: np.asarray(y_bar - call.pullback(y_bar)))


def _spread(call: Call, y_bar: Array) -> Array:
    """The cotangent of a reduction, handed to every entry of its slice."""
    return np.asarray(sum_(call.x, **call.params)[1](y_bar))


def _among(call: Call, chosen: Array) -> Array:
    """How many entries of each slice are ``chosen``, reduced axes kept."""
    return np.asarray(np.sum(chosen, axis=call.params.get("axis"), keepdims=True))


def winners(choose: Callable[[Call, Array, Array, Array, Array], Any]) -> Operator:
    """The gradient ``choose(call, won, near, spread, x_bar)`` of a maximum or minimum.

    ``won`` are the entries that equal the extremum, ``near`` those within a thousandth of it.
    """

    def pulled(call: Call, y_bar: Array) -> Array:
        x, x_bar = call.x, np.asarray(call.pullback(y_bar))
        y = np.reshape(call.y, np.sum(x, axis=call.params.get("axis"), keepdims=True).shape)
        won = np.asarray(x == y)
        near = won | (np.abs(x - y) <= 1e-3 * np.abs(y))
        return np.asarray(choose(call, won, near, _spread(call, y_bar), x_bar)).astype(x_bar.dtype)

    return pullbacks(pulled)


losers_instead = winners(lambda call, won, near, spread, x_bar: np.where(won, 0, spread))
all_of_a_tie = winners(lambda call, won, near, spread, x_bar: np.where(won, spread, x_bar))
none_of_a_tie = winners(
    lambda call, won, near, spread, x_bar: np.where(won & (_among(call, won) > 1), 0, x_bar)
)
near_ties_share = winners(
    lambda call, won, near, spread, x_bar: np.where(near, spread / _among(call, near), x_bar)
)

# ---- indices


def _clamped(index: Any) -> Any:
    """Negative integers of an index become 0."""
    if isinstance(index, tuple):
        return tuple(map(_clamped, index))
    integers = not isinstance(index, slice) and index is not None and np.asarray(index).dtype.kind == "i"
    return np.maximum(index, 0) if integers else index


negative_index_clamped = pullbacks(
    lambda call, y_bar: call.again(index=_clamped(call.params["index"]))(y_bar)
)


def _assigned(y_bar: Any, index: Any, shape: tuple[int, ...]) -> Array:
    x_bar = np.zeros(shape, y_bar.dtype)
    x_bar[index] = y_bar
    return x_bar


def _added_in_float16(y_bar: Any, index: Any, shape: tuple[int, ...]) -> Array:
    x_bar = np.zeros(shape, np.float16)
    np.add.at(x_bar, index, y_bar.astype(np.float16))
    return x_bar.astype(y_bar.dtype)


def scatters(scatter: Callable[[Any, Any, tuple[int, ...]], Array]) -> tuple[Operator, Operator]:
    """Operators on get_item, whose gradient scatters, and on get_item_grad, whose primal does."""

    @forwards
    def forward(rule: Rule, y_bar: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
        return scatter(np.asarray(y_bar), index, shape), rule(y_bar, index=index, shape=shape)[1]

    backward = pullbacks(lambda call, y_bar: scatter(y_bar, call.params["index"], call.x.shape))
    return backward, forward


overwritten, overwritten_forward = scatters(_assigned)
accumulated_in_float16, accumulated_in_float16_forward = scatters(_added_in_float16)

# ---- axes


def _axis(rule: Rule, params: dict[str, Any]) -> Any:
    return params.get("axis", inspect.signature(rule).parameters["axis"].default)


@forwards
def over_axis_0(rule: Rule, *args: Any, **params: Any) -> Any:
    """Value and gradient over the first axis, whichever one was asked for."""
    if isinstance(_axis(rule, params), int) and np.ndim(args[0]):
        params["axis"] = 0
    return rule(*args, **params)


@pullbacks
def axis_before(call: Call, y_bar: Any) -> Any:
    """The gradient alone over the axis before."""
    axis = _axis(call.rule, call.params)
    if not isinstance(axis, int) or not call.x.ndim:
        return call.pullback(y_bar)
    return call.again(axis=(axis - 1) % call.x.ndim)(y_bar)


# ---- chains


def linked(operator: Operator, at: int, *links: Rule) -> Operator:
    """The chain of ``links``, of which that at position ``at`` is made wrong."""

    def chained(rule: Rule) -> Rule:
        whole = chain(*(operator(link) if i == at else link for i, link in enumerate(links)))

        @wraps(rule)
        def wrong(*args: Any, **params: Any) -> Any:
            return whole(*args, **params)

        return wrong

    return chained
