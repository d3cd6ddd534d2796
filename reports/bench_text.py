"""A bench in a terminal of 120 columns."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradassay.vocabulary.bench import OURS, BenchResult, BenchRow
from reports.bench_figures import (
    conditions,
    duration,
    failures,
    interval,
    memory,
    operations,
    others,
    share,
    size,
    standing,
    times,
)

WIDTH = 120
_STYLES = {"quicker": "green", "alike": "", "slower": "yellow", "too slow": "red"}
_LEGEND = (
    "numpy: our forward and pullback of one call, the MiB that it needs at its peak beyond its arguments, and its "
    "share of the speed of a copy of what has to be moved. Then our time over theirs, below 1 ours is quicker, with "
    "its interval."
)


def text(result: BenchResult, *, coloured: bool = False) -> str:
    """One line a row: ours, then the ratio to each other implementation."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=WIDTH, force_terminal=coloured, no_color=not coloured, highlight=False
    )
    if result.rows:
        console.print(_table(result))
        console.print(_LEGEND)
    for line in conditions(result) if result.rows else ():
        console.print(line, markup=False)
    for line in failures(result):
        console.print(line, markup=False)
    for name, remedy in result.missing.items():
        console.print(f"not timed: {name}: {remedy}", markup=False)
    if result.interrupted:
        console.print("interrupted: these are the rows that were finished")
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _table(result: BenchResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("operation", no_wrap=True)
    for header in ("size", "numpy", "MiB", "copy"):
        table.add_column(header, justify="right", no_wrap=True)
    names = others(result)
    for name in names:
        table.add_column({"tensorflow.function": "tf.function"}.get(name, name), no_wrap=True)
    for operation in operations(result):
        rows = [row for row in result.rows if row.operation == operation]
        for row in rows:
            ours = row.seconds[OURS]
            table.add_row(
                operation if row is rows[0] else "",
                size(row),
                duration(ours.total_s),
                memory(ours.peak_bytes),
                share(ours.of_copy),
                *(_ratio(row, name) for name in names),
            )
    return table


def _ratio(row: BenchRow, name: str) -> Text:
    if name not in row.ratios:
        return Text("cannot" if name in row.failed else "", style="dim")
    ratio = row.ratios[name]
    return Text.assemble(
        (f"{times(ratio.median):>4}", _STYLES[standing(ratio)]), " ", (interval(ratio), "dim")
    )
