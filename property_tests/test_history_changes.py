"""Where a figure became another one: every planted change is named at its commit, and hardly any that is none."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom

from gradassay.ledger.changes import (
    MARGIN,
    accuracy_changes,
    fewest_runs,
    places,
    same,
    speed_changes,
    unlikely,
)
from gradassay.ledger.querying import FALSE_RATE
from gradassay.vocabulary import Verdict
from gradassay.vocabulary.bench import Ratio
from gradassay.vocabulary.history import AccuracyPoint, Change, SpeedPoint, State, median_of


def place(first: State, second: State) -> tuple[str, bool]:
    return f"{first.commit}..{second.commit}", True


def state(index: int) -> State:
    return State(f"{index:012x}", float(index))


def accuracy(values: Sequence[float], **changes: object) -> list[AccuracyPoint]:
    return [
        AccuracyPoint(state(index), 100, {Verdict.AGREES: 100}, value, 0.5, 1.0, 2.0)
        for index, value in enumerate(values)
    ]


Draw = Callable[[random.Random], float]


def timed(rng: random.Random, draw: Draw, shifts: Sequence[float], runs: int = 1) -> list[SpeedPoint]:
    """One point a commit: the logarithm of each process's ratio is the commit's shift and a draw of the noise.

    The interval of a process knows nothing of the noise between processes, as it is measured (docs/gate.md).
    """

    def process(shift: float) -> Ratio:
        middle = math.exp(shift + draw(rng))
        return Ratio(middle, middle * 0.985, middle * 1.015, 0.95)

    return [
        SpeedPoint(state(index), tuple(process(shift) for _ in range(runs)), 1e-3)
        for index, shift in enumerate(shifts)
    ]


def gaussian(rng: random.Random) -> float:
    return rng.gauss(0, 0.04)


def heavy_tailed(rng: random.Random) -> float:
    """Student's distribution with 3 degrees of freedom: an outlier now and then, as a busy machine has them."""
    return 0.03 * rng.gauss(0, 1) / math.sqrt(rng.gammavariate(1.5, 2) / 3)


def lopsided(rng: random.Random) -> float:
    """Most processes are alike, and some slower by any amount."""
    return rng.expovariate(1 / 0.04)


def two_levels(rng: random.Random) -> float:
    """A process is lucky with its memory or is not, and stays so."""
    return 0.08 * rng.randrange(2) + rng.gauss(0, 0.01)


NOISES = [gaussian, heavy_tailed, lopsided, two_levels]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("commits", "runs"), [(2, 2), (6, 1), (6, 4), (25, 1)])
def test_commits_of_one_speed_are_told_apart_no_oftener_than_stated(
    noise: Draw, commits: int, runs: int
) -> None:
    rng, pages, series = random.Random(f"{noise.__name__} {commits} {runs}"), 250, 4
    wrong = sum(
        any(
            change.confirmed
            for _ in range(series)
            for change in speed_changes(
                timed(rng, noise, [0.0] * commits, runs), place, FALSE_RATE / series, "torch"
            )
        )
        for _ in range(pages)
    )
    most = binom.isf(
        1e-4, pages, FALSE_RATE
    )  # beyond it the true rate is above FALSE_RATE, but for 1 in 10,000
    assert wrong <= most, f"{wrong} of {pages} pages name a change where nothing changed"


@pytest.mark.parametrize("noise", [gaussian, heavy_tailed])
@pytest.mark.parametrize(("slower", "runs"), [(1.2, 4), (1.5, 2)])
def test_a_slower_commit_is_named(noise: Draw, slower: float, runs: int) -> None:
    rng, pages = random.Random(f"{slower} {runs}"), 100
    shifts = [0.0] * 5 + [math.log(slower)] * 5
    found = [
        speed_changes(timed(rng, noise, shifts, runs), place, FALSE_RATE / 4, "torch") for _ in range(pages)
    ]
    assert sum([change.index for change in changes] == [5] for changes in found) >= 0.95 * pages


def test_a_commit_that_was_slow_for_a_while_is_named_twice() -> None:
    rng = random.Random(1)
    points = timed(rng, gaussian, [0.0] * 4 + [0.7] * 2 + [0.0] * 4, runs=6)
    changes = speed_changes(points, place, FALSE_RATE, "torch")
    assert [(change.index, change.since) for change in changes] == [(4, 0), (6, 4)]
    assert changes[0].place == "000000000003..000000000004"


def test_one_process_that_was_slow_is_no_change() -> None:
    points = timed(random.Random(2), gaussian, [0.0] * 6 + [0.7] + [0.0] * 6)
    assert speed_changes(points, place, FALSE_RATE, "torch") == ()


