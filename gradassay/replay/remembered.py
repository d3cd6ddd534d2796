"""The last run, remembered; and a discrepancy of it, or of any results.json, found by its id."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradassay.atomic import write_whole
from gradassay.errors import UsageError
from gradassay.replay.documents import discrepancy, document, readable
from gradassay.vocabulary import Discrepancy, Run

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
    from reports import results_json

    with suppress(OSError, TypeError, ValueError):
        path, text = last_run(), json.dumps(results_json.document(run), allow_nan=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)


def ids(source: str | None = None) -> tuple[str, ...]:
    """The ids in a results.json (or the folder that holds it); by default of the last run."""
    return tuple(_entries(document(_path(source)), _path(source)))


def recorded(name: str, source: str | None = None) -> Recorded:
    """The discrepancy whose id is ``name``, or begins so if no other one does.

    UsageError for an id that is not there or not the only one, and for a file that is not there or not as it should
    be: names file, key and remedy.
    """
    path = _path(source)
    whole = document(path)
    entries = _entries(whole, path)
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
    environment = whole.get("environment") or {}
    with readable(path, where):
        # what a rule of the caller's was held against need not be what the catalogue calls so
        operation = environment.get("like") if "rule" in environment else row["operation"]
        found = discrepancy(entry, row, operation)
        return Recorded(found, row["operation"], row["implementation"], environment)


def _path(source: str | None) -> Path:
    if source is None:
        return last_run()
    return Path(source) / "results.json" if Path(source).is_dir() else Path(source)


def _entries(whole: Any, path: Path) -> dict[str, tuple[Any, Any, str]]:
    """id -> its row, its entry, and where in the file that stands."""
    found = {}
    with readable(path, "rows"):
        for i, row in enumerate(whole["rows"]):
            for j, entry in enumerate(row["discrepancies"]):
                found[entry["id"]] = row, entry, f"rows[{i}].discrepancies[{j}]"
    return found
