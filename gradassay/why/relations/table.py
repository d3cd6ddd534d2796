"""The simple relations of what came back to the truth, the simplest first.

With g the truth of the array, y_bar the cotangent, x the argument, y the primal. ``docs/relations.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradassay.vocabulary import Enclosure
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.changes import ARGUMENTS, COTANGENTS, TIMES
from gradassay.why.relations.entries import MIXED, MOVED, PARTS, in_another_order
from gradassay.why.relations.formulas import FORMULAS, PRIMAL_FORMULAS
from gradassay.why.relations.samples import Fit, Sample
from gradassay.why.relations.special import PRECISIONS, special


def _rest(sample: Sample) -> Enclosure:
    mid = sample.y_bar - sample.truth.mid
    size = np.abs(sample.y_bar) + np.abs(sample.truth.mid)
    return Enclosure(mid, sample.truth.rad, sample.truth.budget + 2 * sample.form.u * size + sample.form.eta)


def _squared(sample: Sample) -> Enclosure:
    g = sample.truth
    size = np.abs(g.mid)
    budget = 2 * size * g.budget + g.budget**2 + sample.form.u * size**2 + sample.form.eta
    return Enclosure(g.mid**2, 2 * size * g.rad + g.rad**2, budget)


def _absolute(sample: Sample) -> Enclosure:
    return replace(sample.truth, mid=np.abs(sample.truth.mid))


def _some_zero(sample: Sample) -> Fit:
    """Each entry is 0 or right; where all are 0 that is no evidence for *some*."""
    kept = sample.value != 0
    fit = sample.fit(sample.chosen(kept))
    return fit if kept.any() else min(fit, Fit.TRIVIAL)


def _some_signs(sample: Sample) -> Enclosure:
    turned = np.where(np.signbit(sample.value) != np.signbit(sample.truth.mid), -1, 1)
    return replace(sample.truth, mid=sample.truth.mid * turned)


ZERO = valued("zero", "0 everywhere", lambda s: s.exactly(0.0))
SIGN = valued("wrong sign", "minus the truth", lambda s: s.scaled(-1.0))

SIMPLE: tuple[Candidate, ...] = (
    *COTANGENTS[:1],
    valued(
        "the cotangent itself",
        "y_bar as it came",
        lambda s: s.exactly(s.y_bar) if s.y_bar.shape == s.got.shape else None,
        primal=False,
    ),
    valued(
        "the argument itself", "x as it came", lambda s: s.exactly(s.x) if s.x.shape == s.got.shape else None
    ),
    valued(
        "the rest of the cotangent",
        "y_bar minus the truth",
        lambda s: _rest(s) if s.y_bar.shape == s.got.shape else None,
        primal=False,
    ),
    *MOVED,
)
FURTHER: tuple[Candidate, ...] = (
    *COTANGENTS[1:],
    *ARGUMENTS,
    *TIMES,
    valued("squared", "the square of the truth", _squared),
    valued("absolute value", "the absolute value of the truth", _absolute),
    *PARTS,
    *MIXED,
    *PRECISIONS,
)
LAST: tuple[Candidate, ...] = (
    Candidate("some entries 0", "the truth in some entries, 0 in the others", _some_zero),
    valued("some signs wrong", "the truth, but for the sign of some entries", _some_signs),
    Candidate("entries in another order", "the truth with its entries in another order", in_another_order),
)


def named() -> Mapping[str, str]:
    """Every relation of the table by name, with its words."""
    general = (ZERO, SIGN, *SIMPLE, *FURTHER, *LAST)
    own = (c for name in {**FORMULAS, **PRIMAL_FORMULAS} for c in special(name))
    return {c.name: c.words for c in (*general, *own)}
