"""A scenario changed a little: entries moved by ulps, scaled, given another significand, copied, negated.

Shapes, dtypes, parameters, integers and the memory layout stay, and what the definition accepts stays accepted. No
entry gets larger or nearer to 0 than those of the two scenarios that it comes from: whoever draws scenarios has decided
which magnitudes a rule has to do with (a cotangent of 1e-310 is none), and a search would find the way out at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np

from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Definition, Scenario
from gradassay.why.shrinking.parts import arrays_of, refusal, with_arrays
from property_tests.strategies import lay_out

#: Entries that are as good as those of a mate: the ends of what a rule may treat in a way of its own.
_PLAIN = (0.0, 1.0, -1.0, 0.5)

#: ``change(entries, mate's entries, rng)``: other entries, of the same dtype.
Change = Callable[[Array, Array, np.random.Generator], Array]


def mutated(
    scenario: Scenario, mate: Scenario, definition: Definition, rng: np.random.Generator
) -> Scenario | None:
    """The scenario with some floating entries changed, perhaps to those of ``mate``; None where nothing came of it."""
    arrays, mates = arrays_of(scenario), arrays_of(mate)
    names = [name for name, x in arrays.items() if x.size and is_floating(x.dtype)]
    if not names or not scenario.valid:
        return None
    changed: dict[str, Array] = {}
    for name in rng.choice(names, size=rng.geometric(0.6)):
        x = changed.get(name, arrays[name])
        other = mates.get(name, x)
        changed[name] = _changed(x, other if other.size and other.dtype == x.dtype else x, rng)
    found = with_arrays(scenario, changed)
    if refusal(found, definition):
        return None
    args = tuple(lay_out(x, scenario.layout) for x in found.args)
    return replace(found, args=args, cotangent=lay_out(found.cotangent, scenario.layout))


def _changed(array: Array, mate: Array, rng: np.random.Generator) -> Array:
    """A copy of the array with one entry, a few or all of them changed, all in one way."""
    flat = np.array(array, order="C").reshape(-1)
    count = int(rng.choice((1, 1, 1, min(3, flat.size), flat.size)))
    at = rng.choice(flat.size, size=count, replace=False)
    change = _CHANGES[rng.integers(len(_CHANGES))]
    with np.errstate(all="ignore"):
        new = change(flat[at], mate.reshape(-1), rng)
        sizes = np.abs(np.concatenate([flat, mate.reshape(-1)]).astype(np.float64))
        size = np.abs(new.astype(np.float64))
    sizes = sizes[sizes > 0]
    inside = (size == 0) | ((size >= sizes.min(initial=np.inf)) & (size <= sizes.max(initial=0)))
    flat[at] = np.where(inside, new, flat[at])
    return flat.reshape(array.shape)


def _by_ulps(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    """A few representable numbers further from 0 or nearer to it."""
    bits = x.view(f"u{x.itemsize}")
    sign = bits & ~_magnitude(x)
    steps = rng.geometric(0.3, size=x.shape) * rng.choice((-1, 1), size=x.shape)
    moved = (bits & _magnitude(x)).astype(np.int64) + steps
    return _of_bits(sign | np.maximum(moved, 0).astype(bits.dtype), x)


def _with_other_significand(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    """Sign and exponent kept."""
    bits = x.view(f"u{x.itemsize}")
    low = bits.dtype.type(2 ** ml_dtypes.finfo(x.dtype).nmant - 1)
    return _of_bits((bits & ~low) | rng.integers(low, size=x.shape, dtype=bits.dtype, endpoint=True), x)


def _scaled(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    """All by one power of two."""
    return (x.astype(np.float64) * 2.0 ** int(rng.integers(-6, 7))).astype(x.dtype)


def _copied(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    """Entries of the mate, which may be the array itself."""
    copied: Array = rng.choice(mate, size=x.shape)
    return copied


def _plain(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    return np.full(x.shape, rng.choice(_PLAIN)).astype(x.dtype)


def _negated(x: Array, mate: Array, rng: np.random.Generator) -> Array:
    return -x


_CHANGES: tuple[Change, ...] = (
    _by_ulps,
    _with_other_significand,
    _with_other_significand,
    _scaled,
    _copied,
    _plain,
    _negated,
)


def _magnitude(x: Array) -> Any:
    """The bits of a format without its sign's."""
    return np.dtype(f"u{x.itemsize}").type(2 ** (8 * x.itemsize - 1) - 1)


def _of_bits(bits: Array, like: Array) -> Array:
    found: Array = bits.view(like.dtype)
    return found
