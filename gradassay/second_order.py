"""The pullback of an operation as an operation of its own: what ``compare --order 2`` measures.

``grad(f)(*args, y_bar) = x_bar``. Its gradients are x_bar2, the derivative of <x_bar_bar, x_bar> by x, and
y_bar_bar = J x_bar_bar, the Jacobian-vector product: where reverse mode meets forward mode. Its definition is the
tape over the tape of the operation's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.adapters import exposing
from comparators.exact import Vjp
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.orders import operation_of, pullback_name
from gradassay.vocabulary import Array, Convention, Definition, Operation, Rule
from property_tests.strategies.second_order import pullback_drafts, pullback_regions


def pullback_operation(operation: Operation) -> Operation:
    """The pullback of ``operation``, with the operation's regions, its conventions' pullbacks, and random cotangents.

    Several gradients are one vector, each ravelled, one after the other.
    """
    wanted = operation.differentiable
    if operation.pullback_rule is None:
        raise NotImplementedError(f"{operation.name} has no pullback_rule")
    return Operation(
        name=pullback_name(operation.name),
        definition=Vjp(operation.definition, wanted),
        rule=flattened(operation.pullback_rule, wanted),
        regions=pullback_regions(operation),
        drafts=lambda region, dtype: pullback_drafts(operation, region, dtype),
        differentiable=(*wanted, -1),
        conventions=tuple(map(_pulled_back, operation.conventions)),
        source=operation.source,
    )


def operation_named(name: str) -> Operation:
    """The catalogue's operation of that name, or its pullback where the name is ``grad(...)``; else UsageError."""
    inner = operation_of(name)
    if inner not in OPERATIONS:
        raise UsageError.unknown("operation", inner, tuple(OPERATIONS))
    return OPERATIONS[inner] if inner == name else pullback_operation(OPERATIONS[inner])


def _pulled_back(convention: Convention) -> Convention:
    """The convention as a change of a pullback: the pullback of the changed definition."""

    def change(pullback: Definition) -> Definition:
        assert isinstance(pullback, Vjp)
        return Vjp(convention.change(pullback.definition), pullback.wanted)

    return replace(convention, change=change)


def flattened(rule: Rule, wanted: tuple[int, ...]) -> Rule:
    """A pullback's rule with its tuple of gradients made one vector; one gradient alone stays as it is."""
    if len(wanted) == 1:
        return rule

    @exposing(rule)
    def flat(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        x_bars, pullback = rule(*args, **params)
        shapes = [np.shape(x_bar) for x_bar in x_bars]
        return joined(x_bars), lambda vector: pullback(apart(vector, shapes))

    return flat


def joined(arrays: Sequence[Any]) -> Array:
    """The entries of all arrays in one vector."""
    return np.concatenate([np.ravel(array) for array in arrays])


def apart(vector: Any, shapes: Sequence[tuple[int, ...]]) -> tuple[Array, ...]:
    """What ``joined`` joined."""
    ends = np.cumsum([np.prod(shape, dtype=np.int64) for shape in shapes])[:-1]
    parts = np.split(np.asarray(vector), ends)
    return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
