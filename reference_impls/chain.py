"""Rules in a row as one rule, and its pullback as another.

``chain(f, g)(x, a, b)`` is y = g(f(x, a), b): the first argument of each rule is what the rule before returned, the
further ones follow in order. Reverse accumulation, with y_k the result of rule k::

    (y_bar_{k-1}, a_bar, ...) = pullback_k(y_bar_k)        from the last rule to the first

The second order goes both ways: the cotangents of the x_bars flow forward through the pullbacks of the links'
pullbacks, and what these say about the links' arguments flows back through the links.

Dtypes are those of the rules, each of which rounds its own result; but 16-bit arguments are handed on as float32, and
only what comes out is rounded to the dtypes that came in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Rule
from reference_impls.exponents import is_faint, marked
from reference_impls.links import Link, check_call, signature_of
from reference_impls.rows import rounded, working_dtype

#: A pullback is linear: where numbers below the normal ones are on the way, it pulls back 2^LIFT y_bar instead.
LIFT = 60


def chain(*rules: Rule) -> Rule:
    """The rule that applies ``rules`` one after the other.

    ``chain(affine, sigmoid, softmax, cross_entropy)(x, W, b, labels)``. Arrays are counted by the rules' signatures
    and given by position. A keyword goes to every rule that takes it; ``functools.partial`` fixes it for one. The
    pullback returns one cotangent for each array, None for data, or the one alone of a single array. TypeError for
    anything that is no rule, for the wrong number of arrays, and for a keyword that no rule takes.
    """
    if not rules:
        raise TypeError("chain takes at least one rule")
    links = [Link.of(rule) for rule in rules]
    signature = signature_of(links)
    name = f"chain({', '.join(link.name for link in links)})"

    def chained(*args: Any, **params: Any) -> tuple[Any, Callable[[Any], Any]]:
        check_call(name, signature, args, params)
        arrays = [np.asarray(array) for array in args]
        y, _, pullbacks = _forward(links, [_widened(array) for array in arrays], params)

        def pulled(y_bar: Any) -> tuple[Any, ...]:
            found: list[Any] = []
            for link, pullback in zip(reversed(links), reversed(pullbacks), strict=True):
                if y_bar is None:
                    raise TypeError(
                        f"nothing flows back to {link.name}: the rule after it treats its input as data"
                    )
                y_bar, *others = link.spread(pullback(y_bar))
                found = [*others, *found]
            return (y_bar, *found)

        faint = any(map(is_faint, pullbacks))

        def pullback_all(y_bar: Any) -> Any:
            y_bar = _widened(np.asarray(y_bar))
            if not (faint or _is_tiny(y_bar)):
                return _narrowed(pulled(y_bar), arrays)
            bars = pulled(_scaled(y_bar, LIFT))
            lowered = [None if bar is None else _scaled(bar, -LIFT) for bar in bars]
            if not all(bar is None or np.isfinite(bar).all() for bar in lowered):
                lowered = list(map(_finite, lowered, pulled(y_bar)))
            return _narrowed(tuple(lowered), arrays)

        return _narrowed((y,), arrays), marked(pullback_all, faint)

    chained.__name__ = chained.__qualname__ = name
    chained.__doc__ = f"y = {name}; made by reference_impls.chain."
    chained.__signature__ = signature  # type: ignore[attr-defined]
    return chained


def chain_grad(*pairs: tuple[Rule, Rule]) -> Rule:
    """The pullback of a chain as a rule, from pairs of each link's rule and its pullback as a rule.

    ``chain_grad((f, f_grad), (g, g_grad))(x, a, b, y_bar)`` has as its primal the cotangents of the differentiable
    arguments, which come first in every link. Its pullback takes their cotangents and returns one for each of the
    same arguments, and that of y_bar last.
    """
    links = [Link.of(rule) for rule, _ in pairs]
    grads = [Link.of(grad) for _, grad in pairs]

    def graded(*args: Any, **params: Any) -> tuple[Any, Callable[[Any], Any]]:
        given_args = [np.asarray(array) for array in args]
        *arrays, y_bar = map(_widened, given_args)
        _, inputs, pullbacks = _forward(links, arrays, params)
        found: list[Any] = []
        seconds: list[tuple[Callable[[Any], Any], int]] = []
        for grad, given in zip(reversed(grads), reversed(inputs), strict=True):
            bars, second = grad((*given, y_bar), params)
            y_bar, *others = bars if isinstance(bars, tuple) else (bars,)
            found = [*others, *found]
            seconds = [(second, 1 + len(others)), *seconds]

        def pullback(bars: Any) -> tuple[Any, ...]:
            given_bars = bars if isinstance(bars, tuple) else (bars,)
            ahead, *further = (_widened(np.asarray(bar)) for bar in given_bars)
            waiting = iter(further)
            parts: list[list[Any]] = []
            for second, count in seconds:
                given = (ahead, *(next(waiting) for _ in range(count - 1)))
                *part, ahead = second(given if count > 1 else ahead)
                parts.append(part)
            back, *found = parts[-1]
            for link, pull, part in zip(links[-2::-1], pullbacks[-2::-1], parts[-2::-1], strict=True):
                back, *others = (a + b for a, b in zip(part, link.spread(pull(back)), strict=False))
                found = [*others, *found]
            result: tuple[Any, ...] = _narrowed(
                (back, *found, ahead), [*given_args[: 1 + len(found)], given_args[-1]]
            )
            return result

        return _narrowed((y_bar, *found), given_args), pullback

    return graded


def _forward(links: list[Link], args: Any, params: dict[str, Any]) -> tuple[Any, list[Any], list[Any]]:
    """The result, and the arguments and the pullback of every link."""
    further = iter(args)
    y, inputs, pullbacks = next(further), [], []
    for link in links:
        given = (y, *(next(further) for _ in link.arguments[1:]))
        y, pullback = link(given, params)
        inputs.append(given)
        pullbacks.append(pullback)
    return y, inputs, pullbacks


def _is_tiny(y_bar: Array) -> bool:
    """Whether 2^-LIFT times a part of it is below the normal numbers; 0 loses nothing there."""
    if y_bar.dtype.kind != "f":
        return False
    least = _least(y_bar.dtype)
    if not y_bar.ndim:
        return 0 < abs(float(y_bar)) < least
    size = np.abs(y_bar)
    return bool(((size > 0) & (size < least)).any())


@cache
def _least(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype).tiny) * 2.0**LIFT


def _scaled(bar: Array, exponent: int) -> Array:
    """``2^exponent bar``, rounded once."""
    with np.errstate(all="ignore"):
        return np.asarray(bar * 2.0**exponent)


def _finite(lowered: Any, otherwise: Any) -> Any:
    """What a lifted cotangent came to, or ``otherwise`` where that left the range."""
    return None if lowered is None else np.where(np.isfinite(lowered), lowered, otherwise)


def _widened(x: Array) -> Array:
    """16-bit formats in float32, anything else as it is."""
    return rounded(x, working_dtype(x.dtype)) if is_floating(x.dtype) else x


def _narrowed(results: tuple[Any, ...], like: list[Array]) -> Any:
    """Each result in the 16-bit dtype of what it belongs to, where that has one; one alone is bare."""
    narrow = tuple(
        rounded(result, one.dtype)
        if result is not None and is_floating(one.dtype) and one.itemsize == 2
        else result
        for result, one in zip(results, like, strict=False)
    )
    return narrow if len(narrow) > 1 else narrow[0]
