"""Where a figure became another one: exactly for accuracy, by a test that seldom errs for speed.

Scenarios are derandomised, so unchanged code has the same accuracy bit for bit, and any other figure is a change.
Times are not. Rounds within one process give an interval of its ratio, and yet another process with the same code may
land outside of it (docs/gate.md): processes are what is counted. Of n processes before a commit and m from it on, let
U be the number of pairs in which the one behind is not on the side that it should be. Where nothing changed, every
order of the n + m is as likely as any other, whatever the distribution of the times is, so that (Mann and Whitney 1947)

    P(U <= u) = (partitions of 0, ..., u into at most m parts, none above n) / C(n + m, m).

A change is named where the ratio's interval leaves the one before, its median is more than 5 percent off, and twice
that probability is below the permitted rate divided by all the places that were looked at (Bonferroni).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

from gradassay.vocabulary.bench import Ratio
from gradassay.vocabulary.history import AccuracyPoint, Change, SpeedPoint, State, interval, median_of

#: A figure that is off by less is told as the same one.
MARGIN = 0.05

#: Chance that nothing changed where one figure is told to look like another, for more runs to confirm.
LIKELY = 0.01

#: ``place(before, after)``: where that is, in words, and whether it is one commit.
Place = Callable[[State, State], tuple[str, bool]]


def accuracy_changes(points: Sequence[AccuracyPoint], place: Place) -> tuple[Change, ...]:
    """Every point with another typical error, worst error/budget (both beyond the margin) or set of failing verdicts.

    It is held against the point where the figures before began, so that many small steps are seen as well.
    """
    found, since = [], 0
    for index in range(1, len(points)):
        words = tuple(_accuracy_words(points[since], points[index]))
        if words:
            found.append(Change(index, since, words, *place(points[index - 1].state, points[index].state)))
            since = index
    return tuple(found)


def speed_changes(
    points: Sequence[SpeedPoint], place: Place, false_rate: float, reference: str
) -> tuple[Change, ...]:
    """Every point from which on processes have another ratio; named falsely with a chance of ``false_rate`` at most.

    The last one may be unconfirmed: it looks like a change, and too few runs have followed.
    """
    found, since, index = [], 0, 1
    chance = false_rate / max(1, places(len(points)))
    while index < len(points):
        confirming = _confirming(points, since, index, chance)
        if confirming is not None:
            first = since + _best_split(points[since : index + confirming])
            found.append(_speed_change(points, since, first, place, reference))
            since = index = first
        index += 1
    for index in range(since + 1, len(points)):
        if all(_stands_out(points[since:index], point) for point in points[index:]):
            if _confirming(points, since, index, LIKELY) is not None:
                found.append(_speed_change(points, since, index, place, reference, confirmed=False))
            break
    return tuple(found)


def fewest_runs(points: int, false_rate: float) -> int:
    """How many runs on either side it takes to name a change in a series of so many points."""
    chance, runs = false_rate / max(1, places(points)), 1
    while 2 / math.comb(2 * runs, runs) >= chance:
        runs += 1
    return runs


def places(points: int) -> int:
    """How often a series of so many points is looked at."""
    return sum(len(_doublings(points - index)) for index in range(1, points))


def unlikely(before: Sequence[float], after: Sequence[float]) -> float:
    """Chance, where nothing changed, that ``after`` lies as far to one side of ``before``, or to the other."""
    n, m = len(before), len(after)
    pairs = [(x, y) for x in before for y in after]
    wrong = min(sum(y <= x for x, y in pairs), sum(y >= x for x, y in pairs))
    # partitions of k into at most m parts, none above n: coefficients of Π (1 - q^(n+i)) / (1 - q^i)
    ways = [1] + [0] * wrong
    for part in range(1, m + 1):
        for k in range(wrong, n + part - 1, -1):
            ways[k] -= ways[k - n - part]
        for k in range(part, wrong + 1):
            ways[k] += ways[k - part]
    return min(1.0, 2 * sum(ways) / math.comb(n + m, m))


def _accuracy_words(before: AccuracyPoint, after: AccuracyPoint) -> Iterable[str]:
    from reports.numbers import apart

    for name, unit, old, new in (
        ("typical error", " u", before.typical, after.typical),
        ("worst error/budget", "", before.budget_ratio, after.budget_ratio),
    ):
        if not same(old, new):
            first, second = apart(old, new, 3)
            yield f"{name} {first} → {second}{unit}"
    for word, verdicts in (
        ("appeared", after.failing - before.failing),
        ("vanished", before.failing - after.failing),
    ):
        counts = (after if word == "appeared" else before).verdicts
        for verdict in sorted(verdicts, key=lambda verdict: verdict.rank):
            yield f"verdict {verdict} {word} ({counts[verdict]} of {before.scenarios} scenarios)"


def same(first: float, second: float) -> bool:
    """Whether two figures are within the margin; not known (NaN) is no other figure than any."""
    if math.isnan(first) or math.isnan(second) or first == second:
        return True
    return abs(first - second) <= MARGIN * max(abs(first), abs(second)) < math.inf


def _stands_out(before: Sequence[SpeedPoint], point: SpeedPoint) -> bool:
    old, new = _together(before), point.ratio
    beyond = abs(math.log(new.median / old.median)) > math.log1p(MARGIN)
    return beyond and (new.low > old.high or new.high < old.low)


def _confirming(points: Sequence[SpeedPoint], since: int, index: int, chance: float) -> int | None:
    """How many points from ``index`` on it takes to confirm a change there; None where it is none, or too soon."""
    before, after = points[since:index], points[index:]
    if _stands_out(before, points[index]):
        for count in _doublings(len(after)):
            if unlikely(_medians(before), _medians(after[:count])) < chance:
                return count
    return None


def _best_split(points: Sequence[SpeedPoint]) -> int:
    """Where to cut so that the logarithms of the ratios lie closest to the medians of the two parts."""

    def scatter(part: Sequence[SpeedPoint]) -> float:
        logs = [math.log(ratio) for ratio in _medians(part)]
        middle = statistics.median(logs)
        return sum(abs(value - middle) for value in logs)

    return min(range(1, len(points)), key=lambda cut: scatter(points[:cut]) + scatter(points[cut:]))


def _medians(points: Sequence[SpeedPoint]) -> list[float]:
    return [run.median for point in points for run in point.runs]


def _together(points: Sequence[SpeedPoint]) -> Ratio:
    return median_of([run for point in points for run in point.runs])


def _doublings(count: int) -> list[int]:
    """1, 2, 4, ..., count: so many points from a place on are tried to confirm it."""
    return sorted({*(2**k for k in range(count.bit_length()) if 2**k <= count), count})


def _speed_change(
    points: Sequence[SpeedPoint],
    since: int,
    index: int,
    place: Place,
    reference: str,
    *,
    confirmed: bool = True,
) -> Change:
    old, new = _together(points[since:index]), points[index].ratio
    words = f"ratio to {reference} {interval(old)} → {interval(new)}"
    where, exact = place(points[index - 1].state, points[index].state)
    return Change(index, since, (words,), where, exact, confirmed)
