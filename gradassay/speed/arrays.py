"""An array that counts what is done with it, and hands on that it counts to whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import wraps
from typing import Any

import numpy as np

from gradassay.speed.work import Work
from gradassay.vocabulary import Array

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
        return handed_on(super().__array_function__(func, types, args, kwargs), (args, kwargs))

    def __getitem__(self, key: Any) -> Any:
        """Count the copy that an index with arrays makes."""
        return _copied(super().__getitem__(key), self)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Count what is written."""
        written = np.ndarray.__getitem__(self, key)
        _counts["copies"] += 1
        _counts["bytes_made"] += int(getattr(written, "nbytes", self.itemsize))
        super().__setitem__(key, value)


def _copying(name: str) -> Callable[..., Any]:
    plain = getattr(np.ndarray, name)

    @wraps(plain)
    def counted(self: Counting, *args: Any, **kwargs: Any) -> Any:
        return _copied(plain(self, *args, **kwargs), self)

    return counted


def _reading(name: str) -> Callable[..., Any]:
    plain = getattr(np.ndarray, name)

    @wraps(plain)
    def counted(self: Counting, *args: Any, **kwargs: Any) -> Any:
        _counts["functions"] += 1
        _counts["entries_in"] += self.size
        return handed_on(plain(self, *args, **kwargs), self)

    return counted


#: Methods that may copy, and are no ufuncs.
COPYING = (
    *("__copy__", "__deepcopy__", "astype", "byteswap", "choose", "compress", "copy", "diagonal", "dot"),
    *("flatten", "nonzero", "ravel", "repeat", "reshape", "take"),
)
#: Methods that read all entries, and are no ufuncs.
READING = (
    *(
        "argmax",
        "argmin",
        "argpartition",
        "argsort",
        "partition",
        "searchsorted",
        "sort",
        "tobytes",
        "tolist",
    ),
)
for _names, _method in ((COPYING, _copying), (READING, _reading)):
    for _name in _names:
        setattr(Counting, _name, _method(_name))


def so_far() -> Work:
    """All that was counted in this process."""
    return Work(**_counts)


def handed_on(result: Any, given: Any) -> Any:
    """What a function of NumPy returned: new memory is counted once, a view of what it was given is not."""
    if isinstance(result, tuple):
        parts = [handed_on(each, given) for each in result]
        return result._make(parts) if hasattr(result, "_make") else type(result)(parts)  # a named tuple
    if isinstance(result, list):
        return [handed_on(each, given) for each in result]
    if not isinstance(result, np.ndarray) or getattr(result, "fresh", False):
        return result
    if any(_shares(result, each) for each in _arrays(given)):
        return result if isinstance(result, Counting) else result.view(Counting)
    return _made(result)


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
