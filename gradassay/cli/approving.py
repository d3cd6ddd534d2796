"""``gradassay approve``: the way to move the gate."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.vocabulary import Discrepancy, Run, Witness
    from reports.gate.expectations import Scope
    from reports.gate.holding import State


@click.command("approve", short_help="Accept the present state as the approved one.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why every new discrepancy is right, for the files."
)
@click.option("--new-only", is_flag=True, help="Add what is new, and leave what is approved as it is.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    callback=options.not_empty,
    help="The results.json of a check, from CI for one, in place of measuring here.",
)
@click.option(
    "--witnesses",
    "proposed",
    metavar="DIR",
    callback=options.not_empty,
    help="Also keep the witnesses of that folder, which gradassay explore proposed.",
)
@options.implementations
@options.dtypes
@options.approved
@options.examples(None)
@options.seed(None)
@options.jobs
def approve_command(
    operations: tuple[str, ...],
    reason: str,
    new_only: bool,
    source: str | None,
    proposed: str | None,
    implementations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
    folder: str,
    examples: int | None,
    seed: int | None,
    jobs: int | None,
) -> int:
    """Compare, and write what was found to the files that `gradassay check` holds runs against.

    OP and the options narrow it to a part, and the rest stays. Entries that did not change keep their reason. Seed and
    examples are those of the state unless given (at first 0 and 100).
    """
    from gradassay.cli.measuring import outcome
    from gradassay.cli.saving import Destination
    from gradassay.cli.state import changes, read_or_begin, write
    from gradassay.replay import witnesses
    from gradassay.replay.documents import run_of
    from reports.gate.approval import approved
    from reports.gate.expectations import Scope, given

    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        fail("approve is refused where CI is set: a person approves, on their own machine")
    given(reason)
    before = read_or_begin(Path(folder))
    kept = [] if proposed is None else list(witnesses.read(Path(proposed)))
    Destination(folder)
    scope = Scope(operations or None, implementations, dtypes)
    run = (
        run_of(Path(source), before.witnesses)
        if source is not None
        else _measured(before, scope, examples, seed, jobs)
    )
    seed, examples = _drawn(run, before, scope, new_only)
    done = outcome(run)
    if done in (Exit.INTERRUPTED, Exit.NOTHING):
        note(f"{folder} is unchanged: {'interrupted' if run.interrupted else 'nothing was measured'}")
        return done
    after = approved(
        run,
        before,
        reason,
        seed=seed,
        examples=examples,
        witness_of=_witness_of,
        merged=witnesses.merged,
        scope=scope,
        new_only=new_only,
    )
    after = replace(after, witnesses={**{w.id: w for w in kept}, **after.witnesses})
    if source is None:
        after = _voted(after, before, jobs)
    write(Path(folder), after)
    say("\n".join((*changes(before, after), _summary(before, after, folder))))
    return Exit.FINE


def _measured(before: State, scope: Scope, examples: int | None, seed: int | None, jobs: int | None) -> Run:
    from gradassay.catalogue import OPERATIONS
    from gradassay.cli.measuring import measure

    return measure(
        list(scope.operations or ()),
        implementations=_list(scope.implementations),
        dtypes=_list(scope.dtypes),
        examples=before.expectations.examples if examples is None else examples,
        seed=before.expectations.seed if seed is None else seed,
        jobs=jobs,
        witnesses=[w for w in before.witnesses.values() if w.scenario.operation in OPERATIONS],
    )


def _list(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _drawn(run: Run, before: State, scope: Scope, new_only: bool) -> tuple[int, int]:
    """Seed and number of examples of ``run``; UsageError where a part would have others than the rest."""
    drawn = tuple(run.environment.get(name) for name in ("seed", "examples"))
    known = (before.expectations.seed, before.expectations.examples)
    if not all(isinstance(number, int) for number in drawn):
        fail(
            "the run does not say with which seed and how many examples it was made; run gradassay check --out DIR"
        )
    if drawn != known and before.expectations.measured and not (scope.whole and not new_only):
        given = "seed {}, {} examples".format(*drawn)
        fail(
            f"the run has {given}, and the approved state seed {known[0]}, {known[1]} examples; use the same"
        )
    return int(drawn[0] or 0), int(drawn[1] or 0)


def _witness_of(found: Discrepancy) -> Witness | None:
    """The example as a witness, unless it is too large for one."""
    from gradassay.replay.witnesses import small_enough, witness_of

    scenario = found.example.scenario
    return witness_of(scenario, found.cause or str(found.verdict)) if small_enough(scenario) else None


def _voted(after: State, before: State, jobs: int | None) -> State:
    """The witnesses that are new, with everybody's vote."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.cli.measuring import progress, sharing
    from gradassay.engine import replayed
    from gradassay.replay.witnesses import merged

    fresh = [
        witness
        for name, witness in after.witnesses.items()
        if name not in before.witnesses and witness.scenario.operation in OPERATIONS
    ]
    with ours_alone(), progress() as report:
        votes = replayed(fresh, jobs=sharing(jobs), progress=report)
    voted = {witness.id: merged(after.witnesses[witness.id], witness) for witness in votes}
    return replace(after, witnesses={**after.witnesses, **voted})


def _summary(before: State, after: State, folder: str) -> str:
    then, now = before.expectations.known, after.expectations.known
    added, gone = len(now.keys() - then.keys()), len(then.keys() - now.keys())
    kept = len(now) - added
    rows, witnesses = len(after.expectations.measured), len(after.witnesses)
    return (
        f"{folder}: {added} added, {gone} removed, {kept} unchanged; {rows} rows, "
        f"{len(after.accuracy.bounds)} bounds, {witnesses} witnesses"
    )
