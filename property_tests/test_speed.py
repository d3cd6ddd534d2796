"""The sequential test and its blocks, on made-up times."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.speed.blocks import BLOCK_S, FEWEST_FOURS, LEG_S, MOST_FOURS, WARM_UP, Blocks, waits
from gradassay.speed.sequential import (
    ALPHA,
    AT_MARGIN,
    BETA,
    BEYOND,
    FAIL_AT,
    MARGIN,
    PASS_AT,
    STEP_DOWN,
    STEP_UP,
    Finding,
    decide,
)

RUNS = 4000


class Machine:
    """A clock that runs while something is called, ``slower`` times as fast for ``after``, disturbed at will."""

    def __init__(self, slower: float = 1.0, disturb: Callable[[float], float] = lambda _: 1.0) -> None:
        self.now, self.slower, self.disturb = 0.0, slower, disturb

    def clock(self) -> int:
        return round(self.now)

    def before(self) -> None:
        self.now += 1e5 * self.disturb(self.now)

    def after(self) -> None:
        self.now += 1e5 * self.slower * self.disturb(self.now)

    def blocks(self, planted: tuple[int, int] = (1, 1)) -> Blocks:
        rng = np.random.default_rng(0)
        return Blocks(lambda: self.before, lambda: self.after, rng, planted, self.clock)


def shares(p: float) -> dict[Finding, float]:
    """How often each finding comes out where a block exceeds the margin with probability ``p``."""
    rng = np.random.default_rng(0)
    found = [decide(lambda: 1.0 if rng.random() < p else 0.0).finding for _ in range(RUNS)]
    return {finding: found.count(finding) / RUNS for finding in Finding}


def three_deviations(p: float) -> float:
    return 3 * math.sqrt(p * (1 - p) / RUNS)


@pytest.mark.parametrize("p", [0.0, 0.3, AT_MARGIN])
def test_what_is_not_beyond_the_margin_is_failed_no_more_often_than_wald_allows(p: float) -> None:
    bound = ALPHA / (1 - BETA)
    assert shares(p)[Finding.SLOWER] <= bound + three_deviations(bound)


@pytest.mark.parametrize("p", [BEYOND, 0.9, 1.0])
def test_what_is_beyond_the_margin_in_three_blocks_of_four_is_passed_no_more_often_than_wald_allows(
    p: float,
) -> None:
    bound = BETA / (1 - ALPHA)
    assert shares(p)[Finding.PASSED] <= bound + three_deviations(bound)


def test_truncation_leaves_little_undecided() -> None:
    """At 3/4 the evidence climbs by 0.13 a block, and 160 blocks are three times what the bound takes."""
    assert shares(BEYOND)[Finding.SLOWER] >= 0.97


@given(st.floats(1e-6, 1), st.floats(1.01, 3))
def test_a_clear_case_takes_the_fewest_blocks_that_can_decide_it(beyond: float, margin: float) -> None:
    slow = decide(lambda: math.log(margin) + beyond, margin)
    fine = decide(lambda: math.log(margin) - beyond, margin)
    assert (slow.finding, len(slow.slowdowns)) == (Finding.SLOWER, math.ceil(FAIL_AT / STEP_UP))
    assert (fine.finding, len(fine.slowdowns)) == (Finding.PASSED, math.ceil(PASS_AT / STEP_DOWN))


@given(st.lists(st.sampled_from([-1, 1]), min_size=160, max_size=160), st.floats(1e-3, 10))
def test_only_the_side_of_the_margin_counts(sides: list[int], far: float) -> None:
    bound = math.log(MARGIN)
    near, farther = (iter([bound + side * by for side in sides]) for by in (1.0, far))
    assert decide(lambda: next(near)).finding is decide(lambda: next(farther)).finding


def test_what_is_no_number_is_no_success() -> None:
    assert decide(lambda: math.nan).finding is Finding.SLOWER


@given(st.integers(1, 6))
def test_a_test_that_is_late_is_inconclusive_and_keeps_its_blocks(blocks: int) -> None:
    asked = count(1)
    late = decide(lambda: 0.0, late=lambda: next(asked) == blocks)
    assert (late.finding, len(late.slowdowns)) == (Finding.INCONCLUSIVE, blocks)


def test_what_has_not_been_decided_is_said_to_be_so() -> None:
    undecided = decide(lambda: 1.0, most=10)
    assert (undecided.finding, len(undecided.slowdowns)) == (Finding.INCONCLUSIVE, 10)


@given(st.floats(0.5, 3))
def test_a_block_is_the_logarithm_of_the_slow_down(slower: float) -> None:
    assert Machine(slower).blocks()() == pytest.approx(math.log(slower), abs=1e-4)  # the clock is in ns


@pytest.mark.parametrize("calls", [(10, 11), (20, 21), (5, 6)])
def test_a_planted_slow_down_has_exactly_its_size(calls: tuple[int, int]) -> None:
    assert Machine().blocks(calls)() == pytest.approx(math.log(calls[1] / calls[0]), abs=1e-4)


def test_a_linear_drift_of_the_machine_cancels() -> None:
    drifting = Machine(1.1, lambda now: 1 + now * 1e-9)  # 1 part in 10⁴ more with each leg
    assert drifting.blocks()() == pytest.approx(math.log(1.1), abs=1e-4)


@pytest.mark.parametrize("at", range(4))
def test_what_disturbs_a_few_legs_changes_nothing(at: int) -> None:
    """One leg in sixteen is disturbed, so one four in four."""
    legs = count()
    disturbed = Machine(1.1, lambda _: 50.0 if next(legs) % 16 == at else 1.0)
    assert disturbed.blocks()() == pytest.approx(math.log(1.1), abs=1e-4)


def test_the_order_of_the_legs_is_abba_or_baab() -> None:
    orders = set()
    machine = Machine()
    blocks = machine.blocks()
    told: list[str] = []
    blocks.before = lambda: told.append("a") or machine.before  # type: ignore[func-returns-value]
    blocks.after = lambda: told.append("b") or machine.after  # type: ignore[func-returns-value]
    for _ in range(4):
        blocks()
    for four in range(0, len(told), 4):
        orders.add("".join(told[four : four + 4]))
    assert orders == {"abba", "baab"}
    assert orders < {"".join(order) for order in permutations("aabb")}


@given(st.floats(1e-7, 1.0))
def test_a_leg_is_long_enough_to_be_timed_and_a_block_no_longer_than_it_has_to_be(call_s: float) -> None:
    machine = Machine()
    machine.before = lambda: setattr(machine, "now", machine.now + call_s * 1e9)  # type: ignore[method-assign]
    blocks = machine.blocks()
    started = machine.now
    blocks.after = blocks.before
    blocks()
    fours = len(blocks.times["before"]) / 2
    leg_s = (machine.now - started) * 1e-9 / (4 * fours)
    assert FEWEST_FOURS <= fours <= MOST_FOURS
    assert leg_s >= LEG_S * 0.99
    assert fours == FEWEST_FOURS or fours * leg_s <= BLOCK_S * 1.01


class Clocks:
    """Time on the wall, of the thread, and how often it gave up the processor: all made up."""

    def __init__(self, wall: float, thread: float, pauses: int | None) -> None:
        self.calls, self.wall, self.thread, self.pauses = 0, wall, thread, pauses

    def call(self) -> None:
        self.calls += 1

    def waits(self) -> str | None:
        return waits(
            lambda: self.call,
            lambda: round(self.calls * self.thread),
            lambda: round(self.calls * self.wall),
            lambda: None if self.pauses is None else self.calls * self.pauses,
        )


@pytest.mark.parametrize(
    ("wall", "thread", "pauses", "says"),
    [
        (1e6, 1e4, 1, True),
        (1e6, 1e4, None, True),
        (1e6, 1e4, 0, False),  # others had the processor
        (2e6, 1e6, 1, False),
    ],
)
def test_a_call_waits_whose_thread_gives_up_the_processor_for_most_of_it(
    wall: float, thread: float, pauses: int | None, says: bool
) -> None:
    assert bool(Clocks(wall, thread, pauses).waits()) is says


@pytest.mark.parametrize(("wall", "calls"), [(1e6, WARM_UP), (1e10, 1)])
def test_it_does_not_take_long_to_see_that_a_call_waits(wall: float, calls: int) -> None:
    clocks = Clocks(wall, 1e4, 1)
    assert clocks.waits()
    assert clocks.calls == calls
