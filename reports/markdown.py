"""The report as Markdown, for a job summary: the same as on a terminal, with every discrepancy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from gradassay.vocabulary import Row, Run
from reports.edges import edge_line
from reports.marking import bullets, code, escape, table
from reports.numbers import short
from reports.showing import reasons, show_entry, show_scenario
from reports.summary import Group, Summary, agreeing, remarkable


class MarkdownReporter:
    """GitHub's dialect: tables and folded details."""

    name = "markdown"
    filename = "report.md"

    def write(self, run: Run, stream: TextIO) -> None:
        """Write the report of ``run``."""
        stream.writelines(f"{line}\n" for line in _lines(Summary(run)))


def _lines(summary: Summary) -> Iterator[str]:
    run = summary.run
    yield f"# Gradassay: {summary.word.lower()}"
    yield ""
    yield f"{summary.headline[:1].upper()}{summary.headline[1:]}."
    yield ""
    if run.interrupted:
        yield "**Interrupted:** this is what was found so far."
        yield ""
    yield from bullets(f"**Note:** {escape(note)}" for note in run.notes)
    yield "A cell says how many of the judged scenarios agree, the worst error in units of the budget,"
    yield "and what does not agree."
    yield ""
    for operation in summary.operations:
        yield f"### {escape(operation)}"
        yield ""
        rows = [
            [code(name), *(_cell(summary.cells.get((operation, name, dtype))) for dtype in summary.dtypes)]
            for name in summary.implementations(operation)
        ]
        yield from table(["", *summary.dtypes], rows)
    yield from _edges(run)
    yield from _groups("Failures", summary.failures)
    yield from _groups("Findings on the others", summary.findings)
    yield from _groups("Conventions and the like", summary.remarks)
    if summary.skipped:
        yield "## Skipped"
        yield ""
        yield from bullets(
            f"{escape(reason)}: {', '.join(f'{code(name)} {number:,}' for name, number in who.items())}"
            for reason, who in summary.skipped.items()
        )
    if run.missing:
        yield "## Not installed, so not compared"
        yield ""
        yield from bullets(f"{code(name)}: {escape(remedy)}" for name, remedy in sorted(run.missing.items()))
    if summary.regions:
        yield "## Scenarios a region"
        yield ""
        yield ", ".join(f"{escape(name)} {number:,}" for name, number in summary.regions.items())
        yield ""
    yield "## Environment"
    yield ""
    yield ", ".join(
        f"{name} {code(str(value))}" for name, value in run.environment.items() if value is not None
    )


def _edges(run: Run) -> Iterator[str]:
    """A table with a line for each edge: what truth and each implementation return there."""
    if not run.edges:
        return
    yield "## At the edges"
    yield ""
    yield "Primal → gradient in float64, truth first; whoever returns the same stands together."
    yield ""
    yield from table(
        ["operation", "region", "where", "given", "truth", "returned"],
        [
            [
                code(line.operation),
                escape(line.region),
                escape(line.title),
                code(line.given),
                code(line.truth),
                "<br>".join(
                    f"{', '.join(map(code, who))}: {escape(answer)}" for answer, who in line.said.items()
                ),
            ]
            for line in map(edge_line, run.edges)
        ],
    )


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if not row.scenarios:
        return "skipped"
    sign = "❌ " if row.fails else ""
    return "<br>".join(
        [
            f"{sign}{agreeing(row)}/{row.scenarios} · {short(row.worst.budget_ratio, 2)}",
            *(f"{number} {verdict}" for verdict, number in remarkable(row)),
        ]
    )


def _groups(title: str, groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        return
    yield f"## {title}: {len(groups)}"
    yield ""
    for group in groups:
        cause = f": {escape(group.cause)}" if group.cause else ""
        yield f"<details><summary><b>{escape(group.implementation)} {escape(group.operation)}</b>"
        yield f"{group.verdict}{cause} ({group.dtypes})</summary>"
        yield ""
        yield escape(group.first.message)
        yield ""
        yield "```text"
        yield from (f"{name} = {value}" for name, value in show_scenario(group.first.example))
        entry = show_entry(group.first.example)
        if entry:
            yield f"at {entry}"
        yield "```"
        yield ""
        yield from bullets(map(escape, reasons(group.first)))
        if group.first.reproduce:
            yield "```text"
            yield group.first.reproduce
            yield "```"
        yield ""
        yield "</details>"
        yield ""
