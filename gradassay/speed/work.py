"""The work of a NumPy function, counted: calls, entries and bytes. The same from run to run, to the last bit.

An array that counts (:class:`Counting`) hands on that it counts to whatever comes of it, and all of the arrays that
NumPy makes meanwhile count as well. What is not seen: the inside of BLAS and of a ufunc's loop, the interpreter's own
work, and arithmetic on NumPy's scalars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import partial, wraps
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule


@dataclass(frozen=True)
class Work:
    """Counts; each is a cost, so that more of any is worse."""

    ufuncs: int = 0
    """Calls of ufuncs, entry by entry (``np.add``) or generalised (``np.matmul``)."""
    reductions: int = 0
    """Calls of ``reduce``, ``accumulate``, ``reduceat``, ``outer`` and ``at`` of a ufunc."""
    functions: int = 0
    """Calls of NumPy's other functions."""
    copies: int = 0
    """Times that an array's own method or an index with arrays made or wrote a copy."""
    entries_in: int = 0
    """Entries read by ufuncs."""
    entries_out: int = 0
    """Entries written by ufuncs."""
    bytes_made: int = 0
    """Bytes of new arrays: results that were not written to ``out``."""

    def __sub__(self, other: Work) -> Work:
        mine, theirs = asdict(self), asdict(other)
        return Work(**{name: mine[name] - theirs[name] for name in mine})

    def risen(self, before: Work) -> dict[str, tuple[int, int]]:
        """Count -> (before, after) of every count that has risen."""
        both = {each.name: (getattr(before, each.name), getattr(self, each.name)) for each in fields(self)}
        return {name: (old, new) for name, (old, new) in both.items() if not new <= old}


_counts = dict.fromkeys((each.name for each in fields(Work)), 0)


class Counting(np.ndarray[Any, Any]):
    """An array that counts what is done with it."""

    fresh = False
    """Whether its bytes have been counted."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        """Count a call, and leave its arithmetic to NumPy on plain arrays."""
        out = settings.get("out")
        plain = {name: _plain(value) for name, value in settings.items() if name != "out"}
        if out is not None:
            plain["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(*map(_plain, inputs), **plain)
        _counts["ufuncs" if method == "__call__" else "reductions"] += 1
        _counts["entries_in"] += sum(np.size(_plain(each)) for each in inputs)
        results = result if isinstance(result, tuple) else (result,)
        if result is None:  # ``at`` writes to its first argument
            _counts["entries_out"] += np.size(_plain(inputs[1]))
            return None
        _counts["entries_out"] += sum(each.size for each in results)
        given = out or (None,) * len(results)
        handed = tuple(
            _made(each) if there is None else there for each, there in zip(results, given, strict=True)
        )
        return handed if isinstance(result, tuple) else handed[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Count a call; what the function does with ufuncs counts as well."""
        _counts["functions"] += 1
        result = super().__array_function__(func, types, args, kwargs)
        if isinstance(result, (tuple, list)):
            parts = [_handed_on(each, (args, kwargs)) for each in result]
            return result._make(parts) if hasattr(result, "_make") else type(result)(parts)  # a named tuple
        return _handed_on(result, (args, kwargs))

    def __getitem__(self, key: Any) -> Any:
        """Count the copy that an index with arrays makes."""
        return _copied(super().__getitem__(key), self)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Count what is written."""
        written = np.ndarray.__getitem__(self, key)
        _counts["copies"] += 1
        _counts["bytes_made"] += int(getattr(written, "nbytes", self.itemsize))
        super().__setitem__(key, value)


def _method(name: str) -> Callable[..., Any]:
    plain = getattr(np.ndarray, name)

    @wraps(plain)
    def counted(self: Counting, *args: Any, **kwargs: Any) -> Any:
        return _copied(plain(self, *args, **kwargs), self)

    return counted


#: Methods that may copy, and are no ufuncs.
for _name in (
    *("astype", "byteswap", "choose", "compress", "copy", "diagonal", "dot", "flatten", "nonzero", "ravel"),
    *("repeat", "reshape", "take"),
):
    setattr(Counting, _name, _method(_name))

#: What makes arrays of numbers, or leaves no subclass: patched meanwhile, as NumPy offers no way to hear of them.
_MAKERS = (
    *(
        "arange",
        "array",
        "asarray",
        "ascontiguousarray",
        "asfortranarray",
        "empty",
        "eye",
        "full",
        "identity",
    ),
    *("linspace", "ones", "zeros", "fromiter", "frombuffer"),
)


@contextmanager
def counting() -> Iterator[Callable[[], Work]]:
    """Arrays that NumPy makes count meanwhile; yields a function that tells what was counted so far."""
    makers = {name: getattr(np, name) for name in _MAKERS}

    def making(make: Any, *args: Any, **kwargs: Any) -> Any:
        result = make(*args, **kwargs)
        return result if isinstance(result, Counting) and result.fresh else _handed_on(result, args)

    began = Work(**_counts)
    for name, make in makers.items():
        setattr(np, name, partial(making, make))
    try:
        yield lambda: Work(**_counts) - began
    finally:
        for name, make in makers.items():
            setattr(np, name, make)


def counted(
    rule: Rule, args: tuple[Array, ...], params: Mapping[str, Any], cotangent: Array
) -> tuple[tuple[Any, Any], dict[str, Work]]:
    """(primal, what the pullback returned) as without counting, and the work of either."""
    with counting() as so_far:
        y, pullback = rule(*(array.view(Counting) for array in args), **params)
        forward = so_far()
        x_bar = pullback(cotangent.view(Counting))
        total = so_far()
    return (y, x_bar), {"forward": forward, "pullback": total - forward}


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counting) else value


def _shares(first: Array, second: Array) -> bool:
    return bool(np.may_share_memory(_plain(first), _plain(second)))


def _made(result: Any) -> Any:
    """A new result, counted; a scalar stays one."""
    if not isinstance(result, np.ndarray):
        return result
    counting_one = result.view(Counting)
    counting_one.fresh = True
    _counts["bytes_made"] += result.nbytes
    return counting_one


def _handed_on(result: Any, given: Any) -> Any:
    """What a function of NumPy returned: new memory is counted once, a view of what it was given is not."""
    if not isinstance(result, np.ndarray) or getattr(result, "fresh", False):
        return result
    if any(_shares(result, each) for each in _arrays(given)):
        return result if isinstance(result, Counting) else result.view(Counting)
    return _made(result)


def _copied(result: Any, source: Counting) -> Any:
    """What a method or an index returned: a copy is counted, a view is not."""
    parts = result if isinstance(result, tuple) else (result,)
    for part in parts:
        if isinstance(part, np.ndarray) and part is not source and not _shares(part, source):
            _counts["copies"] += 1
            _counts["bytes_made"] += part.nbytes
            if isinstance(part, Counting):
                part.fresh = True
    return result


def _arrays(given: Any) -> Iterator[Array]:
    if isinstance(given, np.ndarray):
        yield given
    elif isinstance(given, (tuple, list)):
        for each in given:
            yield from _arrays(each)
    elif isinstance(given, dict):
        yield from _arrays(list(given.values()))