def test_a_slow_last_commit_waits_for_more_runs() -> None:
    rng = random.Random(3)
    points = timed(rng, gaussian, [0.0] * 12 + [0.7])
    assert speed_changes(points, place, FALSE_RATE, "torch") == ()
    told: list[Change] = []
    for runs in (3, 9):
        again = SpeedPoint(points[-1].state, timed(rng, gaussian, [0.7], runs)[0].runs, 1e-3)
        told += speed_changes([*points[:-1], again], place, FALSE_RATE, "torch")
    assert [(change.index, change.confirmed) for change in told] == [(12, False), (12, True)]


@given(st.data(), st.integers(1, 6), st.integers(1, 5))
def test_the_chance_is_the_share_of_the_orders_that_are_as_far_apart(
    data: st.DataObject, n: int, m: int
) -> None:
    ranks = data.draw(st.permutations(range(n + m)))

    def wrong(chosen: Sequence[int]) -> int:
        rest = set(range(n + m)) - set(chosen)
        above = sum(y > x for x in rest for y in chosen)
        return min(above, n * m - above)

    orders = [wrong(chosen) for chosen in combinations(range(n + m), m)]
    as_far = sum(other <= wrong(ranks[n:]) for other in orders) / len(orders)
    told = unlikely(ranks[:n], ranks[n:])
    assert told >= as_far - 1e-12
    assert told == pytest.approx(as_far) or 2 * wrong(ranks[n:]) + 1 >= n * m, "but where both sides meet"


@pytest.mark.parametrize("points", [2, 5, 30])
def test_so_many_runs_as_are_asked_for_can_confirm_a_change_and_fewer_cannot(points: int) -> None:
    runs = fewest_runs(points, FALSE_RATE)
    for count, enough in ((runs, True), (runs - 1, False)):
        before, after = [float(x) for x in range(count)], [100.0 + x for x in range(count)]
        assert (unlikely(before, after) < FALSE_RATE / places(points)) == enough


@pytest.mark.parametrize("factor", [1.04, 1 / 1.04])
def test_a_speed_within_the_margin_is_the_same_however_sure_it_is(factor: float) -> None:
    def still(_rng: random.Random) -> float:
        return 0.0

    points = timed(random.Random(4), still, [0.0] * 10 + [math.log(factor)] * 10, runs=5)
    assert speed_changes(points, place, FALSE_RATE, "torch") == ()


FIGURES = st.floats(0.01, 100)


@given(st.lists(FIGURES, min_size=1, max_size=8))
def test_the_same_accuracy_is_no_change_and_every_other_one_is_named(values: list[float]) -> None:
    changes = accuracy_changes(accuracy(values), place)
    starts = [0, *(change.index for change in changes)]
    for index, value in enumerate(values):
        start = max(begin for begin in starts if begin <= index)
        assert same(values[start], value)
    for change in changes:
        assert not same(values[change.since], values[change.index])


@given(FIGURES, st.integers(2, 6))
def test_small_steps_are_named_when_they_have_come_to_a_change(value: float, steps: int) -> None:
    step = (1 + 2 * MARGIN) ** (1 / steps)
    assume(step < 1 + MARGIN)
    changes = accuracy_changes(accuracy([value * step**index for index in range(steps + 1)]), place)
    assert changes
    assert changes[0].since == 0


def test_a_verdict_that_appears_and_vanishes_is_told_with_the_figures() -> None:
    points = accuracy([0.5, 0.5, 0.5])
    bad = {Verdict.AGREES: 93, Verdict.NONFINITE: 7, Verdict.CONVENTION: 0}
    points[1] = AccuracyPoint(state(1), 100, bad, 0.5, math.inf, 1.0, 2.0)
    first, second = accuracy_changes(points, place)
    assert first.words == (
        "worst error/budget 0.5 → inf",
        "verdict nonfinite appeared (7 of 100 scenarios)",
    )
    assert second.words == (
        "worst error/budget inf → 0.5",
        "verdict nonfinite vanished (7 of 100 scenarios)",
    )


def test_conventions_come_and_go_without_a_change() -> None:
    points = accuracy([0.5, 0.5])
    points[1] = AccuracyPoint(state(1), 100, {Verdict.CONVENTION: 100}, 0.5, 0.5, 1.0, 2.0)
    assert accuracy_changes(points, place) == ()


@given(st.floats(allow_nan=False, min_value=0), st.floats(allow_nan=False, min_value=0))
def test_what_is_the_same_is_so_both_ways(first: float, second: float) -> None:
    assert same(first, second) == same(second, first)
    assert same(first, first)
    assert not same(first, math.inf) or first == math.inf
    assert same(math.nan, first), "a figure that files of earlier versions lack"


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6))
def test_the_median_of_ratios_stays_when_numerator_and_denominator_change_places(values: list[float]) -> None:
    ratio = median_of([Ratio(value, value, value, 0.95) for value in values]).median
    other = median_of([Ratio(1 / value, 1 / value, 1 / value, 0.95) for value in values]).median
    assert ratio * other == pytest.approx(1)
