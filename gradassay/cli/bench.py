"""``gradassay bench``: speed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit
from gradassay.cli.output import coloured, ours_alone, say

if TYPE_CHECKING:
    from rich.text import Text

    from gradassay.bench import BenchResult, BenchRow

#: Beyond this ratio a rule of ours is too slow (the project's own bound).
TOO_SLOW = 2.0


@click.command("bench", short_help="Time the NumPy rules against the frameworks.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@click.option(
    "--dtype", default="float32", show_default=True, metavar="DTYPE", help="Of float64 and float32."
)
@options.seed(0, "The same seed gives the same inputs.")
@click.option(
    "--json",
    "as_json",
    metavar="FILE",
    callback=options.not_empty,
    help="Write the figures there as JSON; - is standard output.",
)
def bench_command(operations: tuple[str, ...], dtype: str, seed: int, as_json: str | None) -> int:
    """Time forward and pullback of OP (default: all), interleaved in one process, threads pinned."""
    from gradassay.bench import bench
    from gradassay.cli.measuring import progress
    from gradassay.cli.saving import Destination

    destination = Destination(None, as_json)
    with ours_alone(), progress() as report:
        result = bench(
            list(operations) or None,
            dtype=dtype,
            seed=seed,
            progress=lambda done, total, label: report(label, done, total),
        )
    text = json.dumps(result.to_dict(), indent=1, allow_nan=False) + "\n"
    destination.write_json(text)
    if not destination.json_on_stdout:
        say(_report(result))
    return Exit.FINE if result.rows else Exit.NOTHING


def _report(result: BenchResult) -> str:
    """Ours forward and in total, then for each framework its total and the ratio with its interval."""
    import io

    from rich.console import Console
    from rich.table import Table

    others = list(dict.fromkeys(name for row in result.rows for name in (*row.ratios, *row.failed)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("operation", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("numpy y", justify="right", no_wrap=True)
    table.add_column("y, x_bar", justify="right", no_wrap=True)
    for name in others:
        table.add_column(f"{name}: y, x_bar; ratio", min_width=22)
    for row in result.rows:
        ours = row.seconds["numpy"]
        cells = [_cell(row, name) for name in others]
        size = "×".join(str(side) for side in row.size)
        table.add_row(row.operation, size, _time(ours.forward_s), _time(ours.total_s), *cells)
    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=coloured(), highlight=False)
    console.print(table)
    threads = "; ".join(f"{who}: {what}" for who, what in result.environment["threads"].items())
    console.print(
        f"ratio: our time over theirs, below 1 ours is quicker, with its interval. {threads}",
        markup=False,
    )
    for name, remedy in result.missing.items():
        console.print(f"not timed: {name}: {remedy}", markup=False)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _cell(row: BenchRow, name: str) -> Text:
    from rich.text import Text

    from reports.numbers import short

    if name in row.failed:
        return Text(row.failed[name], style="yellow")
    if name not in row.ratios:
        return Text("")
    ratio = row.ratios[name]
    style = "red" if ratio.median > TOO_SLOW else "green" if ratio.high < 1 else ""
    interval = f"[{short(ratio.low, 2)}, {short(ratio.high, 2)}]"
    return Text.assemble(
        f"{_time(row.seconds[name].total_s):>8} ", (short(ratio.median, 2), style), f" {interval}"
    )


def _time(seconds: float) -> str:
    """``12.3 µs``, ``4.56 ms``."""
    value, unit = (seconds * 1e6, "µs") if seconds < 1e-3 else (seconds * 1e3, "ms")
    return f"{value:.{0 if value >= 100 else 1}f} {unit}"
