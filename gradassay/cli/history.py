"""``gradassay history``: accuracy and speed, commit by commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import coloured, note, say

if TYPE_CHECKING:
    from sqlite3 import Connection


def _measured(column: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Completes what there is any row of."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        from gradassay.errors import UsageError
        from gradassay.ledger.querying import names

        try:
            database, _ = _gathered(ctx.params.get("db_file"), ctx.params.get("sources") or ())
        except UsageError:
            return []
        return [name for name in names(database, column) if name.startswith(incomplete)]

    return complete


@click.command("history", short_help="Accuracy and speed by commit, and the first commit of a change.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=_measured("operation"))
@click.option(
    "--implementation",
    metavar="NAME",
    callback=options.not_empty,
    shell_complete=_measured("implementation"),
    help="That of this one (default: ours, and rules that were verified).",
)
@click.option(
    "--dtype",
    metavar="DTYPE",
    callback=options.not_empty,
    shell_complete=_measured("dtype"),
    help="Only this one of float64, float32, float16, bfloat16.",
)
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE|DIR",
    help="Over results.json files, or folders of them, and not over the ledger unless --db names it as well.",
)
@click.option(
    "--db",
    "db_file",
    metavar="FILE",
    callback=options.not_empty,
    help="The ledger (default: ledger.sqlite in the cache folder).",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="Show the last N commits of each figure; those before count as well.",
)
@options.json
@click.option(
    "--plot",
    "plot_file",
    metavar="FILE.svg",
    callback=options.not_empty,
    help="Draw it there; needs matplotlib.",
)
def history_command(
    operations: tuple[str, ...],
    implementation: str | None,
    dtype: str | None,
    sources: tuple[str, ...],
    db_file: str | None,
    limit: int,
    json_to: str | None,
    plot_file: str | None,
) -> int:
    """Show how accurate and how fast OP (default: all) was at each commit, and name the commits that changed it.

    Every compare, check, verify and bench that was not interrupted is kept in the ledger.

    \b
    gradassay history softmax --dtype float64
    gradassay history --from runs/ --plot history.svg
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.saving import Destination, write_atomically
    from gradassay.ledger.commits import Commits
    from gradassay.ledger.querying import Wanted, history
    from reports.history_json import as_json
    from reports.history_text import text

    destination = Destination(None, json_to)
    if "" in sources:
        fail("--from is empty; name a results.json, or a folder of them")
    database, notes = _gathered(db_file, sources)
    found = history(database, Commits(Path.cwd()), Wanted(operations, implementation, dtype)).last(limit)
    for words in notes:
        note(words)
    if not found.operations:
        note(_nothing(sources, db_file))
        return Exit.NOTHING
    if plot_file is not None:
        from reports.history_plot import plot

        write_atomically(Path(plot_file), plot(found))
    if json_to is not None:
        destination.write_json(
            json.dumps(as_json(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        )
    if not destination.json_on_stdout:
        say(text(found, coloured=coloured()))
    return Exit.FINE


def _gathered(db_file: str | None, sources: Iterable[str]) -> tuple[Connection, tuple[str, ...]]:
    """Ledger and files in one database in memory, so that all is asked in one way; and notes."""
    from gradassay.ledger.database import ledger_file, loaded
    from gradassay.ledger.sources import add

    sources = tuple(sources)
    path = None
    if db_file is not None:
        path = Path(db_file)
        if not path.is_file():
            fail(f"--db {db_file}: there is no such file; leave it out for the ledger of your cache folder")
    elif not sources and ledger_file().is_file():
        path = ledger_file()
    database = loaded(path)
    return database, add(database, sources)


def _nothing(sources: tuple[str, ...], db_file: str | None) -> str:
    where = ", ".join([*sources, *([db_file] if db_file else [])]) or "the ledger"
    return (
        f"{where} holds no run of that: run gradassay compare or gradassay bench, "
        "or name results.json files of earlier ones with --from"
    )
