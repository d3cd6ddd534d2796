"""Committed runs: results.json files, and folders of them, into a ledger in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradassay.errors import UsageError
from gradassay.ledger.recording import insert
from reports.numbers import count

if TYPE_CHECKING:
    from sqlite3 import Connection

_REMEDY = "write it again with gradassay compare --out DIR or gradassay bench --out DIR, or leave it out"


def add(database: Connection, sources: Sequence[str]) -> tuple[str, ...]:
    """Add every run of ``sources``, files or folders (with all below them); notes on what was left out.

    UsageError for a source that is not there, and for a file that is no JSON, no run (unless a folder holds it) or not
    as it should be: names file and remedy.
    """
    other, interrupted = 0, 0
    for source in sources:
        for path, asked in _files(Path(source)):
            document = _document(path)
            if not _is_run(document):
                if asked:
                    raise UsageError(f"{path} is not the results.json of a run or a bench; {_REMEDY}")
                other += 1
            elif document.get("interrupted"):
                interrupted += 1
            else:
                _add(database, document, path)
    left_out = (
        (other, f"{count(other, 'JSON file')} without a run"),
        (interrupted, count(interrupted, "interrupted run")),
    )
    return tuple(f"left out: {what}" for number, what in left_out if number)


def _files(source: Path) -> list[tuple[Path, bool]]:
    """Each file, and whether it was asked for by name."""
    if source.is_dir():
        return [(path, False) for path in sorted(source.rglob("*.json")) if path.is_file()]
    if not source.exists():
        raise UsageError(f"--from {source}: does not exist; name a results.json, or a folder of them")
    return [(source, True)]


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}; {_REMEDY}") from error


def _is_run(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("environment"), dict):
        return False
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "operation" in row for row in rows):
        return False
    return all("verdicts" in row or "size" in row for row in rows)


def _add(database: Connection, document: Any, path: Path) -> None:
    import sqlite3

    try:
        insert(database, document, path.stat().st_mtime)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, sqlite3.Error) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: {what}; {_REMEDY}") from error
