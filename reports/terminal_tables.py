"""The tables of the report for a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from gradassay.vocabulary import Row, Verdict
from reports.numbers import short
from reports.summary import Summary, agreeing, remarkable

#: So that four dtypes fit into 80 columns.
_ABRIDGED = {Verdict.CONVENTION: "conv."}
#: Short enough for all of them beside the longest implementation in 100 columns.
_HEADERS = {
    Verdict.SUBGRADIENT: "subgr.",
    Verdict.CONVENTION: "conv.",
    Verdict.UNDEFINED: "undef.",
    Verdict.INCONCLUSIVE: "inconcl.",
    Verdict.IMPRECISE: "imprec.",
    Verdict.NONFINITE: "nonfin.",
    Verdict.STRUCTURE: "struct.",
}


def table(summary: Summary, operation: str) -> Table:
    """A row for each implementation, a column for each dtype."""
    found = _grid(operation)
    found.add_column("agree/judged worst", header_style="dim", no_wrap=True, min_width=18)
    for dtype in summary.dtypes:
        found.add_column(dtype, no_wrap=True, min_width=13, header_style="dim")
    for implementation in summary.implementations(operation):
        subject = implementation in summary.run.subjects
        cells = [summary.cells.get((operation, implementation, dtype)) for dtype in summary.dtypes]
        name = Text(implementation, style="bold" if subject else "")
        found.add_row(name, *(_cell(row, subject) for row in cells))
    return found


def _grid(title: str) -> Table:
    return Table(
        title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )


def _cell(row: Row | None, subject: bool) -> Text:
    """``196/200 0.53``: agreeing of judged and the worst error/budget; below it what does not agree."""
    if row is None:
        return Text("")
    if not row.scenarios:
        return Text("skipped", style="dim")
    marks = remarkable(row)
    style = ("red" if subject else "yellow") if row.fails else "green"
    lines = [Text(f"{agreeing(row)}/{row.scenarios} {short(row.worst.budget_ratio, 2)}", style=style)]
    lines += [
        mark(verdict, subject).append(f"{number} {_ABRIDGED.get(verdict, verdict)}")
        for verdict, number in marks
    ]
    return Text("\n").join(lines)


def mark(verdict: Verdict, subject: bool) -> Text:
    """``✗`` where a subject fails, ``!`` where another does, else ``~``."""
    if not verdict.fails:
        return Text("~", style="cyan")
    return Text("✗", style="red") if subject else Text("!", style="yellow")


def totals(summary: Summary) -> Table:
    """How often each implementation got each verdict."""
    found = _grid("all verdicts")
    found.add_column("", no_wrap=True)
    shown = summary.verdicts
    for verdict in shown:
        found.add_column(
            _HEADERS.get(verdict, verdict.value), justify="right", header_style="dim", no_wrap=True
        )
    for implementation in summary.implementations():
        total = summary.totals(implementation)
        subject = implementation in summary.run.subjects
        bad = "red" if subject else "yellow"
        numbers = [
            Text(
                f"{total[verdict]:,}" if total[verdict] else "·",
                style=bad if verdict.fails and total[verdict] else "",
            )
            for verdict in shown
        ]
        found.add_row(Text(implementation, style="bold" if subject else ""), *numbers)
    return found
