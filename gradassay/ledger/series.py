"""Rows of the ledger put together to series: only comparable figures in one of them."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gradassay.ledger.changes import accuracy_changes
from gradassay.ledger.commits import Commits
from gradassay.ledger.settings import accuracy_setting, speed_setting
from gradassay.vocabulary import Verdict
from gradassay.vocabulary.bench import OURS, Ratio
from gradassay.vocabulary.history import (
    COPY,
    AccuracyPoint,
    AccuracySeries,
    Change,
    Series,
    SpeedPoint,
    SpeedSeries,
    State,
)

if TYPE_CHECKING:
    from sqlite3 import Row

#: What our speed is told beside: the first of these that was timed with it, else a plain copy.
REFERENCES = ("torch", "tensorflow", "tensorflow.function", "jax")

#: The state that was measured, the environment of the run, and one row of it.
Measured = tuple[State, Mapping[str, Any], "Row"]
AnySeries = TypeVar("AnySeries", AccuracySeries, SpeedSeries)


def accuracy_series(
    rows: Iterable[Measured], commits: Commits, implementation: str | None
) -> list[AccuracySeries]:
    """Each implementation's series; of those that could fail a run where ``implementation`` is None.

    ``rows`` are in the order of the commits.
    """
    grouped: dict[Any, list[tuple[State, Row]]] = defaultdict(list)
    subjects = set()
    for state, environment, row in rows:
        setting = accuracy_setting(environment, row["implementation"])
        grouped[row["operation"], row["implementation"], row["dtype"], tuple(setting.items())].append(
            (state, row)
        )
        if row["subject"]:
            subjects.add(row["implementation"])
    found = []
    for (operation, who, dtype, setting), members in grouped.items():
        points = tuple(_accuracy_point(state, of_state[-1]) for state, of_state in _by_state(members))
        changes = accuracy_changes(points, commits.between)
        found.append(AccuracySeries(operation, who, dtype, dict(setting), changes, points))
    shown = subjects if implementation is None else {implementation}
    return [_with_remarks(series, found) for series in found if series.implementation in shown]


def _accuracy_point(state: State, row: Row) -> AccuracyPoint:
    return AccuracyPoint(
        state,
        row["scenarios"],
        {Verdict(name): number for name, number in json.loads(row["verdicts"]).items()},
        math.nan if row["typical"] is None else row["typical"],
        *(row[name] for name in ("budget_ratio", "normwise", "ulp")),
    )


def _with_remarks(series: AccuracySeries, others: Iterable[AccuracySeries]) -> AccuracySeries:
    """Say of a change who else changed there: a framework of the same version does so where the inputs did."""

    def remarked(change: Change) -> Change:
        state = series.points[change.index].state
        moved = {
            other.implementation
            for other in others
            if (other.operation, other.dtype) == (series.operation, series.dtype)
            and other.implementation.partition(".")[0] != series.implementation.partition(".")[0]
            and any(other.points[theirs.index].state.commit == state.commit for theirs in other.changes)
        }
        if not moved:
            return change
        who = ", ".join(sorted(moved))
        return replace(
            change, remark=f"{who} changed there as well: rather the inputs or the truth than the rule"
        )

    return replace(series, changes=tuple(map(remarked, series.changes)))


def speed_series(rows: Iterable[Measured], implementation: str) -> list[SpeedSeries]:
    """The series of ``implementation`` at each size, without their changes; ``rows`` as above."""
    cells: dict[Any, dict[str, Row]] = defaultdict(dict)
    about = {}
    for state, environment, row in rows:
        cell = (row["run"], row["operation"], row["dtype"], row["rows"], row["columns"])
        cells[cell][row["implementation"]] = row
        about[cell] = state, environment
    grouped: dict[Any, list[tuple[State, tuple[Ratio, float]]]] = defaultdict(list)
    for cell, beside in cells.items():
        told = _beside(beside, implementation)
        if told is not None:
            reference, ratio = told
            state, environment = about[cell]
            setting = speed_setting(environment, reference if implementation == OURS else implementation)
            timed = ratio, beside[implementation]["total_s"]
            grouped[cell[1:], reference, tuple(setting.items())].append((state, timed))
    return [
        SpeedSeries(
            operation,
            implementation,
            dtype,
            dict(setting),
            points=tuple(_speed_point(state, timed) for state, timed in _by_state(members)),
            size=(height, width),
            reference=reference,
        )
        for ((operation, dtype, height, width), reference, setting), members in grouped.items()
    ]


def _beside(rows: Mapping[str, Row], implementation: str) -> tuple[str, Ratio] | None:
    """What the time of ``implementation`` is held against in one case, and the ratio."""
    ours = rows.get(implementation)
    if ours is None:
        return None
    figures = ("median", "low", "high", "confidence")
    if implementation != OURS and ours["ratio"]:
        median, low, high = (1 / ours[name] for name in ("ratio", "high", "low"))
        return OURS, Ratio(median, low, high, ours["confidence"])
    for name in REFERENCES:
        if implementation == OURS and name in rows and rows[name]["ratio"]:
            return name, Ratio(*(rows[name]["ratio" if part == "median" else part] for part in figures))
    if ours["of_copy"]:
        slower = 1 / ours["of_copy"]
        return COPY, Ratio(slower, slower, slower, 1.0)
    return None


def _speed_point(state: State, timed: Sequence[tuple[Ratio, float]]) -> SpeedPoint:
    """A changed working tree is another one at every run, so only its last counts."""
    kept = timed[-1:] if state.changed else timed
    return SpeedPoint(state, tuple(ratio for ratio, _ in kept), statistics.median(total for _, total in kept))


Member = TypeVar("Member")


def _by_state(members: Iterable[tuple[State, Member]]) -> list[tuple[State, list[Member]]]:
    """What was measured of each state, the state as its last run left it; without a commit, each run is one."""
    states: dict[Any, tuple[State, list[Member]]] = {}
    for state, member in members:
        key = object() if state.commit is None else state.commit
        _, earlier = states.get(key, (state, []))
        states[key] = state, [*earlier, member]
    return list(states.values())


def chosen(found: Iterable[AnySeries]) -> tuple[list[AnySeries], int]:
    """The newest series of its kind and whatever has a history; and how many points are in none of them."""
    kinds: dict[Any, list[AnySeries]] = defaultdict(list)
    for series in found:
        kinds[_kind(series)].append(series)
    chosen, alone = [], 0
    for alike in kinds.values():
        newest = max(alike, key=lambda series: max(point.state.at for point in series.points))
        kept = [series for series in alike if len(series.points) > 1 or series is newest]
        chosen += kept
        alone += len(alike) - len(kept)
    return chosen, alone


def _kind(series: Series) -> tuple[Any, ...]:
    return series.operation, series.implementation, series.dtype, getattr(series, "size", None)
