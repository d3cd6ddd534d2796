"""Every enclosure holds the value that 3,000 bits give, whatever the definition is made of."""

from __future__ import annotations

import numpy as np
from hypothesis import event, given, settings

from gradassay.vocabulary import Scenario
from property_tests.exact.oracle import enclosures, every_miss, truth_in
from property_tests.exact.programs import Program, programs

LADDER = ("float64", "longdouble", "arb-128")
#: Arb's midpoints are handed out in long double, its radii in float64, rounded up.
SUBNORMAL = 5e-324


@settings(max_examples=400)
@given(programs("float32"))
def test_every_arithmetic_encloses_the_truth_and_lies_in_the_wider_one(
    drawn: tuple[Program, Scenario],
) -> None:
    program, given_ = drawn
    wider = None
    for name in LADDER:
        truth = truth_in(name, program, given_)
        event(f"{name}: {'decided' if truth else 'undecided'}")
        if truth is None:
            continue
        assert not every_miss(program, given_, truth), name
        if wider is not None and not truth.extremes:
            for outer, inner in zip(enclosures(wider), enclosures(truth), strict=True):
                apart = np.abs(inner.mid - outer.mid)
                rounded = np.abs(inner.mid) * 2.0**-63 if name == "arb-128" else 0
                inside = apart + inner.rad <= outer.rad + rounded + SUBNORMAL
                assert np.all(inside | np.isnan(outer.mid)), (name, apart, inner.rad, outer.rad)
        wider = truth
