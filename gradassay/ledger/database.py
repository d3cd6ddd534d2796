"""The file of the ledger: where it is, what its tables are, and what is said of one that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gradassay.errors import UsageError

if TYPE_CHECKING:
    from sqlite3 import Connection

#: Marks the file as ours (``PRAGMA application_id``): "grad" in ASCII.
APPLICATION = 0x67726164

#: How long a command waits for another one that writes.
PATIENCE_S = 5.0

#: What makes version n + 1 of version n; the version is ``PRAGMA user_version``, and 0 is an empty file.
#: Never change a line that was released, add one.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,   -- of all that follows, so that a run is kept once
        kind TEXT NOT NULL,            -- accuracy or speed
        commit_name TEXT,              -- with + behind it where the working tree was changed
        at REAL NOT NULL,              -- seconds since 1970
        environment TEXT NOT NULL      -- JSON
    );
    CREATE TABLE accuracy (
        run INTEGER NOT NULL REFERENCES runs (id),
        operation TEXT NOT NULL, implementation TEXT NOT NULL, dtype TEXT NOT NULL,
        subject INTEGER NOT NULL,      -- 1 where it could fail the run
        scenarios INTEGER NOT NULL,
        verdicts TEXT NOT NULL,        -- JSON, verdict -> count
        typical REAL, budget_ratio REAL NOT NULL, normwise REAL NOT NULL, ulp REAL NOT NULL
    );
    CREATE TABLE speed (
        run INTEGER NOT NULL REFERENCES runs (id),
        operation TEXT NOT NULL, implementation TEXT NOT NULL, dtype TEXT NOT NULL,
        "rows" INTEGER NOT NULL, "columns" INTEGER NOT NULL,
        forward_s REAL NOT NULL, pullback_s REAL, total_s REAL NOT NULL,
        peak_bytes INTEGER,
        of_copy REAL,                  -- share of the memory-copy limit
        ratio REAL, low REAL, high REAL, confidence REAL  -- time of numpy over that of this implementation
    );
    CREATE INDEX accuracy_of ON accuracy (operation, implementation);
    CREATE INDEX speed_of ON speed (operation, implementation);
    """,
)


def ledger_file() -> Path:
    """Where runs are kept: beside the last one."""
    from gradassay.replay.remembered import last_run

    return last_run().with_name("ledger.sqlite")


@contextmanager
def writing(path: Path) -> Iterator[Connection]:
    """One transaction on the ledger at ``path``, made where there is none: kept whole, or not at all.

    Raises sqlite3.Error or OSError where the file cannot be written, UsageError for a file of a newer version.
    """
    import sqlite3

    path.parent.mkdir(parents=True, exist_ok=True)
    # the lock is asked for at once: a reader that turns writer could be refused without a wait
    with closing(sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            _bring_up_to_date(database, path)
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


def loaded(path: Path | None) -> Connection:
    """A copy in memory of the ledger at ``path`` (None: an empty one), of the present version; the file is only read.

    UsageError for a file that is damaged, of a newer version, or no ledger.
    """
    import sqlite3

    memory = sqlite3.connect(":memory:", isolation_level=None)
    if path is not None:
        try:
            # rw and not ro: what a killed command left half done is undone by whoever opens the file next
            address = f"file:{quote(str(path.absolute()))}?mode=rw"
            with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as database:
                database.backup(memory)
            _intact(memory)
        except sqlite3.Error as error:
            memory.close()
            raise UsageError(
                f"cannot read the ledger {path}: {error}; delete it, or name another one with --db"
            ) from error
    _bring_up_to_date(memory, path or Path(":memory:"))
    return memory


def _intact(database: Connection) -> None:
    import sqlite3

    ((said,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    if said != "ok":
        raise sqlite3.DatabaseError(said.splitlines()[-1])


def _bring_up_to_date(database: Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION:
        raise UsageError(f"{path} is a database, and not a ledger of Gradassay; name another file with --db")
    if version > len(MIGRATIONS):
        raise UsageError(
            f"the ledger {path} has version {version}, and this Gradassay knows up to {len(MIGRATIONS)}; "
            "upgrade Gradassay, or name another file with --db"
        )
    if version < len(MIGRATIONS):
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):  # executescript would commit first
                if statement.strip():
                    database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
