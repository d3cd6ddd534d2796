"""``gradassay audit``: the checkers judged by defects that are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit
from gradassay.cli.names import Names
from gradassay.cli.output import coloured, note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.vocabulary.audit import Audit, Sensitivity


def _rivals() -> Iterable[str]:
    from gradassay.audit.rivals import names

    return names()


@click.command("audit", short_help="The kill rate: known defects and correct rules before every checker.")
@click.argument("operations", metavar="[OP]...", nargs=-1, shell_complete=options.complete_operation)
@click.option("--quick", is_flag=True, help="Ours alone, up to the first failing scenario of each defect.")
@click.option(
    "--rivals",
    type=Names(_rivals),
    help="Only these of the other checkers (default: all installed).",
)
@click.option(
    "--alarms",
    type=click.IntRange(min=1),
    metavar="N",
    help="Scenarios on which our correct rules must not fail (default: 100,800; quick: 4,200).",
)
@click.option(
    "--borrowed",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="How many of our scenarios the other checkers are given for each operation.",
)
@click.option(
    "--frameworks", is_flag=True, help="Also hold the frameworks' failing scenarios against what is proven."
)
@click.option(
    "--sensitivity", is_flag=True, help="Also measure the smallest planted error that is found; takes long."
)
@click.option(
    "--batches",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="For --sensitivity: so many times 100 scenarios for each operation and dtype.",
)
@options.approved
@options.examples(100)
@options.seed(0)
@options.jobs
@click.option(
    "--out",
    metavar="DIR",
    callback=options.not_empty,
    help="Save audit.json, audit.md and sensitivity.svg there.",
)
@options.json
def audit_command(
    operations: tuple[str, ...],
    quick: bool,
    rivals: tuple[str, ...] | None,
    alarms: int | None,
    borrowed: int,
    frameworks: bool,
    sensitivity: bool,
    batches: int,
    folder: str,
    examples: int,
    seed: int,
    jobs: int | None,
    out: str | None,
    json_to: str | None,
) -> int:
    """Judge the checkers: defects that they have to find, and correct rules that they have to accept.

    Fails where a defect survives Gradassay, or where Gradassay rejects a correct rule.
    """
    from gradassay.audit.auditing import audit
    from gradassay.cli.measuring import measure, progress, sharing
    from gradassay.cli.saving import Destination
    from reports.audit_frameworks import frameworks as compared
    from reports.audit_summary import AuditSummary
    from reports.audit_text import text
    from reports.gate import expected_toml
    from reports.gate.breaches import File

    destination = Destination(out, json_to)
    expectations = expected_toml.read(Path(folder) / File.EXPECTED) if frameworks else None
    shared = sharing(jobs)
    curves = None
    with ours_alone(), progress() as report:
        found = audit(
            list(operations) or None,
            rivals=rivals,
            quick=quick,
            alarms=alarms,
            borrowed=borrowed,
            examples=examples,
            seed=seed,
            jobs=shared,
            progress=report,
        )
        if sensitivity and not found.interrupted:
            from gradassay.audit.sensitivity import sensitivity as measured

            curves = measured(
                list(operations) or None, batches=batches, seed=seed, jobs=shared, progress=report
            )
    if expectations is not None and not found.interrupted:
        run = measure(operations, examples=examples, seed=seed, jobs=shared)
        found = replace(found, frameworks=compared(run, expectations), interrupted=run.interrupted)
    document = _document(found, curves)
    destination.write_json(document)
    if destination.folder is not None:
        _save(destination.folder, found, curves, document)
    if not destination.json_on_stdout:
        say(text(found, coloured=coloured()))
    elif found.interrupted:
        note("interrupted: the document holds what was found so far")
    if found.interrupted:
        return Exit.INTERRUPTED
    return Exit.FINE if AuditSummary(found).ok else Exit.FAILED


def _document(found: Audit, curves: Sensitivity | None) -> str:
    parts = {"schema": 1, **asdict(found), "sensitivity": None if curves is None else asdict(curves)}
    return json.dumps(parts, indent=1, allow_nan=False) + "\n"


def _save(folder: Path, found: Audit, curves: Sensitivity | None, document: str) -> None:
    from gradassay.cli.saving import write_atomically
    from reports.audit_page import page

    write_atomically(folder / "audit.json", document)
    write_atomically(folder / "audit.md", page(found, curves))
    if curves is not None:
        from reports.audit_plot import plot

        write_atomically(folder / "sensitivity.svg", plot(curves))
