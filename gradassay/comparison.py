"""Comparison measures; ``gradassay.verdicts`` judges.

One array at a time: what an implementation returned against the enclosure of the truth and the budget.  Everything is
phrased positively (an entry passes because it was shown to lie within its budget), so a NaN can never pass by accident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradassay.formats import Format
from gradassay.vocabulary import Array, Enclosure, Worst


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was measured on one array."""

    path: str
    """``y`` for the primal, ``x_bar`` or ``x_bar[i]`` for the gradients."""
    structure: str | None = None
    """A sentence when shape or dtype are not as they have to be; then nothing else was measured."""
    outside: bool = False
    """Whether some entry was shown to lie outside its budget."""
    undecided: bool = False
    """Whether some entry could be shown neither inside nor outside."""
    nonfinite: bool = False
    """Whether an entry is NaN or infinite where the truth is finite and representable."""
    undefined: bool = False
    """Whether the truth has no value at some entry."""
    flushed: bool = False
    """Whether every entry outside is a zero where the truth is below ``flush_below``."""
    index: tuple[int, ...] | None = None
    """The worst entry."""
    expected: float | None = None
    got: float | None = None
    budget: float | None = None
    error: float = 0.0
    """|got - truth| at the worst entry."""
    scale: float = 0.0
    """max|truth| over the array."""
    worst: Worst = field(default_factory=Worst)


def compare_array(
    path: str,
    got: Array | None,
    truth: Enclosure,
    form: Format,
    *,
    flush_below: float = 0.0,
    beyond: bool = False,
) -> Comparison:
    """Hold one array against its enclosure.

    ``flush_below`` is the size of a true value that a flush of subnormal intermediates to zero can reach.  ``beyond``:
    part of the result has no value because an argument is infinite, so NaN is a sound answer for all of it.
    """
    structure = _structure(got, truth, form)
    if structure or got is None:
        return Comparison(path, structure=structure or "None instead of a gradient")
    wide = got.astype(truth.mid.dtype)
    with np.errstate(all="ignore"):
        error = np.abs(wide - truth.mid)
        inside = error + truth.rad <= truth.budget
        if inside.all():
            return Comparison(path, **_worst_entry(wide, truth, error, error / truth.budget, form))
        return _sort_out(path, wide, truth, error, inside, form, flush_below, beyond)


def _sort_out(
    path: str,
    got: Array,
    truth: Enclosure,
    error: Array,
    inside: Array,
    form: Format,
    flush_below: float,
    beyond: bool,
) -> Comparison:
    """The slow path: some entry is not simply inside its budget."""
    mid = truth.mid
    undefined = np.isnan(mid) | (np.isnan(got) & beyond)
    overflows = np.abs(mid) + truth.rad + truth.budget >= form.max
    right_infinity = np.isinf(got) & overflows & (np.sign(got) == np.sign(mid))
    good = inside | undefined | right_infinity
    nonfinite = ~good & ~np.isfinite(got)
    outside = nonfinite | (~good & (error - truth.rad > truth.budget))
    undecided = ~good & ~outside
    flushed = outside & (got == 0) & (np.abs(mid) < flush_below)
    ratio = np.where(outside | (inside & np.isfinite(mid)), error / truth.budget, 0)
    ratio = np.where(nonfinite, np.inf, ratio)
    return Comparison(
        path,
        outside=bool(outside.any()),
        undecided=bool(undecided.any()),
        nonfinite=bool(nonfinite.any()),
        undefined=bool(undefined.any()),
        flushed=bool(outside.any() and (flushed == outside).all()),
        **_worst_entry(
            got, truth, np.where(np.isfinite(error), error, 0), ratio, form, (nonfinite, outside, undefined)
        ),
    )


def _structure(got: Array | None, truth: Enclosure, form: Format) -> str | None:
    if got is None:
        return "None instead of an array"
    if got.shape != truth.mid.shape:
        return f"shape {got.shape} instead of {truth.mid.shape}"
    if got.dtype != form.dtype:
        return f"dtype {got.dtype.name} instead of {form.name}"
    return None


def _worst_entry(
    got: Array, truth: Enclosure, error: Array, ratio: Array, form: Format, notable: tuple[Array, ...] = ()
) -> dict[str, Any]:
    """The entry with the largest error in budgets, and the worst of the array in three measures.

    ``notable`` are kinds of entries, the most notable first: the entry shown is of the first kind that there is.
    """
    if not ratio.size:
        return {}
    kind = next((entries for entries in notable if entries.any()), None)
    at = int(np.argmax(ratio if kind is None else np.where(kind, ratio, -1)))
    index = tuple(int(i) for i in np.unravel_index(at, ratio.shape))
    size = np.abs(truth.mid)
    scale = float(np.max(size, initial=0.0, where=np.isfinite(size) if notable else True))
    largest = float(np.max(error, initial=0.0))
    worst = Worst(
        budget_ratio=float(ratio[index]),
        ulp=_largest_ulp(size, error, form),
        normwise=largest / max(scale, form.tiny) / form.u,
    )
    return {
        "index": index,
        "expected": float(truth.mid[index]),
        "got": float(got[index]),
        "budget": float(truth.budget[index]),
        "error": float(error[index]),
        "scale": scale,
        "worst": worst,
    }


def _largest_ulp(size: Array, error: Array, form: Format) -> float:
    """max |error| / ulp(truth); an ulp is u to 2 u of the value, so only near-maximal relative errors count."""
    floor = np.maximum(size, form.tiny)
    relative = np.asarray(error / floor)  # 0 where the truth is infinite; errors are finite here
    relative[np.isnan(relative)] = 0
    near = relative >= np.max(relative, initial=0.0) / 2
    spacing = 2 * form.u * 2.0 ** np.floor(np.log2(floor[near].astype(np.float64)))
    return float(np.max(error[near] / spacing, initial=0.0, where=np.isfinite(spacing)))
