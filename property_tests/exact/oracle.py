"""What a definition is worth, worked out without the tape: NumPy's own loops on object arrays of Arb numbers.

The primal is the definition evaluated in plain NumPy on entries of 3,000 bits. The gradient is its central difference
with a step of 2^-1000, whose truncation (about 2^-2000) and rounding (about 2^-2000) lie far below any enclosure
that is held against it. Nothing of ``comparators.exact`` takes part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import flint
import numpy as np
from flint import arb

from comparators.exact.arblib import ArbLib
from comparators.exact.midrad import MidRad, Undecided
from comparators.exact.truth import Exact
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Definition, Enclosure, Scenario, Truth

BITS = 3000
STEP = -1000
#: Beyond the largest float64 an enclosure may say infinity: no dtype under test holds such a number.
LARGEST = np.finfo(np.float64).max
#: Relative and absolute size of what truncating the central difference may leave.
_LEFT = arb(2) ** -600, arb(2) ** -1900


def scenario(*args: Any, y_bar: Any = 1.0, dtype: str = "float64", **params: Any) -> Scenario:
    """A scenario of unnamed operation: floating arguments in ``dtype``, all of them differentiable."""
    form = FORMATS[dtype].dtype
    arrays = tuple(np.asarray(a) for a in args)
    arrays = tuple(a.astype(form) if is_floating(a.dtype) else a for a in arrays)
    wanted = tuple(i for i, a in enumerate(arrays) if is_floating(a.dtype))
    return Scenario("given", dtype, arrays, params, np.asarray(y_bar).astype(form), wanted)


def truth_in(name: str, definition: Definition, given: Scenario) -> Truth | None:
    """The truth in one arithmetic (float64, longdouble, arb-<bits>); None where it cannot decide."""
    form = FORMATS[given.dtype]
    exact = Exact(definition)
    try:
        with np.errstate(all="ignore"):
            if name.startswith("arb-"):
                bits = int(name.removeprefix("arb-"))
                with flint.ctx.workprec(bits):
                    return exact._truth(given, ArbLib(form, bits))
            working: Any = {"float64": np.float64, "longdouble": np.longdouble}[name]
            return exact._truth(given, MidRad(form, working))
    except Undecided:
        return None


def true_primal(definition: Definition, given: Scenario) -> Array:
    """The value in 3,000 bits, as an object array of Arb numbers."""
    with flint.ctx.workprec(BITS):
        return packed(definition(*lifted(given), **given.params))


def true_gradients(definition: Definition, given: Scenario) -> Iterator[Array]:
    """d<y_bar, f>/dx of every differentiable argument, by central differences."""
    with flint.ctx.workprec(BITS):
        y_bar = objects(given.cotangent)
        args = lifted(given)
        for position in given.differentiable:
            gradient = np.empty(args[position].shape, object)
            for index in np.ndindex(gradient.shape):
                gradient[index] = _slope(definition, args, given.params, position, index, y_bar)
            yield gradient


def _slope(
    definition: Definition, args: list[Any], params: Any, position: int, index: Any, y_bar: Array
) -> Any:
    x = args[position]
    step = (arb(1) if x[index] == 0 else abs(x[index])) * arb(2) ** STEP
    ends = []
    for direction in (1, -1):
        moved = x.copy()
        moved[index] = x[index] + direction * step
        ends.append(packed(definition(*args[:position], moved, *args[position + 1 :], **params)))
    pairs = zip(y_bar.flat, *(e.flat for e in ends), strict=True)
    # What did not move was computed alike, ball for ball; its uncertainty cancels as well.
    difference = sum((w * (a - b) for w, a, b in pairs if a.mid() != b.mid() or a.rad() != b.rad()), arb(0))
    slope = difference / (2 * step)
    relative, absolute = _LEFT
    return slope + arb(0, abs(slope).upper() * relative + absolute)


def lifted(given: Scenario) -> list[Any]:
    """The arguments with every float as an Arb number, exactly."""
    return [objects(a) if is_floating(a.dtype) else a for a in given.args]


def objects(x: Array) -> Array:
    """An object array of Arb numbers."""
    return packed(np.frompyfunc(arb, 1, 1)(x.astype(np.float64)))


def packed(x: Any) -> Array:
    """An object array, also where NumPy handed out a bare entry; a number of the definition becomes Arb."""
    array = np.empty((), object)
    if isinstance(x, np.ndarray):
        array = x
    else:
        array[()] = x
    return np.asarray(np.frompyfunc(lambda v: v if isinstance(v, arb) else arb(v), 1, 1)(array), object)


def exactly(x: Any) -> Any:
    """A float or long double as an Arb number, without rounding (up to the working precision)."""
    if not np.isfinite(x):
        return arb(float(x))
    mantissa, exponent = np.frexp(x)
    return arb(int(np.ldexp(mantissa, 64))) * arb(2) ** (int(exponent) - 64)


def misses(enclosure: Enclosure, truth: Array) -> list[str]:
    """The entries whose true value is shown to lie outside ``mid ± rad``, in words; empty where there are none."""
    assert enclosure.mid.shape == truth.shape
    found = []
    with flint.ctx.workprec(BITS):
        for index in np.ndindex(truth.shape):
            value: Any = truth[index]
            mid, rad = enclosure.mid[index], enclosure.rad[index]
            if not (value.is_finite() and np.isfinite(rad)):
                continue
            if np.isinf(mid) and abs(value) > LARGEST and (value > 0) == (mid > 0):
                continue
            if not np.isfinite(mid) or not value.overlaps(exactly(mid) + arb(0, exactly(rad))):
                found.append(f"{list(index)}: {value.str(25)} is not in {mid!r} ± {rad!r}")
    return found


def every_miss(definition: Definition, given: Scenario, truth: Truth) -> list[str]:
    """``misses`` of the primal, and of the gradients where there is one gradient only."""
    found = [f"y{m}" for m in misses(truth.primal, true_primal(definition, given))]
    if not truth.extremes:
        for i, gradient in enumerate(true_gradients(definition, given)):
            found += [f"x_bar[{i}]{m}" for m in misses(truth.gradients[i], gradient)]
    return found


def enclosures(truth: Truth) -> Sequence[Enclosure]:
    """Primal and gradients in one list."""
    return truth.primal, *truth.gradients
