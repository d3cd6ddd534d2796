"""A run accepted: what was found in the scope becomes the state, and the rest stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradassay.errors import UsageError
from gradassay.vocabulary import Run, Verdict
from property_tests.fake_runs import realistic, row, run
from property_tests.fake_states import CONVENTION, IMPRECISE, NOTHING, TIE, WRONG, checked, state_of
from reports.gate.expectations import place_of
from reports.gate.holding import State
from reports.gate.places import Place, Scope


def test_whatever_differs_is_accepted_and_then_holds() -> None:
    before = state_of(realistic())
    for now in (
        run(row(found=[WRONG])),
        realistic(operations=("softmax", "relu")),
        run(row("tanh", "torch")),
    ):
        assert checked(now, before).breaches
        assert checked(now, state_of(now, before)).breaches == ()


def test_approving_twice_changes_nothing() -> None:
    once = state_of(realistic())
    again = state_of(realistic(), once, "for another reason")
    assert (again.expectations, again.accuracy) == (once.expectations, once.accuracy)
    assert {name: w.votes for name, w in again.witnesses.items()} == {
        name: w.votes for name, w in once.witnesses.items()
    }


def test_what_did_not_change_keeps_its_reason() -> None:
    before = state_of(run(row(found=[IMPRECISE])), reason="float16 stagnates")
    after = state_of(run(row(found=[IMPRECISE, CONVENTION])), before, "documented")
    assert {known.verdict: why for known, why in after.expectations.known.items()} == {
        Verdict.IMPRECISE: "float16 stagnates",
        Verdict.CONVENTION: "documented",
    }


def test_what_is_gone_goes_but_not_what_could_not_be_measured() -> None:
    before = state_of(run(row(found=[IMPRECISE]), row(implementation="jax", found=[WRONG])))
    after = state_of(run(row(), missing={"jax": "pip install it"}), before)
    assert {known.place.implementation for known in after.expectations.known} == {"jax"}
    assert after.expectations.measured == before.expectations.measured
    assert "jax" in next(iter(after.witnesses.values())).votes


def test_every_discrepancy_is_shown_by_a_witness_but_for_one_of_finite_differences() -> None:
    found = run(
        row(found=[TIE]), row("max", "torch", found=[WRONG]), row("exp", "finite_differences", found=[WRONG])
    )
    witnesses = state_of(found).witnesses.values()
    assert {w.scenario.operation for w in witnesses} == {"softmax", "max"}
    assert {w.shows for w in witnesses} == {TIE[1], WRONG[1]}


def test_a_discrepancy_that_a_stored_witness_shows_gets_no_other_one() -> None:
    before = state_of(run(row(found=[TIE])))
    moved = row(found=[TIE])
    (found,) = moved.discrepancies
    scenario = replace(found.example.scenario, cotangent=2 * found.example.scenario.cotangent)
    other = replace(moved, discrepancies=(replace(found, example=replace(found.example, scenario=scenario)),))
    replayed = tuple(before.witnesses.values())
    assert state_of(run(other, replayed=replayed), before).witnesses.keys() == before.witnesses.keys()
    assert len(state_of(run(other), before).witnesses) == 2, "nobody shows it any more"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_empty_reason_is_refused(reason: str) -> None:
    with pytest.raises(UsageError, match="--reason is empty"):
        state_of(run(row()), reason=reason)


def test_a_reason_that_no_file_can_hold_is_refused() -> None:
    """As a shell hands it on where it is written in Latin-1."""
    with pytest.raises(UsageError, match=r"--reason 'caf\\udce9' is no UTF-8"):
        state_of(run(row()), reason="caf\udce9")


SCOPES = {
    "operation": Scope(operations=("softmax",)),
    "implementation": Scope(implementations=("numpy",)),
    "dtype": Scope(dtypes=("float64",)),
}


def outside(state: State, scope: Scope) -> tuple[object, ...]:
    """All that a state has outside of ``scope``."""
    known = {k: why for k, why in state.expectations.known.items() if k.place not in scope}
    bounds = {p: bound for p, bound in state.accuracy.bounds.items() if p not in scope}
    votes = {
        (w.id, who): vote
        for w in state.witnesses.values()
        for who, vote in w.votes.items()
        if Place(w.scenario.operation, who, w.scenario.dtype) not in scope
    }
    return {p for p in state.expectations.measured if p not in scope}, known, bounds, votes


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
@pytest.mark.parametrize("narrowed", [True, False], ids=["a run of the scope", "a run of more"])
def test_what_is_outside_of_the_scope_neither_goes_nor_comes(scope: Scope, narrowed: bool) -> None:
    there = [
        row(operation, implementation, dtype, found=[TIE])
        for operation in ("softmax", "max")
        for implementation in ("numpy", "torch")
        for dtype in ("float64", "float32")
    ]
    before = state_of(run(*there))
    changed = [replace(row(*place_of(each), found=[WRONG]), typical=7.0) for each in there]
    now = run(
        *(each for each in changed if not narrowed or place_of(each) in scope), row("relu", "jax", "float16")
    )
    after = state_of(now, before, scope=scope)
    assert outside(after, scope) == outside(before, scope)
    inside = {known.place: known.verdict for known in after.expectations.known if known.place in scope}
    assert inside == {p: Verdict.WRONG for p in before.expectations.measured if p in scope}
    assert checked(run(*changed), after, scope).breaches == ()


def test_a_part_leaves_the_platform_of_the_whole_as_it_is() -> None:
    before = state_of(run(row(), environment={"torch": "2.4"}))
    now = run(row(), environment={"torch": "2.5"})
    scoped = state_of(now, before, scope=SCOPES["operation"])
    assert scoped.expectations.platform == {"torch": "2.4"}
    assert state_of(now, before).expectations.platform == {"torch": "2.5"}


def test_with_new_only_nothing_that_is_there_changes_or_goes() -> None:
    before = state_of(run(row(found=[IMPRECISE]), row("max", found=[TIE]), row("exp")))
    now = run(replace(row(found=[WRONG]), typical=7.0), row("max"), row("tanh", found=[TIE]))
    after = state_of(now, before, new_only=True)
    assert before.expectations.known.items() <= after.expectations.known.items()
    assert before.expectations.measured <= after.expectations.measured
    assert before.accuracy.bounds.items() <= after.accuracy.bounds.items()
    assert before.witnesses.items() <= after.witnesses.items()
    assert {
        (k.place.operation, k.verdict) for k in after.expectations.known.keys() - before.expectations.known
    } == {
        ("softmax", Verdict.WRONG),
        ("tanh", Verdict.SUBGRADIENT),
    }
    assert Place("tanh", "numpy", "float64") in after.accuracy.bounds


def test_a_witness_of_what_is_gone_goes_with_it() -> None:
    before = state_of(run(row(found=[TIE]), row("max", found=[TIE])))
    assert {w.scenario.operation for w in before.witnesses.values()} == {"softmax", "max"}
    after = state_of(run(row(found=[TIE])), before)
    assert {w.scenario.operation for w in after.witnesses.values()} == {"softmax"}


def test_a_first_approval_needs_nothing_to_begin_with() -> None:
    assert checked(realistic(), state_of(realistic(), NOTHING)).breaches == ()
    assert state_of(Run(()), NOTHING).expectations.measured == frozenset()
