"""From rows of the ledger to series: states in the order of the commits, and only comparable figures in one series."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gradassay.bench_vocabulary import OURS, Ratio
from gradassay.errors import UsageError
from gradassay.history_vocabulary import (
    COPY,
    AccuracyPoint,
    AccuracySeries,
    Change,
    History,
    Series,
    SpeedPoint,
    SpeedSeries,
    State,
)
from gradassay.ledger.changes import accuracy_changes, speed_changes
from gradassay.ledger.commits import Commits
from gradassay.ledger.settings import accuracy_setting, speed_setting
from gradassay.vocabulary import Verdict

if TYPE_CHECKING:
    from sqlite3 import Connection, Row

#: What our speed is told beside: the first of these that was timed with it, else a plain copy.
REFERENCES = ("torch", "tensorflow", "tensorflow.function", "jax")

#: Chance that ``gradassay history`` names any change of speed where nothing changed.
FALSE_RATE = 0.01

#: The state that was measured, the environment of the run, and one row of it.
Measured = tuple[State, Mapping[str, Any], "Row"]
AnySeries = TypeVar("AnySeries", AccuracySeries, SpeedSeries)


class Wanted(NamedTuple):
    """What was asked for; None and () are all."""

    operations: Sequence[str] = ()
    implementation: str | None = None
    """None: whatever can fail a run, which is ours and what ``gradassay verify`` was given."""
    dtype: str | None = None


def history(database: Connection, commits: Commits, wanted: Wanted) -> History:
    """Every series that was asked for, with its changes.

    UsageError for an operation, an implementation or a dtype that no run has measured, with the closest name.
    """
    import sqlite3

    database.row_factory = sqlite3.Row
    _refuse_unknown(database, wanted)
    runs, elsewhere = _runs(database, commits)
    accuracy, alone = _chosen(_accuracy(_rows(database, "accuracy", runs, wanted), commits, wanted))
    timed, timed_alone = _chosen(
        _speed(_rows(database, "speed", runs, wanted), wanted.implementation or OURS)
    )
    rate = FALSE_RATE / max(1, sum(len(series.points) > 1 for series in timed))
    speed = (
        replace(series, changes=speed_changes(series.points, commits.between, rate, series.reference))
        for series in timed
    )
    notes = (
        (elsewhere, "runs of commits that HEAD does not descend from"),
        (
            alone + timed_alone,
            "figures that nothing newer compares with: other versions, seeds or processors",
        ),
    )
    told = tuple(f"left out: {count:,} {what}" for count, what in notes if count)
    states = dict.fromkeys(state.name for state, _ in runs.values())
    return History(tuple(accuracy), tuple(speed), FALSE_RATE, tuple(states), told)


def names(database: Connection, column: str) -> tuple[str, ...]:
    """The operations, implementations or dtypes that there is any row of."""
    found = database.execute(f"SELECT {column} FROM accuracy UNION SELECT {column} FROM speed ORDER BY 1")
    return tuple(row[0] for row in found)


def _refuse_unknown(database: Connection, wanted: Wanted) -> None:
    asked = [("operation", name) for name in wanted.operations]
    asked += [(column, name) for column in ("implementation", "dtype") if (name := getattr(wanted, column))]
    for column, name in asked:
        known = names(database, column)
        if known and name not in known:
            raise UsageError.unknown(f"{column} in the ledger", name, known)


def _runs(database: Connection, commits: Commits) -> tuple[dict[int, tuple[State, Mapping[str, Any]]], int]:
    """Each run's state and environment, in the order of the commits; and how many are of other branches."""
    found, elsewhere = [], 0
    for run in database.execute("SELECT id, commit_name, at, environment FROM runs ORDER BY at, id"):
        state = commits.named(State(run["commit_name"], run["at"]))
        if commits.on_another_branch(state):
            elsewhere += 1
        else:
            found.append((run["id"], state, json.loads(run["environment"])))
    found.sort(key=lambda run: commits.order(run[1]))
    # runs of one commit stand together, also where git does not know it and others were measured in between
    first: dict[Any, int] = {}
    for name, state, _ in found:
        first.setdefault(_key(state, name), len(first))
    found.sort(key=lambda run: first[_key(run[1], run[0])])
    return {name: (state, environment) for name, state, environment in found}, elsewhere


def _key(state: State, run: int) -> str | int:
    return run if state.commit is None else state.commit


def _rows(
    database: Connection,
    table: str,
    runs: Mapping[int, tuple[State, Mapping[str, Any]]],
    wanted: Wanted,
) -> list[Measured]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in database.execute(f"SELECT * FROM {table} ORDER BY rowid"):
        if (not wanted.operations or row["operation"] in wanted.operations) and wanted.dtype in (
            None,
            row["dtype"],
        ):
            rows[row["run"]].append(row)
    return [(*about, row) for run, about in runs.items() for row in rows[run]]


def _accuracy(rows: Iterable[Measured], commits: Commits, wanted: Wanted) -> list[AccuracySeries]:
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
    for (operation, implementation, dtype, setting), members in grouped.items():
        points = tuple(_accuracy_point(state, of_state[-1]) for state, of_state in _by_state(members))
        changes = accuracy_changes(points, commits.between)
        found.append(AccuracySeries(operation, implementation, dtype, dict(setting), changes, points))
    shown = subjects if wanted.implementation is None else {wanted.implementation}
    return [_with_remarks(series, found) for series in found if series.implementation in shown]


def _accuracy_point(state: State, row: Row) -> AccuracyPoint:
    return AccuracyPoint(
        state,
        row["scenarios"],
        {Verdict(name): count for name, count in json.loads(row["verdicts"]).items()},
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


def _speed(rows: Iterable[Measured], implementation: str) -> list[SpeedSeries]:
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


def _chosen(found: Iterable[AnySeries]) -> tuple[list[AnySeries], int]:
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
