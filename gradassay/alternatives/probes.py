"""What a definition does on plain arrays: a quick look that spares most alternatives a certified truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from comparators.exact import Vjp
from gradassay.formats import FORMATS, Format, is_floating
from gradassay.vocabulary import Array, Definition, Evaluation, Scenario

#: How far what came back may be from an alternative that is then looked at closely, as a part of the largest entry;
#: 16 bits leave little of a sum that cancels.
LOOSELY, VERY_LOOSELY = 0.1, 0.5

#: By how much the arguments are moved, so that two values show a gradient: all away from 0, or all towards it.
STEP = 2.0**-26

#: Bits of a value in which two definitions may differ by the rounding of plain arithmetic alone.
NOISE = 14


@dataclass(frozen=True, eq=False)
class Look:
    """The values of a definition at the arguments; at others nearby where somebody asks."""

    here: Array
    at: Callable[[float], Array]
    """What it gives at arguments moved so many steps away from 0, or towards it."""

    @cached_property
    def nearby(self) -> Array:
        """The values further from 0."""
        return self.at(1)

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for two definitions that are equal here and nearby; what has no value, or no end, is equal to none."""
        if not (np.isfinite(self.here).all() and np.isfinite(self.nearby).all()):
            return (object(),)
        return self.here.shape, _shortened(self.here), _shortened(self.nearby)


class Probe:
    """The arguments of a scenario, some nearby, and what an evaluation returned, in float64."""

    def __init__(self, scenario: Scenario, evaluation: Evaluation, pullback: bool, spread: float) -> None:
        self.params, self.form = scenario.params, FORMATS[scenario.dtype]
        self.loosely = VERY_LOOSELY if self.form.dtype.itemsize == 2 else LOOSELY
        self.spread = spread
        """What rounding may do to the primal."""
        wide = [
            None if x is None else x.astype(np.float64) for x in (evaluation.primal, *evaluation.gradients)
        ]
        args, wanted, y_bar = list(scenario.args), list(scenario.differentiable), scenario.cotangent
        self.got, self.x_bars = wide[0], wide[1:]
        if pullback:  # its primal is what the gradients of its definition are, which is quicker to ask
            y_bar = args.pop()
            wanted.pop()
            self.got, self.x_bars = None, _apart(wide[0], [args[i].shape for i in wanted])
        self.pullback = pullback
        self.y_bar = y_bar.astype(np.float64)
        #: What is left of a gradient that cancels.
        self.noise = float(np.abs(self.y_bar * (16 * self.form.u * STEP)).sum())
        rng = np.random.default_rng(0)
        self.args = [self._wide(x) for x in args]
        self.moves = [
            STEP * rng.uniform(0.5, 1.5, args[i].shape) * args[i].astype(np.float64) for i in wanted
        ]
        self.wanted = wanted
        #: Far enough for rounding to have taken it to the other side of a bound.
        self.far = max(1.0, 8 * self.form.u / STEP)

    def look(self, definition: Definition) -> Look | None:
        """What the definition gives; None where it raises. A pullback shows the definition that it is of."""
        definition = _inner(definition)
        try:
            return Look(
                self._value(definition, self.args), lambda steps: self._value(definition, self._moved(steps))
            )
        except Exception:  # what a definition cannot be asked it refuses in many ways
            return None

    def same_elsewhere(self, *definitions: Definition) -> bool:
        """Whether definitions agree where the differentiable arguments are numbers about 1."""
        rng = np.random.default_rng(0)
        args = list(self.args)
        for i in self.wanted:
            args[i] = self._wide(np.asarray(rng.uniform(0.5, 1.5, args[i].shape)))
        first, *others = (_shortened(self._value(_inner(definition), args)) for definition in definitions)
        return all(other == first for other in others)

    def near_primal(self, look: Look) -> bool:
        """Whether the primal that came back may be these values, rounded."""
        if self.got is None or self.got.shape != look.here.shape:
            return self.pullback
        with np.errstate(all="ignore"):
            finite = np.isfinite(look.here)
            largest = np.max(np.abs(look.here), initial=0, where=finite)
            near = np.abs(self.got - look.here) <= self.loosely * largest + self.spread
            infinite = np.isinf(self.got) & (np.abs(look.here) >= self.form.max / 2)
            return bool(np.all(near | infinite | np.isnan(look.here)))

    def near_gradients(self, look: Look) -> bool:
        """Whether the gradients that came back may be theirs: ``<y_bar, dy> = sum <x_bar, dx>``, loosely."""
        if look.here.shape != self.y_bar.shape:
            return False
        with np.errstate(all="ignore"), suppress(Exception):  # at a bound there may be nothing on one side
            rounding = self._rounding(look.here)
            for steps in (1, -1, self.far, -self.far):
                rises = (look.nearby if steps == 1 else look.at(steps)) - look.here
                if self._rises(rises, steps, rounding):
                    return True
        return False

    def _rounding(self, here: Array) -> float:
        """What plain arithmetic may leave of the difference of two values that are equal."""
        return 8 * float(np.finfo(np.longdouble).eps) * float(np.abs(self.y_bar * here).sum())

    def _rises(self, rises: Array, steps: float, rounding: float) -> bool:
        given = self.y_bar * rises / steps
        found = [
            x_bar * move for x_bar, move in zip(self.x_bars, self.moves, strict=True) if x_bar is not None
        ]
        apart = abs(given.sum() - sum(part.sum() for part in found))
        size = np.abs(given).sum() + sum(np.abs(part).sum() for part in found)
        return not np.isfinite(apart) or bool(
            apart <= self.loosely * size + self.noise + rounding / abs(steps)
        )

    def _value(self, definition: Definition, args: Sequence[Array]) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(definition(*args, **self.params)).view(np.ndarray).astype(np.longdouble)

    def _moved(self, steps: float) -> list[Array]:
        moved = list(self.args)
        for i, move in zip(self.wanted, self.moves, strict=True):
            moved[i] = self.args[i] + steps * move
        return moved

    def _wide(self, x: Array) -> Array:
        if not is_floating(x.dtype):
            return x
        wide = x.astype(np.longdouble).view(Wide)
        wide.form = self.form
        return wide


class Wide(np.ndarray[Any, Any]):
    """Entries in long double, of which few overflow, that tell the dtype under test as theirs.

    Definitions round constants to it.
    """

    form: Format

    def __array_finalize__(self, parent: Any) -> None:
        if isinstance(parent, Wide):
            self.form = parent.form

    @property
    def dtype(self) -> Any:
        """The dtype under test."""
        return self.form.dtype


def _inner(definition: Definition) -> Definition:
    """The definition that a pullback is of; any other is its own."""
    return definition.definition if isinstance(definition, Vjp) else definition


def _apart(vector: Array | None, shapes: Sequence[tuple[int, ...]]) -> list[Array | None]:
    """The arrays of these shapes whose entries one array holds."""
    if vector is None:
        return [None] * len(shapes)
    parts = np.split(vector.ravel(), np.cumsum([math.prod(shape) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _shortened(x: Array) -> bytes:
    """The entries without the bits that rounding may have changed."""
    with np.errstate(all="ignore"):
        fractions, exponents = np.frexp(np.asarray(x, np.longdouble))  # whose exponents float64 may not have
        bits = np.ascontiguousarray(fractions, dtype=np.float64).view(np.int64)
    return ((bits + (1 << (NOISE - 1))) >> NOISE).tobytes() + exponents.tobytes()
