"""The report for a terminal: who differs where, then each discrepancy with its smallest example."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from gradassay.vocabulary import Run, Verdict
from reports.edges import edge_line
from reports.numbers import count
from reports.showing import reasons, show_entry, show_scenario
from reports.summary import Group, Summary
from reports.terminal_tables import mark, table, totals

#: Findings that are shown with their example; --out writes all of them.
FINDINGS_SHOWN = 20
WIDTH_OF_A_FILE = 100


@contextmanager
def on_canvas(stream: TextIO) -> Iterator[Console]:
    """A console whose text goes to ``stream`` at the end, without blanks at the ends of lines."""
    # rich would measure the terminal of standard input for a report that goes to a file
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE
    canvas = StringIO()
    yield Console(file=canvas, width=fixed, force_terminal=True if stream.isatty() else None, highlight=False)
    stream.writelines(f"{line.rstrip()}\n" for line in canvas.getvalue().splitlines())


class TerminalReporter:
    """Readable at 80 columns; colours where the stream is a terminal and NO_COLOR is not set."""

    name = "terminal"
    filename = None

    def write(self, run: Run, stream: TextIO) -> None:
        """Write the report of ``run``."""
        with on_canvas(stream) as console:
            _write(console, run)


def _write(console: Console, run: Run) -> None:
    summary = Summary(run)
    for operation in summary.operations:
        console.print(table(summary, operation), "")
    if run.rows:
        console.print(totals(summary), "")
        _regions(console, summary)
    _edges(console, run)
    _section(console, "Failures", summary.failures, summary, limit=None)
    _section(console, "Findings on the others", summary.findings, summary, limit=FINDINGS_SHOWN)
    _remarks(console, summary)
    _lists(console, summary)
    style = "bold green" if run.ok and not run.interrupted else "bold red"
    console.print(Text.assemble((summary.word, style), f"  {summary.headline}"))


def _regions(console: Console, summary: Summary) -> None:
    layouts = {name: number for name, number in summary.regions.items() if name.startswith("layout: ")}
    regions = {name: number for name, number in summary.regions.items() if name not in layouts}
    for title, counted in (("regions", regions), ("layouts", layouts)):
        if counted:
            text = " · ".join(
                f"{name.removeprefix('layout: ')} {number:,}" for name, number in counted.items()
            )
            console.print(Text(f"{title}: {text}", style="dim"))
    console.print()


def _edges(console: Console, run: Run) -> None:
    """One line an edge: truth first, then each answer with those who give it."""
    if not run.edges:
        return
    console.print(Text("At the edges (float64): primal → gradient", style="bold"))
    for row in run.edges:
        line = edge_line(row)
        text = Text.assemble(
            (line.operation, "bold"), f" {line.region}, {line.title}: ", (line.given, "cyan")
        )
        text.append(f"  truth {line.truth}")
        for answer, who in line.said.items():
            text.append(f" · {', '.join(who)} ")
            text.append(
                "the same" if answer == line.truth else answer, "yellow" if answer in line.failing else ""
            )
        console.print(Padding(text, (0, 0, 0, 2), expand=False))
    console.print()


def _section(
    console: Console, title: str, groups: tuple[Group, ...], summary: Summary, limit: int | None
) -> None:
    if not groups:
        return
    shown = groups if limit is None else groups[:limit]
    showing = "" if len(shown) == len(groups) else f", showing {len(shown)} (--out DIR writes all)"
    console.print(Text(f"{title}: {len(groups)}{showing}", style="bold"))
    for group in shown:
        console.print(Padding(heading(group), (0, 0, 0, 2), expand=False))
        console.print(Padding(_details(group), (0, 0, 1, 4), expand=False))


def heading(group: Group) -> Text:
    """``! torch max wrong: factor 2 (float32 ×3)``."""
    return Text.assemble(
        mark(group.verdict, group.fails),
        (f" {group.implementation} {group.operation}", "bold"),
        f" {group.verdict}",
        (f": {group.cause}" if group.cause else ""),
        (f" ({group.dtypes})", "dim"),
    )


def _details(group: Group) -> Text:
    found = group.first
    lines = [Text(found.message)]
    lines += [Text(f"{name} = {value}", style="cyan") for name, value in show_scenario(found.example)]
    entry = show_entry(found.example)
    if entry:
        lines.append(Text(f"at {entry}"))
    lines += [Text(line) for line in reasons(found)]
    if found.reproduce:
        lines.append(Text(found.reproduce, style="dim"))
    return Text("\n").join(lines)


def _remarks(console: Console, summary: Summary) -> None:
    who: dict[tuple[str, Verdict, str], list[str]] = {}
    for group in summary.remarks:
        who.setdefault((group.operation, group.verdict, group.cause), []).append(group.implementation)
    if who:
        console.print(Text(f"Conventions and the like: {len(who)}", style="bold"))
    for (operation, verdict, cause), names in who.items():
        text = f" {operation} {verdict}{f': {cause}' if cause else ''}"
        line = Text.assemble(mark(verdict, False), text, (f" ({', '.join(names)})", "dim"))
        console.print(Padding(line, (0, 0, 0, 2), expand=False))
    if who:
        console.print()


def _lists(console: Console, summary: Summary) -> None:
    run = summary.run
    if summary.skipped:
        console.print(Text("Skipped", style="bold"))
        for reason, who in summary.skipped.items():
            numbers = ", ".join(f"{name} {number:,}" for name, number in who.items())
            console.print(
                Padding(Text.assemble(reason, (f" ({numbers})", "dim")), (0, 0, 0, 2), expand=False)
            )
        console.print()
    if run.missing:
        console.print(Text("Not installed, so not compared", style="bold"))
        for name, remedy in sorted(run.missing.items()):
            console.print(Padding(Text.assemble((name, "yellow"), f": {remedy}"), (0, 0, 0, 2), expand=False))
        console.print()
    for note in run.notes:
        console.print(Text(f"note: {note}", style="yellow"))
    if run.interrupted:
        console.print(
            Text(
                f"interrupted: this is what was found so far ({count(summary.judged, 'verdict')})",
                style="red",
            )
        )
