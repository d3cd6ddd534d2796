"""``gradassay approve``: the way to move the gate."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.vocabulary import Discrepancy, Witness
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
@options.one_order
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
    order: int | None,
    folder: str,
    examples: int | None,
    seed: int | None,
    jobs: int | None,
) -> int:
    """Compare, and write what was found to the files that `gradassay check` holds runs against.

    OP and the options narrow it to a part, and the rest stays. Entries that did not change keep their reason. Seed and
    examples are those of the state unless given (at first 0 and 100).
    """
    from gradassay.cli.fitting import drawn, insist_on_all, insist_on_names, measured, places, still_there
    from gradassay.cli.gone import of_nothing
    from gradassay.cli.measuring import outcome
    from gradassay.cli.saving import Destination
    from gradassay.cli.state import contents, listing, read_or_begin, write
    from gradassay.cli.state_changes import changes, summary
    from gradassay.orders import operation_of
    from gradassay.replay import witnesses
    from gradassay.replay.documents import run_of
    from reports.gate.approval import approved
    from reports.gate.expectations import given, within
    from reports.gate.places import Scope

    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        fail("approve is refused where CI is set: a person approves, on their own machine")
    given(reason)
    found = contents(Path(folder))
    before = read_or_begin(Path(folder))
    kept = [] if proposed is None else list(witnesses.read(Path(proposed)))
    Destination(folder, option="--approved")
    scope = Scope(operations or None, implementations, dtypes, order)
    run = None if source is None else run_of(Path(source), before.witnesses)
    named = list(places(before, run))
    options.point_to_the_second_order(order, operations, also={operation_of(p.operation) for p in named})
    insist_on_names(scope, named)
    there = still_there(scope)
    if run is not None:
        run = within(run, scope)
        if not new_only and not run.interrupted:
            insist_on_all(run, before, scope, str(source))
    elif there is None:
        run = of_nothing(before)
    else:
        run = measured(before, there.operations or (), there, jobs, examples=examples, seed=seed)
    seed, examples = drawn(run, before, scope, new_only)
    done = outcome(run)
    if done is Exit.INTERRUPTED or (done is Exit.NOTHING and there == scope):
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
    after = _voted(after, before, jobs, elsewhere=source is not None)
    after = listing(after, before, scope, new_only)
    write(Path(folder), after, found)
    say("\n".join((*changes(before, after), summary(before, after, folder))))
    return Exit.FINE


def _witness_of(found: Discrepancy) -> Witness | None:
    """The example as a witness, unless it is too large for one."""
    from gradassay.replay.witnesses import small_enough, witness_of

    scenario = found.example.scenario
    return witness_of(scenario, found.cause or str(found.verdict)) if small_enough(scenario) else None


def _voted(after: State, before: State, jobs: int | None, *, elsewhere: bool) -> State:
    """The witnesses that are new, with the vote of all that are held; what a run from ``elsewhere`` saw stands."""
    from gradassay.cli.measuring import progress, sharing
    from gradassay.engine import replayed
    from gradassay.replay.witnesses import merged
    from gradassay.vocabulary import Run
    from reports.gate.expectations import within
    from reports.gate.places import EVERYTHING

    fresh = [witness for name, witness in after.witnesses.items() if name not in before.witnesses]
    with ours_alone(), progress() as report:
        votes = within(
            Run((), replayed=replayed(fresh, jobs=sharing(jobs), progress=report)), EVERYTHING
        ).replayed
    there = after.witnesses
    voted = {w.id: _standing(there[w.id], w) if elsewhere else merged(there[w.id], w) for w in votes}
    return replace(after, witnesses={**after.witnesses, **voted})


def _standing(there: Witness, here: Witness) -> Witness:
    """The votes taken here, but for those of who was seen to do something else in the run from elsewhere."""
    others = {
        who: vote
        for who, vote in there.votes.items()
        if who not in here.votes or not vote.alike(here.votes[who])
    }
    return replace(here, votes={**here.votes, **others})
