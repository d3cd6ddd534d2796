"""An array type that NumPy's own protocols hand every call to, so that a definition is ordinary NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from comparators.exact.refusing import refuse
from gradassay.errors import UnsupportedFunctionError
from gradassay.vocabulary import Array

if TYPE_CHECKING:
    from comparators.exact.tape import Tape

#: ``pullback(g, y)`` -> one cotangent (or None) for each parent.
Pullback = Callable[["Taped", "Taped"], Sequence["Taped | None"]]


class Taped(NDArrayOperatorsMixin):
    """An array on the tape; NumPy functions and operators on it are recorded."""

    __slots__ = ("ball", "needed", "origin", "parents", "pullback", "serial", "tape")

    def __init__(
        self,
        tape: Tape,
        ball: Any,
        serial: int,
        parents: tuple[Taped, ...] = (),
        pullback: Pullback | None = None,
        *,
        needed: bool = False,
    ) -> None:
        self.tape, self.ball, self.serial = tape, ball, serial
        self.parents, self.pullback, self.needed = parents, pullback, needed
        self.origin: Taped | None = None
        """The argument of which every entry here is the entry there, but for its sign or a constant in its place."""

    # -- what NumPy calls --------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from comparators.exact.functions import call_ufunc

        return call_ufunc(self.tape, ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        from comparators.exact.functions import call_function

        return call_function(func, args, kwargs)

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise UnsupportedFunctionError(
            "a definition turned a taped array into a plain one (np.asarray, float(), math.* or an unsupported "
            "function); keep to NumPy functions, so that truth can be computed"
        )

    __float__ = __int__ = __index__ = __round__ = __array__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise refuse(f"ndarray.{name}")

    # -- what a definition may ask of an array -----------------------------------------------------------

    @property
    def constant(self) -> bool:
        """Whether it is a number of the definition, that no rounding and no wiggle touches."""
        return self.tape.arithmetic.is_constant(self.ball)  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tape.arithmetic.shape(self.ball))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype under test, for constants that are rounded to it; the entries themselves are real numbers."""
        dtype: np.dtype[Any] = self.tape.arithmetic.form.dtype
        return dtype

    @property
    def T(self) -> Taped:  # noqa: N802 - NumPy's own name
        result: Any = np.transpose(self)  # type: ignore[call-overload,unused-ignore]
        return result  # type: ignore[no-any-return]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Taped]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Taped:
        from comparators.exact.operations import getitem

        return getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise UnsupportedFunctionError(
            "a definition assigned to entries (x[i] = ...); write it with np.where or np.stack"
        )

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("the truth value of an array with more than one entry is ambiguous")
        return bool(np.ravel(self.tape.arithmetic.truth_value(self.ball))[0])

    def astype(self, dtype: Any, **_: Any) -> Taped:
        """Real numbers have no dtype: the array itself, unless it is to be truncated."""
        if np.dtype(dtype).kind in "biu":
            raise refuse(f"ndarray.astype({np.dtype(dtype).name})")
        return self

    def copy(self) -> Taped:
        return self

    def reshape(self, *shape: Any) -> Taped:
        result: Any = np.reshape(self, shape[0] if len(shape) == 1 else shape)  # type: ignore[call-overload,unused-ignore]
        return result  # type: ignore[no-any-return]

    def transpose(self, *axes: Any) -> Taped:
        result: Any = np.transpose(self, axes[0] if len(axes) == 1 else axes or None)  # type: ignore[call-overload,unused-ignore]
        return result  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Taped(shape={self.shape}, {self.tape.arithmetic.name})"


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Taped, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    return method


for _name in (
    "sum",
    "mean",
    "var",
    "std",
    "prod",
    "max",
    "min",
    "squeeze",
    "ravel",
    "swapaxes",
    "dot",
    "take",
    "clip",
    "cumsum",
):
    setattr(Taped, _name, _method(_name))


def lifted(*xs: Any) -> tuple[Taped, ...]:
    """All of ``xs`` on the tape of those that are taped."""
    tape = next(x.tape for x in xs if isinstance(x, Taped))
    return tuple(tape.lift(x) for x in xs)
