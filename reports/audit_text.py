"""An audit for a terminal: a table of the checkers, what survived, and false alarms."""

from __future__ import annotations

import io
from collections.abc import Iterator
from operator import attrgetter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradassay.vocabulary.audit import Audit
from reports.audit_summary import AuditSummary, Line
from reports.numbers import count, short


def text(audit: Audit, *, coloured: bool, width: int = 110) -> str:
    """The whole report."""
    summary = AuditSummary(audit)
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=coloured, no_color=not coloured, highlight=False
    )
    console.print(_table(summary))
    for line in _lines(summary):
        console.print(line, soft_wrap=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _table(summary: AuditSummary) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("checker")
    table.add_column("inputs", no_wrap=True)
    for header in ("found", "alarms", "rules alarmed", "median inputs", "median time"):
        table.add_column(header, justify="right", no_wrap=True)
    for line in summary.lines:
        table.add_row(line.checker.name, line.checker.inputs, *_cells(line))
    return table


def _cells(line: Line) -> Iterator[Text]:
    share = f"{line.found}/{line.defects} {short(100 * line.rate, 3)} %"
    yield Text(share, "green" if line.found == line.defects else "red")
    alarms = line.alarms
    yield Text(f"{alarms.rejected:,}/{alarms.inputs:,}", "red" if alarms.rejected else "green")
    yield Text(f"{len(alarms.alarmed)}/{len(alarms.rules)}")
    yield Text("-" if line.inputs is None else short(line.inputs))
    yield Text("-" if line.seconds is None else duration(line.seconds))


def duration(seconds: float) -> str:
    """``12.3 ms``, ``4.56 s``."""
    return f"{short(seconds * 1e3)} ms" if seconds < 1 else f"{short(seconds)} s"


def _lines(summary: AuditSummary) -> Iterator[Text]:
    audit = summary.audit
    for name, remedy in audit.missing.items():
        yield Text.assemble(("not asked", "yellow"), f": {name}: {remedy}")
    for each in summary.survivors:
        yield Text.assemble(("survived", "bold red"), f": {each.name}: {each.mistake}; shows {each.shows}")
    for example in summary.ours.alarms.examples:
        yield Text.assemble(("false alarm", "bold red"), f": {example}")
    for each in summary.mistaken:
        got = f"{each.leading}" if each.leading else "nothing failing"
        yield Text.assemble(("other verdict", "yellow"), f": {each.name}: {got}, expected {each.expected}")
    for told in summary.unproven:
        yield Text.assemble(("not proven", "bold red"), f": {told}")
    if audit.frameworks:
        failing, proven, scenarios = (
            sum(map(attrgetter(name), audit.frameworks)) for name in ("failing", "proven", "scenarios")
        )
        yield Text(
            f"frameworks: {proven:,} of {count(failing, 'failing verdict')} in {scenarios:,} scenarios proven"
        )
    matched, counted = summary.matched
    if counted:
        yield Text(f"expected verdict: {matched} of {count(counted, 'defect')}")
    word, style = (
        ("INTERRUPTED", "bold yellow")
        if audit.interrupted
        else ("PASSED", "bold green")
        if summary.ok
        else ("FAILED", "bold red")
    )
    ours = summary.ours
    yield Text.assemble(
        (word, style),
        f"  {ours.found} of {count(ours.defects, 'defect')} found, "
        f"{count(ours.alarms.rejected, 'false alarm')} in {count(ours.alarms.inputs, 'scenario')}, "
        f"{duration(audit.seconds)}",
    )
