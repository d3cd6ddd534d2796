"""The words of a history: what an operation's accuracy and speed were, commit by commit, and where they changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradassay.vocabulary import Verdict
from gradassay.vocabulary.bench import Ratio

#: The reference of a speed that no implementation was beside: a plain copy of the bytes that have to be moved.
COPY = "the copy limit"

#: Asked for every row of a ledger, so that it is looked up once.
FAILING = frozenset(verdict for verdict in Verdict if verdict.fails)


@dataclass(frozen=True)
class State:
    """What was measured: a commit, a working tree changed after it, or something that no commit is known of."""

    commit: str | None
    """As runs name it: ``1a2b3c4d5e6f``, with ``+`` behind it where the working tree was changed."""
    at: float
    """When its last run was made, in seconds since 1970; of a file, when the file was written."""
    subject: str | None = None
    """First line of the commit's message, where the repository of the current folder knows it."""

    @property
    def name(self) -> str:
        """Seven digits of the commit, ``+`` behind them where the working tree was changed; else the day."""
        if self.commit is None:
            from datetime import UTC, datetime

            return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d %H:%M:%S}"
        return f"{(self.base or '')[:7]}{'+' if self.changed else ''}"

    @property
    def base(self) -> str | None:
        """The commit itself."""
        return None if self.commit is None else self.commit.rstrip("+")

    @property
    def changed(self) -> bool:
        """Whether the working tree was changed."""
        return self.commit is not None and self.commit.endswith("+")


@dataclass(frozen=True)
class AccuracyPoint:
    """The last run of one state: one row of ``gradassay compare``."""

    state: State
    scenarios: int
    verdicts: Mapping[Verdict, int]
    typical: float
    """Interquartile mean of the norm-wise error, in units of the dtype's unit roundoff."""
    budget_ratio: float
    """Largest error / budget."""
    normwise: float
    ulp: float

    @property
    def failing(self) -> frozenset[Verdict]:
        """The failing verdicts among its scenarios."""
        return FAILING.intersection(verdict for verdict, count in self.verdicts.items() if count)


@dataclass(frozen=True)
class SpeedPoint:
    """All runs of one state: one row of ``gradassay bench``, as a ratio to what was timed beside it."""

    state: State
    runs: tuple[Ratio, ...]
    """One for each process: time over the reference's, or over that of a copy; below 1 is quicker."""
    total_s: float
    """Median over the runs, of forward and pullback. Not to be compared with another day's."""

    @property
    def ratio(self) -> Ratio:
        """The median over the runs, of each figure."""
        return median_of(self.runs)


@dataclass(frozen=True)
class Change:
    """A figure that is another one from a state on."""

    index: int
    """Position of that state in the series."""
    since: int
    """Position of the state that it is held against: where the figure before began."""
    words: tuple[str, ...]
    """What changed: ``typical error 0.86 → 0.98 u``."""
    place: str
    """``1a2b3c4 "subject"``, or ``between 1a2b3c4 and 5d6e7f8 (3 commits)``."""
    exact: bool
    """Whether ``place`` is the one commit that can have done it."""
    confirmed: bool = True
    """False of a speed that looks like another one, and more runs have to tell."""
    remark: str = ""
    """What else moved there."""


@dataclass(frozen=True)
class Series:
    """Runs that can be compared with each other, in the order of the commits; ``points`` are all of one kind."""

    operation: str
    implementation: str
    dtype: str
    setting: Mapping[str, str]
    """What has to be the same for figures to be comparable: versions, processor, seed, examples, threads."""
    changes: tuple[Change, ...] = ()

    def last(self, count: int, total: int) -> tuple[int, tuple[Change, ...]]:
        """How many of ``total`` points to leave out so that ``count`` remain, and the changes among those."""
        cut = max(0, total - count)
        return cut, tuple(
            replace(change, index=change.index - cut, since=max(0, change.since - cut))
            for change in self.changes
            if change.index >= cut
        )


@dataclass(frozen=True)
class AccuracySeries(Series):
    """The accuracy of one operation × implementation × dtype."""

    points: tuple[AccuracyPoint, ...] = ()


@dataclass(frozen=True)
class SpeedSeries(Series):
    """The speed of one operation × implementation × dtype × size, as a ratio to ``reference``."""

    size: tuple[int, int] = (0, 0)
    reference: str = COPY
    points: tuple[SpeedPoint, ...] = ()


@dataclass(frozen=True)
class History:
    """What one ``gradassay history`` found."""

    accuracy: tuple[AccuracySeries, ...]
    speed: tuple[SpeedSeries, ...]
    false_rate: float
    """Chance that any change of speed in all of it is named although nothing changed."""
    fewest_runs: int = 0
    """Runs on either side that it takes at least to name a change of speed."""
    names: tuple[str, ...] = ()
    """Of all states, in the order of the commits."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations, in the order of their series."""
        return tuple(dict.fromkeys(series.operation for series in (*self.accuracy, *self.speed)))

    def last(self, count: int) -> History:
        """The same, with the last ``count`` points of every series."""
        accuracy = []
        for series in self.accuracy:
            cut, changes = series.last(count, len(series.points))
            accuracy.append(replace(series, points=series.points[cut:], changes=changes))
        speed = []
        for timed in self.speed:
            cut, changes = timed.last(count, len(timed.points))
            speed.append(replace(timed, points=timed.points[cut:], changes=changes))
        return replace(self, accuracy=tuple(accuracy), speed=tuple(speed))


def median_of(ratios: Sequence[Ratio]) -> Ratio:
    """Median of each figure of ``ratios``; of an even count the geometric mean of the middle two."""
    return Ratio(
        median=_middle([ratio.median for ratio in ratios]),
        low=_middle([ratio.low for ratio in ratios]),
        high=_middle([ratio.high for ratio in ratios]),
        confidence=min(ratio.confidence for ratio in ratios),
    )


def _middle(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else math.sqrt(ordered[half - 1] * ordered[half])


def interval(ratio: Ratio) -> str:
    """``1.1 [1.04, 1.17]``; the median alone where no interval is known."""
    if ratio.low == ratio.high:
        return f"{ratio.median:.3g}"
    return f"{ratio.median:.3g} [{ratio.low:.3g}, {ratio.high:.3g}]"
