"""A rule run on arrays that count.

All of the arrays that NumPy makes meanwhile count as well. What is not seen: the inside of BLAS and of a ufunc's loop,
the interpreter's own work, arithmetic on NumPy's scalars, and what a helper in another module makes with a maker that
was imported there by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np

from gradassay.speed.arrays import Counting, handed_on, so_far
from gradassay.speed.work import Work
from gradassay.vocabulary import Array, Rule

#: What makes arrays of numbers, or leaves no subclass: patched meanwhile, as NumPy offers no way to hear of them.
MAKERS = (
    *("arange", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "empty", "eye"),
    *("frombuffer", "fromiter", "full", "identity", "indices", "linspace", "ones", "require", "tri", "zeros"),
)


@contextmanager
def counting(*namespaces: MutableMapping[str, Any]) -> Iterator[Callable[[], Work]]:
    """Arrays that NumPy makes count meanwhile; yields a function that tells what was counted so far.

    ``namespaces`` are those of modules that may have imported makers by name.
    """
    makers = {id(make): make for make in (getattr(np, name) for name in MAKERS)}
    places = [
        (space, name, value)
        for space in (vars(np), *namespaces)
        for name, value in space.items()
        if id(value) in makers
    ]
    began = so_far()
    for space, name, make in places:
        space[name] = _counted(make)
    try:
        yield lambda: so_far() - began
    finally:
        for space, name, make in places:
            space[name] = make


def counted(
    rule: Rule, args: tuple[Array, ...], params: Mapping[str, Any], cotangent: Array
) -> tuple[tuple[Any, Any], dict[str, Work]]:
    """(primal, what the pullback returned) as without counting, and the work of either.

    Whatever a rule raises that refuses an array of another type comes through.
    """
    with counting(*_namespaces(rule)) as done:
        y, pullback = rule(*(array.view(Counting) for array in args), **params)
        forward = done()
        x_bar = pullback(cotangent.view(Counting))
        total = done()
    return (y, x_bar), {"forward": forward, "pullback": total - forward}


def _counted(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)  # what is imported meanwhile may ask for its name
    def making(*args: Any, **kwargs: Any) -> Any:
        return handed_on(make(*args, **kwargs), args)

    return making


def _namespaces(rule: Rule) -> list[dict[str, Any]]:
    """The globals of the module that defines ``rule``, and of one that decorates it."""
    spaces = (getattr(each, "__globals__", None) for each in (rule, inspect.unwrap(rule)))
    return list({id(space): space for space in spaces if space is not None}.values())
