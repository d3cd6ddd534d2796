"""The one way to ask the ledger: rows in the order of the commits, their series, and the changes of these."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gradassay.errors import UsageError
from gradassay.ledger.changes import fewest_runs, speed_changes
from gradassay.ledger.commits import Commits
from gradassay.ledger.series import Measured, accuracy_series, chosen, speed_series
from gradassay.vocabulary.bench import OURS
from gradassay.vocabulary.history import History, State
from reports.numbers import count

if TYPE_CHECKING:
    from sqlite3 import Connection, Row

#: Chance that ``gradassay history`` names any change of speed where nothing changed.
FALSE_RATE = 0.01


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
    judged, measured = (_rows(database, table, runs, wanted) for table in ("accuracy", "speed"))
    accuracy, alone = chosen(accuracy_series(judged, commits, wanted.implementation))
    timed, timed_alone = chosen(speed_series(measured, wanted.implementation or OURS))
    rate = FALSE_RATE / max(1, sum(len(series.points) > 1 for series in timed))
    speed = (
        replace(series, changes=speed_changes(series.points, commits.between, rate, series.reference))
        for series in timed
    )
    alone += timed_alone
    left_out = (
        (elsewhere, f"{count(elsewhere, 'run')} of commits that HEAD does not descend from"),
        (
            alone,
            f"{count(alone, 'figure')} that nothing newer compares with: other versions, seeds or processors",
        ),
    )
    told = tuple(f"left out: {what}" for number, what in left_out if number)
    states = dict.fromkeys(state.name for state, _ in runs.values())
    fewest = fewest_runs(max((len(series.points) for series in timed), default=0), rate)
    return History(tuple(accuracy), tuple(speed), FALSE_RATE, fewest, tuple(states), told)


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
