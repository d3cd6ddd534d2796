"""``gradassay explore``: searches for scenarios that are worth keeping, and proposes them as witnesses."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import fail
from gradassay.cli.output import note, ours_alone, say, style

if TYPE_CHECKING:
    from gradassay.cli.saving import Destination
    from gradassay.exploring import Exploration, Proposal
    from gradassay.vocabulary import Discrepancy, Row, Run
    from reports.gate.expectations import Expectations

#: Searched where neither minutes nor examples are given.
MINUTES = 1.0
#: The folder of proposals, in ``--out`` or beside the last run.
PROPOSED = "proposed"


@click.command("explore", short_help="Search for large errors and new verdicts, and propose witnesses.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@click.option(
    "--minutes",
    type=float,
    metavar="M",
    help=f"Time for all of it, shared out evenly (default: {MINUTES:g}); a fraction is fine.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    metavar="N",
    help="So many scenarios for each operation and dtype in place of a time; the same seed proposes the same then.",
)
@options.implementations
@options.dtypes
@options.seed(0, "The same seed looks at the same scenarios, as far as the time allows.")
@options.approved
@click.option(
    "--out",
    metavar="DIR",
    callback=options.not_empty,
    help=f"Save {PROPOSED}/ and results.json there (default: {PROPOSED}/ in the user's cache).",
)
@options.json
def explore_command(
    operations: tuple[str, ...],
    minutes: float | None,
    examples: int | None,
    implementations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
    seed: int,
    folder: str,
    out: str | None,
    json_to: str | None,
) -> int:
    """Aim for the largest errors of numpy (or of --implementations) on OP, and for verdicts that nobody approved.

    What is found is shrunk and proposed as witnesses; gradassay approve --witnesses keeps them. Exit code 1 where
    numpy fails.

    \b
    gradassay explore --minutes 10
    gradassay explore softmax --examples 1000 --dtypes float32 --implementations numpy,torch --out out
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.measuring import outcome, progress
    from gradassay.cli.saving import Destination
    from gradassay.cli.state import read_or_begin
    from gradassay.exploring import explore
    from gradassay.replay import witnesses
    from gradassay.replay.remembered import last_run, remember

    if minutes is not None and examples is not None:
        fail(f"--minutes {minutes:g} and --examples {examples}: give one of the two")
    destination = Destination(out, json_to)
    proposed = (last_run().parent if destination.folder is None else destination.folder) / PROPOSED
    state = read_or_begin(Path(folder))
    with ours_alone(), progress() as report:
        found = explore(
            operations or None,
            implementations=implementations or ("numpy",),
            dtypes=dtypes,
            minutes=MINUTES if minutes is None and examples is None else minutes,
            examples=examples,
            seed=seed,
            witnesses=list(state.witnesses.values()),
            new=lambda row, discrepancy: _is_new(row, discrepancy, state.expectations),
            progress=report,
        )
    remember(found.run)
    witnesses.write(proposed, found.run.replayed)
    _save(found.run, destination)
    if not destination.json_on_stdout:
        say(_report(found, proposed))
    if found.run.interrupted:
        note("interrupted: what was found so far is proposed, without being shrunk to the end")
    return outcome(found.run)


def _is_new(row: Row, found: Discrepancy, expectations: Expectations) -> bool:
    from reports.gate.expectations import gated, place_of
    from reports.gate.places import Known

    return gated(found.verdict) and Known(place_of(row), found.verdict, found.cause) not in expectations.known


def _save(run: Run, destination: Destination) -> None:
    """The run as results.json alone: its scenarios are no sample, which report and ledger would take them for."""
    from gradassay.cli.saving import write_atomically
    from reports.results_json import JsonReporter

    stream = io.StringIO()
    JsonReporter().write(run, stream)
    if destination.folder is not None:
        write_atomically(destination.folder / JsonReporter.filename, stream.getvalue())
    destination.write_json(stream.getvalue())


def _report(found: Exploration, proposed: Path) -> str:
    from reports.numbers import count

    run = found.run
    lines = [f"{name}: not explored: {reason}" for name, reason in run.missing.items()]
    lines += _table(found.proposals)
    for row in run.failing:
        for discrepancy in row.discrepancies:
            if discrepancy.verdict.fails:
                failed = style(f"{row.implementation} FAILS", fg="red", bold=True)
                lines += [f"{failed}: {discrepancy.message}", f"    {discrepancy.reproduce}"]
    number = count(len(run.replayed), "witness", "witnesses")
    judged = count(sum(row.scenarios for row in run.rows), "judged scenario")
    if not run.replayed:
        return "\n".join([*lines, f"nothing to propose from {judged}"])
    keep = style(f"gradassay approve --witnesses {proposed} --reason TEXT", bold=True)
    return "\n".join([*lines, f"{number} proposed from {judged}; keep them with: {keep}"])


def _table(proposals: Sequence[Proposal]) -> list[str]:
    if not proposals:
        return []
    head = ("witness", "operation", "dtype", "who", "what", "drawn", "found", "verdict", "entries")
    rows = [head, *map(_cells, proposals)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in rows]
    return [style(lines[0], bold=True), *lines[1:], ""]


def _cells(proposal: Proposal) -> tuple[str, ...]:
    from gradassay.exploring.cell import VERDICT
    from reports.numbers import short

    scenario, largest = proposal.witness.scenario, proposal.aim != VERDICT
    told = f"{proposal.verdict}: {proposal.cause}" if proposal.cause else str(proposal.verdict)
    return (
        proposal.witness.id,
        scenario.operation,
        scenario.dtype,
        proposal.implementation,
        proposal.aim,
        short(proposal.before) if largest else "",
        short(proposal.found) if largest else "",
        told,
        str(sum(x.size for x in scenario.args)),
    )
