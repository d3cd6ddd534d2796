"""A results.json read back: the document, its discrepancies, and the run that it was written from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.orders import is_name
from gradassay.replay.scenarios import decoded
from gradassay.vocabulary import Discrepancy, Example, Row, Run, Verdict, Vote, Witness, Worst


def document(path: Path) -> dict[str, Any]:
    """The document at ``path``; UsageError names file and remedy where it is not one that reports write."""
    from reports.results_json import SCHEMA

    again = "write it with: gradassay compare --out DIR"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "run gradassay compare first, or name a results.json with --from"
        raise UsageError(f"{path} does not exist; {remedy}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}; {again}") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        schema = found.get("schema") if isinstance(found, dict) else None
        raise UsageError(f"{path}: schema is {schema!r} and has to be {SCHEMA}; {again}")
    return found


@contextmanager
def readable(path: Path, where: str) -> Iterator[None]:
    """UsageError that names file and key for whatever a file that is not as it should be leads to."""
    try:
        yield
    except UsageError:  # says so already
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        remedy = "write it again with: gradassay compare --out DIR"
        raise UsageError(f"{path}: {where}: {what}; {remedy}") from error


def discrepancy(entry: Any, row: Any, like: str | None) -> Discrepancy:
    """The discrepancy that ``entry`` of ``row`` tells; ``like`` is the operation that it was held against."""
    return Discrepancy(
        id=entry["id"],
        verdict=Verdict(entry["verdict"]),
        cause=entry["cause"],
        dtype=row["dtype"],
        count=entry["count"],
        example=_example(entry["example"], row, like),
        message=entry["message"],
        reproduce=entry["reproduce"],
        found=entry.get("found") or "",
    )


def run_of(path: Path, stored: Mapping[str, Witness]) -> Run:
    """The run of the catalogue at ``path``, as far as a gate asks: its rows, and votes on ``stored`` witnesses.

    UsageError for a file that is no such run: names file, key and remedy.
    """
    found = document(path)
    environment = found.get("environment") or {}
    if "rule" in environment:
        raise UsageError(f"{path} is of a rule of your own; name a results.json of gradassay check")
    with readable(path, "rows"):
        rows = tuple(_row(path, i, row) for i, row in enumerate(found["rows"]))
    with readable(path, "witnesses"):
        replayed = tuple(
            _replayed(each, stored) for each in found.get("witnesses", ()) if each["id"] in stored
        )
    with readable(path, "environment"):
        return Run(
            rows,
            subjects=tuple(found["subjects"]),
            environment=dict(environment),
            missing=dict(found["missing"]),
            replayed=replayed,
            interrupted=bool(found["interrupted"]),
        )


def _row(path: Path, i: int, row: Any) -> Row:
    found = []
    with readable(path, f"rows[{i}]"):
        entries = list(row["discrepancies"])
    for j, entry in enumerate(entries):
        with readable(path, f"rows[{i}].discrepancies[{j}]"):
            found.append(discrepancy(entry, row, row["operation"]))
    with readable(path, f"rows[{i}]"):
        if row["dtype"] not in FORMATS:
            raise ValueError(f"unknown dtype {row['dtype']!r}")
        if not is_name(row["operation"]):
            raise ValueError(f"{row['operation']!r} is no name of an operation")
        return Row(
            row["operation"],
            row["implementation"],
            row["dtype"],
            int(row["scenarios"]),
            skipped=dict(row["skipped"]),
            verdicts={Verdict(name): int(number) for name, number in row["verdicts"].items()},
            worst=Worst(*(_given(row["worst"], name) for name in ("budget_ratio", "ulp", "normwise"))),
            typical=_given(row, "typical"),
            typical_by_region={
                region: _error(f"the typical error of {region}", value)
                for region, value in row["typical_by_region_hex"].items()
            },
            regions={region: int(number) for region, number in row["regions"].items()},
            discrepancies=tuple(found),
        )


def _replayed(entry: Any, stored: Mapping[str, Witness]) -> Witness:
    then = stored[entry["id"]]
    votes = {
        who: Vote(
            Verdict(vote["verdict"]), vote["cause"], {name: float(e) for name, e in vote["errors"].items()}
        )
        for who, vote in entry["votes"].items()
    }
    return Witness(then.id, then.scenario, then.shows, votes)


def _example(encoded: Any, row: Any, operation: str | None) -> Example:
    scenario = decoded(encoded, row["operation"], row["dtype"], operation)
    index = None if encoded["index"] is None else tuple(int(i) for i in encoded["index"])
    numbers = (_number(encoded, name) for name in ("expected", "got", "budget"))
    return Example(scenario, encoded["path"], index, *numbers)


def _number(encoded: Any, name: str) -> float | None:
    return None if encoded[name] is None else float.fromhex(encoded[f"{name}_hex"])


def _given(encoded: Any, name: str) -> float:
    return _error(name, encoded[f"{name}_hex"])


def _error(name: str, encoded: str) -> float:
    value = float.fromhex(encoded)
    if not value >= 0:
        raise ValueError(f"{name} is {value}, and has to be a number from 0")
    return value
