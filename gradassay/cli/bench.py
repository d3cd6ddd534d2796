"""``gradassay bench``: speed."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, say


@click.command("bench", short_help="Time the NumPy rules against the frameworks.")
@click.argument("operations", nargs=-1, metavar="[OP]...")
@click.option(
    "--dtype", default="float32", show_default=True, metavar="DTYPE", help="Of float64 and float32."
)
@options.seed(0)
@click.option(
    "--json", "as_json", metavar="FILE", help="Write the figures there as JSON; - is standard output."
)
def bench_command(operations: tuple[str, ...], dtype: str, seed: int, as_json: str | None) -> int:
    """Time forward and pullback of OP (default: all), interleaved in one process, threads pinned."""
    from pathlib import Path

    from gradassay.bench import bench
    from gradassay.cli.measuring import progress
    from gradassay.cli.saving import Destination, write_atomically

    Destination(None, as_json)
    with contextlib.redirect_stdout(sys.stderr), progress() as report:
        result = bench(list(operations) or None, dtype=dtype, seed=seed, progress=report)
    document = result.to_dict()
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    if as_json == "-":
        say(text)
    else:
        if as_json is not None:
            write_atomically(Path(as_json), text)
        say(_table(document))
    return Exit.FINE if document["rows"] else Exit.NOTHING


def _table(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1)
