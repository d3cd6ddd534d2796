"""Runs into the ledger, from the command that made them or from a results.json: rows, and no arrays."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradassay.errors import UsageError
from gradassay.ledger.database import ledger_file, writing
from gradassay.vocabulary import Run
from gradassay.vocabulary.bench import OURS, BenchResult

if TYPE_CHECKING:
    from sqlite3 import Connection

_ACCURACY = (
    "operation, implementation, dtype, subject, scenarios, verdicts, typical, budget_ratio, normwise, ulp"
)
_SPEED = (
    'operation, implementation, dtype, "rows", "columns", forward_s, pullback_s, total_s, peak_bytes, of_copy, '
    "ratio, low, high, confidence"
)


def record(run: Run) -> None:
    """Keep the rows of ``run``; that they cannot be kept is nobody's concern, and no interrupted run is."""
    from reports.results_json import document

    plain = replace(run, rows=tuple(replace(row, discrepancies=()) for row in run.rows), edges=())
    if not run.interrupted and run.rows:
        _keep(lambda: document(plain))


def record_bench(result: BenchResult) -> None:
    """The same of a bench."""
    if not result.interrupted and result.rows:
        _keep(result.to_dict)


def insert(database: Connection, document: Mapping[str, Any], at: float) -> bool:
    """Add the results.json of a run or of a bench; False where it is there already.

    KeyError, TypeError, ValueError, AttributeError or sqlite3.Error for a document that is not as it should be.
    """
    kind, columns, of_row = (
        ("speed", _SPEED, _speed) if is_bench(document) else ("accuracy", _ACCURACY, _accuracy)
    )
    rows = [line for row in document["rows"] for line in of_row(row, document)]
    environment = dict(document["environment"])
    content = json.dumps([kind, environment, rows, document.get("seconds")], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    added = database.execute(
        "INSERT OR IGNORE INTO runs (digest, kind, commit_name, at, environment) VALUES (?, ?, ?, ?, ?)",
        (digest, kind, environment.get("commit"), at, json.dumps(environment)),
    )
    if added.rowcount != 1:
        return False
    marks = ", ".join("?" * (columns.count(",") + 2))
    database.executemany(
        f"INSERT INTO {kind} (run, {columns}) VALUES ({marks})", [(added.lastrowid, *row) for row in rows]
    )
    return True


def is_bench(document: Mapping[str, Any]) -> bool:
    """Whether it is the results.json of ``gradassay bench``: its rows have sizes."""
    return any("size" in row for row in document["rows"])


def _keep(make: Any) -> None:
    import sqlite3

    with suppress(sqlite3.Error, OSError, UsageError, TypeError, ValueError, KeyError, AttributeError):
        document = make()
        if "rule" in document["environment"]:  # the caller's: its commit is that of their repository
            from gradassay.ledger.commits import head

            document["environment"] |= {"commit": head(Path.cwd())}
        with writing(ledger_file()) as database:
            insert(database, document, time.time())


def _accuracy(row: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    worst = [float(row["worst"][name]) for name in ("budget_ratio", "normwise", "ulp")]
    typical = row.get("typical")  # not there in files of earlier versions
    yield (
        *(row[name] for name in ("operation", "implementation", "dtype")),
        int(row["implementation"] in document.get("subjects", (OURS,))),
        int(row["scenarios"]),
        json.dumps(row["verdicts"], sort_keys=True),
        None if typical is None else float(typical),
        *worst,
    )


def _speed(row: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    rows, columns = (int(side) for side in row["size"])
    for implementation, timing in row["seconds"].items():
        ratio = row["ratios"].get(implementation) or {}
        yield (
            *(row["operation"], implementation, row["dtype"], rows, columns),
            *(float(timing["forward_s"]), _number(timing.get("pullback_s")), float(timing["total_s"])),
            *(timing.get("peak_bytes"), _number(timing.get("of_copy"))),
            *(_number(ratio.get(name)) for name in ("median", "low", "high", "confidence")),
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
