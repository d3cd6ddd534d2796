"""Approved states made of made-up runs, and runs held against them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from gradassay.orders import pullback_name
from gradassay.replay.witnesses import merged, witness_of
from gradassay.vocabulary import Discrepancy, Run, Verdict, Witness
from property_tests.fake_runs import voted
from reports.gate.accuracy import Accuracy
from reports.gate.approval import approved
from reports.gate.breaches import Kind
from reports.gate.expectations import Expectations
from reports.gate.holding import Holding, State, held
from reports.gate.places import EVERYTHING, OURS, Place, Scope

NOTHING = State(Expectations(), Accuracy({}), {})
IMPRECISE = (Verdict.IMPRECISE, "stagnation", 3)
WRONG = (Verdict.WRONG, "sum term missing", 3)
CONVENTION = (Verdict.CONVENTION, "renormalised", 3)
TIE = (Verdict.SUBGRADIENT, "tie: split", 3)

#: Whatever a person, or an approval, may write between two quotes.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=12)
_FIRST = st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True)
_SECOND = _FIRST.map(pullback_name)
#: Names of operations and of their pullbacks.
OPERATIONS = _FIRST | _SECOND
_DTYPES = st.sampled_from(["float64", "float32", "bfloat16"])
#: Rows that the gate holds.
PLACES = st.builds(Place, _FIRST, WORDS, _DTYPES) | st.builds(Place, _SECOND, st.just(OURS), _DTYPES)


def state_of(what: Run, before: State = NOTHING, reason: str = "checked by hand", **how: Any) -> State:
    """``what`` approved, with everybody's vote on the witnesses that are new."""
    replayed = replace(what, replayed=what.replayed or voted(what, before.witnesses.values()))
    after = approved(
        replayed, before, reason, seed=0, examples=200, witness_of=_witness_of, merged=merged, **how
    )
    fresh = [w for name, w in after.witnesses.items() if name not in before.witnesses]
    votes = {w.id: merged(after.witnesses[w.id], w) for w in voted(what, fresh)}
    return replace(after, witnesses={**after.witnesses, **votes})


def _witness_of(found: Discrepancy) -> Witness:
    return witness_of(found.example.scenario, found.cause)


def checked(what: Run, state: State, scope: Scope = EVERYTHING) -> Holding:
    """``what`` held against ``state``, whose witnesses are replayed."""
    replayed = what.replayed or voted(what, state.witnesses.values())
    return held(replace(what, replayed=replayed), state, scope)


def kinds(what: Run, state: State, scope: Scope = EVERYTHING) -> list[Kind]:
    """What kinds of breaches there are."""
    return [breach.kind for breach in checked(what, state, scope).breaches]
