"""The last run, remembered; and a discrepancy of it, or of any results.json, found by its id."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradassay.atomic import write_whole
from gradassay.errors import UsageError
from gradassay.replay.scenarios import decoded
from gradassay.vocabulary import Discrepancy, Example, Run, Verdict

#: Folder of what is remembered, where it is not the user's cache.
CACHE = "GRADASSAY_CACHE"


@dataclass(frozen=True, eq=False)
class Recorded:
    """A discrepancy as a run left it."""

    found: Discrepancy
    operation: str
    implementation: str
    environment: Mapping[str, Any]


def last_run() -> Path:
    """Where the last run is remembered."""
    if os.environ.get(CACHE):
        return Path(os.environ[CACHE]) / "last.json"
    from platformdirs import user_cache_path  # only who remembers or replays pays for the import

    return user_cache_path("gradassay") / "last.json"


def remember(run: Run) -> None:
    """Keep ``run`` for ``gradassay replay``, whole or not at all; that it cannot be kept is nobody's concern."""
    from reports.results_json import document

    with suppress(OSError, TypeError, ValueError):
        path, text = last_run(), json.dumps(document(run), allow_nan=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)


def ids(source: str | None = None) -> tuple[str, ...]:
    """The ids in a results.json (or the folder that holds it); by default of the last run."""
    return tuple(_entries(_document(_path(source)), _path(source)))


def recorded(name: str, source: str | None = None) -> Recorded:
    """The discrepancy whose id is ``name``, or begins so if no other one does.

    UsageError for an id that is not there or not the only one, and for a file that is not there or not as it should
    be: names file, key and remedy.
    """
    path = _path(source)
    document = _document(path)
    entries = _entries(document, path)
    chosen = [name] if name in entries else [known for known in entries if known.startswith(name)]
    if not entries:
        raise UsageError(f"{path} holds no discrepancy: everything agreed")
    if len(chosen) > 1:
        raise UsageError(f"{name!r} begins {len(chosen)} ids of {path}: {', '.join(chosen)}; give more of it")
    if not chosen:
        from difflib import get_close_matches

        close = get_close_matches(name, entries, n=3, cutoff=0.3) or list(entries)[:3]
        raise UsageError(f"no discrepancy {name!r} in {path}; closest: {', '.join(close)}")
    row, entry, where = entries[chosen[0]]
    environment = document.get("environment") or {}
    with _readable(path, where):
        # what a rule of the caller's was held against need not be what the catalogue calls so
        operation = environment.get("like") if "rule" in environment else row["operation"]
        example = _example(entry["example"], row, operation)
        found = Discrepancy(
            id=chosen[0],
            verdict=Verdict(entry["verdict"]),
            cause=entry["cause"],
            dtype=row["dtype"],
            count=entry["count"],
            example=example,
            message=entry["message"],
            reproduce=entry["reproduce"],
            found=entry.get("found") or "",
        )
        return Recorded(found, row["operation"], row["implementation"], environment)


def _path(source: str | None) -> Path:
    if source is None:
        return last_run()
    return Path(source) / "results.json" if Path(source).is_dir() else Path(source)


def _document(path: Path) -> Any:
    from reports.results_json import SCHEMA

    again = "write it with: gradassay compare --out DIR"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "run gradassay compare first, or name a results.json with --from"
        raise UsageError(f"{path} does not exist; {remedy}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}; {again}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        schema = document.get("schema") if isinstance(document, dict) else None
        raise UsageError(f"{path}: schema is {schema!r} and has to be {SCHEMA}; {again}")
    return document


def _entries(document: Any, path: Path) -> dict[str, tuple[Any, Any, str]]:
    """id -> its row, its entry, and where in the file that stands."""
    found = {}
    with _readable(path, "rows"):
        for i, row in enumerate(document["rows"]):
            for j, entry in enumerate(row["discrepancies"]):
                found[entry["id"]] = row, entry, f"rows[{i}].discrepancies[{j}]"
    return found


@contextmanager
def _readable(path: Path, where: str) -> Iterator[None]:
    """UsageError that names file and key for whatever a file that is not as it should be leads to."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        remedy = "write it again with: gradassay compare --out DIR"
        raise UsageError(f"{path}: {where}: {what}; {remedy}") from error


def _example(encoded: Any, row: Any, operation: str | None) -> Example:
    scenario = decoded(encoded, row["operation"], row["dtype"], operation)
    index = None if encoded["index"] is None else tuple(int(i) for i in encoded["index"])
    numbers = (_number(encoded, name) for name in ("expected", "got", "budget"))
    return Example(scenario, encoded["path"], index, *numbers)


def _number(encoded: Any, name: str) -> float | None:
    return None if encoded[name] is None else float.fromhex(encoded[f"{name}_hex"])
