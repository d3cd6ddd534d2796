"""Where a figure became another one: exactly for accuracy, by a test that seldom errs for speed.

Scenarios are derandomised, so unchanged code has the same accuracy bit for bit, and any other figure is a change.
Times are not. Rounds within one process give an interval of its ratio, and yet another process with the same code may
land outside of it (docs/gate.md): what a change is held against is how far *processes* lie apart. Let x be the
logarithms of the ratios of n processes before a commit and y those of m from it on, both at least 2. With

    s² = (Σ (x - x̄)² + Σ (y - ȳ)²) / (n + m - 2),  at least what the intervals say,
    t = (ȳ - x̄) / (s √(1/n + 1/m))

follows Student's distribution with n + m - 2 degrees of freedom where nothing changed (Student 1908). A change is named
where the ratio's interval leaves the one before, its median is more than 5 percent off, and the probability of so large
a t is below the permitted rate divided by all the places that were looked at (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from gradassay.bench_vocabulary import Ratio
from gradassay.history_vocabulary import AccuracyPoint, Change, SpeedPoint, State, interval, median_of

#: A figure that is off by less is told as the same one.
MARGIN = 0.05

#: Processes on either side of a change of speed that is named; of one that looks like one, a single one behind it.
FEWEST = 2

#: Half an interval of 95 percent, in standard deviations.
_HALF_S = 1.96

#: Chance that nothing changed where a change is told to look like one, for more runs to confirm.
_LIKELY = 0.05

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
    points: Sequence[SpeedPoint], place: Place, false_rate: float, reference: str = ""
) -> tuple[Change, ...]:
    """Every point from which on processes have another ratio; named falsely with a chance of ``false_rate`` at most.

    The last one may be unconfirmed: it looks like a change, and too few runs have followed.
    """
    found, since = [], 0
    chance = false_rate / max(1, _places(len(points)))
    for index in range(1, len(points)):
        before, after = points[since:index], points[index:]
        if _stands_out(before, points[index]) and any(
            _probability(before, after[:count], FEWEST) < chance for count in _doublings(len(after))
        ):
            found.append(_speed_change(points, since, index, place, reference))
            since = index
    unconfirmed = _unconfirmed(points, since, chance * _LIKELY / false_rate)
    if unconfirmed is not None:
        found.append(_speed_change(points, since, unconfirmed, place, reference, confirmed=False))
    return tuple(found)


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


def _unconfirmed(points: Sequence[SpeedPoint], since: int, chance: float) -> int | None:
    """The first point from which on all stand out to one side, where that is likely and not sure."""
    for index in range(since + 1, len(points)):
        before, after = points[since:index], points[index:]
        old = _together(before).median
        slower = {point.ratio.median > old for point in after}
        if len(slower) == 1 and all(_stands_out(before, point) for point in after):
            return index if _probability(before, after, 1) < chance else None
    return None


def _probability(before: Sequence[SpeedPoint], after: Sequence[SpeedPoint], fewest: int) -> float:
    """Of a t as large as this one where nothing changed, both sides; 1 where there are too few processes."""
    from scipy.special import stdtr

    runs = [[run for point in points for run in point.runs] for points in (before, after)]
    if len(runs[0]) < FEWEST or len(runs[1]) < fewest:
        return 1.0
    logs = [[math.log(run.median) for run in side] for side in runs]
    means = [sum(side) / len(side) for side in logs]
    degrees = len(logs[0]) + len(logs[1]) - 2
    variance = sum((x - mean) ** 2 for side, mean in zip(logs, means, strict=True) for x in side) / degrees
    widths = sorted(_half_width(run) for side in runs for run in side)
    spread = max(math.sqrt(variance), widths[len(widths) // 2] / _HALF_S)
    if spread == 0:
        return float(means[0] == means[1])
    t = (means[1] - means[0]) / (spread * math.sqrt(1 / len(logs[0]) + 1 / len(logs[1])))
    return 2 * float(stdtr(degrees, -abs(t)))


def _together(points: Sequence[SpeedPoint]) -> Ratio:
    return median_of([run for point in points for run in point.runs])


def _half_width(ratio: Ratio) -> float:
    return math.log(ratio.high / ratio.low) / 2


def _doublings(count: int) -> list[int]:
    """1, 2, 4, ..., count: so many points from a place on are tried to confirm it."""
    return sorted({*(2**k for k in range(count.bit_length()) if 2**k <= count), count})


def _places(points: int) -> int:
    return sum(len(_doublings(points - index)) for index in range(1, points))


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
