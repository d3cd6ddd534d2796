"""A run accepted: the approved state that it makes of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gradassay.vocabulary import Discrepancy, Run, Vote, Witness
from reports.gate import accuracy, expectations
from reports.gate.expectations import absent, gated, place_of, within
from reports.gate.holding import OF_THE_SUBJECTS, State
from reports.gate.places import EVERYTHING, Known, Place, Scope


def approved(
    run: Run,
    before: State,
    reason: str,
    *,
    seed: int,
    examples: int,
    witness_of: Callable[[Discrepancy], Witness | None],
    merged: Callable[[Witness, Witness], Witness],
    scope: Scope = EVERYTHING,
    new_only: bool = False,
) -> State:
    """What was found in ``scope`` becomes the state, and the rest stays; with ``new_only`` all that is there stays.

    Every discrepancy is shown by a witness: its example becomes one (``witness_of``; None where it is too large) unless
    there is one. The votes of those that were replayed are those of now (``merged``).
    """
    run = within(run, scope)
    known = expectations.approve(
        run, before.expectations, reason, seed=seed, examples=examples, scope=scope, new_only=new_only
    )
    bounds = accuracy.approve(run, before.accuracy, reason, scope=scope, new_only=new_only)
    witnesses = dict(before.witnesses)
    if not new_only:
        witnesses |= {w.id: merged(witnesses[w.id], w) for w in run.replayed if w.id in witnesses}
        witnesses = {name: w for name, w in witnesses.items() if not _lost(w, run, scope)}
    for witness in _examples(run, witnesses.values(), witness_of):
        witnesses.setdefault(witness.id, witness)
    return replace(before, expectations=known, accuracy=bounds, witnesses=witnesses)


def _examples(
    run: Run, stored: Iterable[Witness], witness_of: Callable[[Discrepancy], Witness | None]
) -> Iterator[Witness]:
    """The examples of discrepancies that no stored witness shows, with the vote of who shows them.

    None of finite differences, who judge a rule and have no vote.
    """
    shown = {
        Known(Place(w.scenario.operation, who, w.scenario.dtype), vote.verdict, vote.cause)
        for w in stored
        for who, vote in w.votes.items()
    }
    for row in run.rows:
        for each in row.discrepancies if row.implementation != OF_THE_SUBJECTS else ():
            alone = Known(place_of(row), each.verdict, each.found or each.cause)
            if gated(each.verdict) and alone not in shown:
                witness = witness_of(each)
                if witness is not None:
                    yield replace(witness, votes={row.implementation: Vote(each.verdict, alone.cause)})


def _lost(witness: Witness, run: Run, scope: Scope) -> bool:
    """Whether the operation of a witness is in scope and nothing of it is measured any more."""
    operation, dtype = witness.scenario.operation, witness.scenario.dtype
    asked = [Place(operation, name, dtype) for name in witness.votes]
    if not any(place in scope and not absent(run, place) for place in asked):
        return False
    return all(row.operation != operation for row in run.rows)
