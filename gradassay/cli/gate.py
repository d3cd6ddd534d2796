"""``gradassay check``: the gate of CI."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit
from gradassay.cli.output import coloured, note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.vocabulary import Operation
    from gradassay.vocabulary.audit import Audit
    from reports.gate.breaches import Breach
    from reports.gate.holding import Holding
    from reports.gate.places import Scope

#: So many breaches are shown with everybody's vote; the others are of the same change, most often.
SHOWN = 20


@click.command(
    "check", short_help="The gate: hold comparison, witnesses and audit against the approved state."
)
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@options.implementations
@options.dtypes
@options.one_order
@options.approved
@click.option(
    "--audit/--no-audit",
    "audited",
    default=True,
    show_default=True,
    help="Also the quick audit: defects that are known have to be found.",
)
@options.jobs
@options.out
@options.json
def check_command(
    operations: tuple[str, ...],
    implementations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
    order: int | None,
    folder: str,
    audited: bool,
    jobs: int | None,
    out: str | None,
    json_to: str | None,
) -> int:
    """Compare with the seed and the examples of the approved state, replay its witnesses, and fail on any difference.

    Gradients of every implementation, and the pullbacks' own gradients of our rules: softmax, and grad(softmax). OP and
    the options narrow it to a part of the state. What is new, worse, changed, stale, renamed, vanished or
    unlisted is a breach, each named with its witness, everybody's vote, the file to edit and the command to accept it.
    """
    from gradassay.cli.fitting import measured
    from gradassay.cli.gone import fresh, gone, of_nothing
    from gradassay.cli.measuring import outcome
    from gradassay.cli.saving import Destination
    from gradassay.cli.state import read
    from reports.gate.holding import held
    from reports.gate.places import Scope
    from reports.gate.text import document, failed, text

    options.point_to_the_second_order(order, operations)
    state = read(Path(folder))
    destination = Destination(out, json_to)
    lost = gone(operations, state)
    there = tuple(name for name in operations if name not in lost)
    asked = (*there, *fresh(state)) if lost else there
    scope = Scope((*lost, *asked) or None, implementations, dtypes, order)
    part = replace(scope, operations=asked or None)
    run = of_nothing(state) if lost and not asked else measured(state, asked, part, jobs)
    destination.save(run)
    done = outcome(run)
    if done is Exit.INTERRUPTED or (done is Exit.NOTHING and not lost):
        note(
            "interrupted: nothing was held against the approved state"
            if done is Exit.INTERRUPTED
            else "error: nothing was measured, so nothing was held"
        )
        return done
    holding = held(run, state, scope)
    holding = replace(holding, breaches=_voted(holding.breaches, jobs))
    of_rules = audited and _of_ours(implementations) and (there or not lost)
    audit = _audit(there, jobs) if of_rules else None
    unfinished = audit is not None and audit.interrupted
    audit = None if unfinished else audit
    told = text(run, holding, state, scope, audit, folder=folder, coloured=coloured())
    if destination.folder is not None:
        from gradassay.cli.saving import write_atomically

        write_atomically(destination.folder / "check.json", document(holding, scope, audit, folder))
    if destination.json_on_stdout:
        note(told)
    else:
        say(told)
    if os.environ.get("GITHUB_ACTIONS"):
        _annotate(holding, folder, scope, note if destination.json_on_stdout else say)
    if unfinished:
        note("interrupted: the audit was not finished")
        return Exit.INTERRUPTED
    if failed(holding, audit):
        return Exit.FAILED
    return Exit.NOTHING if holding.nothing else Exit.FINE


def _of_ours(implementations: Sequence[str] | None) -> bool:
    from reports.gate.places import OURS

    return implementations is None or OURS in implementations


def _audit(operations: Sequence[str], jobs: int | None) -> Audit:
    from gradassay.audit.auditing import audit
    from gradassay.cli.measuring import progress, sharing

    with ours_alone(), progress() as report:
        return audit(list(operations) or None, quick=True, jobs=sharing(jobs), progress=report)


def _voted(breaches: Sequence[Breach], jobs: int | None) -> tuple[Breach, ...]:
    """The breaches with what everybody does on their example, the first of them at least."""
    from gradassay.cli.measuring import progress, sharing
    from gradassay.engine import replayed
    from gradassay.replay.witnesses import witness_of
    from reports.gate.votes import said

    breaches = [_with_entry(breach) if i < SHOWN else breach for i, breach in enumerate(breaches)]
    wanted = {
        i: witness_of(breach.example.scenario, "")
        for i, breach in enumerate(breaches[:SHOWN])
        if breach.example is not None and not breach.votes
    }
    with ours_alone(), progress() as report:
        asked = {w.id: w for w in wanted.values()}
        votes = {w.id: w.votes for w in replayed(list(asked.values()), jobs=sharing(jobs), progress=report)}
    told = {
        i: tuple(f"{name}: {said(vote, name)}" for name, vote in votes.get(w.id, {}).items())
        for i, w in wanted.items()
    }
    return tuple(replace(breach, votes=told.get(i) or breach.votes) for i, breach in enumerate(breaches))


def _with_entry(breach: Breach) -> Breach:
    """The breach with what shows it, where that is no discrepancy; of a rule of ours with its worst entry."""
    from comparators.numpy_rules import RuleComparator
    from comparators.registry import NUMPY
    from gradassay.vocabulary import Example
    from gradassay.voting import worst_entry

    operation = _operation(breach)
    if breach.scenario is None or operation is None:
        return breach
    entry = None
    if breach.place.implementation == NUMPY:
        entry = worst_entry(breach.scenario, operation, RuleComparator(NUMPY, operation.rule))
    return replace(breach, entry=entry or Example(breach.scenario, "", None, None, None, None))


def _operation(breach: Breach) -> Operation | None:
    """The operation that it is of; None where that is gone."""
    from gradassay.catalogue import OPERATIONS
    from gradassay.orders import operation_of
    from gradassay.second_order import operation_named

    name = breach.place.operation
    return operation_named(name) if operation_of(name) in OPERATIONS else None


def _annotate(holding: Holding, folder: str, scope: Scope, tell: Callable[[str], None]) -> None:
    """Tell GitHub, which listens to both streams, of each breach: at its rule, or else at the file to edit."""
    from gradassay.cli.annotations import annotation, place_of_rule
    from reports.gate.holding import OF_THE_SUBJECTS
    from reports.gate.places import OURS

    for breach in holding.breaches:
        operation = _operation(breach)
        of_a_rule = breach.place.implementation in (OURS, OF_THE_SUBJECTS)
        where = place_of_rule(operation.rule) if of_a_rule and operation is not None else None
        file, line = where or (f"{folder}/{breach.file}", breach.line)
        tell(annotation(file, line, f"gradassay {breach.kind}", breach.sentence(folder, scope)))
