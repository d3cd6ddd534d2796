"""Ties that depend on each other: what lies between the gradients of all choices is one, and what lies outside is none.

The gradients of all choices are worked out in forward mode, without the tape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradassay.vocabulary import Array, Verdict
from property_tests.test_ties import verdict
from property_tests.tied_programs import N, Program, programs

EDGE = "at the edge of the budget"
DTYPES = st.sampled_from(["float64", "float32"])
Drawn = tuple[Program, Array, Array]


def judged(program: Any, x: Array, x_bar: Array, dtype: str) -> tuple[Verdict, str]:
    return verdict(program, x.astype(dtype), 1.0, x_bar)


@given(programs(), st.integers(0, 2**20), DTYPES)
def test_what_lies_between_all_choices_is_a_subgradient(drawn: Drawn, seed: int, dtype: str) -> None:
    program, x, gradients = drawn
    rng = np.random.default_rng(seed)
    # In 64ths, so that the mix of small integers is the mix and not its rounding.
    weights = rng.multinomial(64, rng.dirichlet(np.full(len(gradients), 0.3))) / 64
    found = judged(program, x, weights @ gradients, dtype)
    # The weights are searched in float64, and once in 1,500 programs that comes out at the edge of a tiny budget.
    assert found[0] is Verdict.SUBGRADIENT or found == (Verdict.INCONCLUSIVE, EDGE)


@given(programs(), st.data(), DTYPES)
def test_one_choice_of_winners_is_a_subgradient(drawn: Drawn, data: st.DataObject, dtype: str) -> None:
    program, x, gradients = drawn
    chosen = data.draw(st.sampled_from(range(len(gradients))))
    found, cause = judged(program, x, gradients[chosen], dtype)
    assert found is Verdict.SUBGRADIENT
    assert cause.startswith("tie: ")


@given(programs(), st.lists(st.integers(-2, 2), min_size=N, max_size=N).filter(any), DTYPES)
def test_what_lies_outside_of_all_choices_is_wrong(drawn: Drawn, direction: list[int], dtype: str) -> None:
    """A step from the member that lies furthest in a direction, in that direction: no mix of members gets there."""
    program, x, gradients = drawn
    furthest = gradients[np.argmax(gradients @ np.array(direction))]
    found, _ = judged(program, x, furthest + np.array(direction) / 16, dtype)
    assert found is Verdict.WRONG
